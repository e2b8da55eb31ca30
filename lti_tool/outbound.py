"""Every HTTP call we make: bounded in time and size, never to a private address, never a bearer through a redirect."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from lti_tool import deadline
from lti_tool.deadline import Deadline
from lti_tool.language import _

MEGABYTE = 1_000_000
_CONNECT_S, _READ_S, _WHOLE_S = 3.0, 10.0, 30.0
_CHUNK = 65_536
_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where `requests` looks for the file of certificates that the machine's operator trusts."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# It warns of each private address, and so does our error: a command, which sets up no logging, would say it twice.
logging.getLogger("requests_hardened").addHandler(logging.NullHandler())


class OutboundError(Exception):
    """A call that brought no answer; the message is one plain sentence that names the host and no secret."""


class Unreachable(OutboundError):
    """No connection, a broken one, or an address that cannot be called."""


class TimedOut(Unreachable):
    """The other side took longer than a call may last."""


class TooLarge(OutboundError):
    """The answer is larger than the caller takes; nothing of it is used."""


class PrivateAddress(OutboundError):
    """The host is on a private network and the operator did not name it in `allow_private_hosts`."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status; `headers` ignore case, `url` is where the answer came from."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """The body as JSON, whatever its content type says (Moodle sends tokens as text/html). Raises ValueError."""
        return json.loads(self.body)

    def retry_after_s(self, now: datetime) -> float | None:
        """Seconds that the other side asks us to wait (RFC 9110 10.2.3), in either of its forms; None if it doesn't."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            return float(text)
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # a year that no clock can show
            return None
        if until.tzinfo is None:  # "-0000": UTC of unknown zone (RFC 5322 3.3)
            until = until.replace(tzinfo=UTC)
        return max(0.0, (until - now).total_seconds())


class Outbound:
    """A caller with kept-alive connections, for any number of threads; hosts allowed by name cover any port.

    No call lasts longer than `within_s`, once the name of its host is resolved.
    """

    def __init__(self, allow_private_hosts: frozenset[str], *, within_s: float = _WHOLE_S) -> None:
        self._allowed = allow_private_hosts
        self._within_s = within_s
        self._guarded = _session(ip_filter=True)
        self._free = _session(ip_filter=False)

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = MEGABYTE, redirects: int = 0
    ) -> Answer:
        """GET, following at most `redirects` redirects. Raises OutboundError.

        A call with Authorization is never followed: the bearer is for the address that was asked (RFC 6750 5.3).
        """
        sent = dict(headers or {})
        answer = self._send("GET", url, sent, None, max_bytes)
        for _hop in range(0 if "Authorization" in sent else redirects):
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                break
            target = urljoin(answer.url, answer.headers["Location"])
            if answer.url.startswith("https:") and not target.startswith("https:"):
                raise Unreachable(_("%(host)s sent us on to an address without encryption.", host=_host(answer.url)))
            answer = self._send("GET", target, sent, None, max_bytes)
        return answer

    def post_form(
        self,
        url: str,
        fields: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MEGABYTE,
    ) -> Answer:
        """POST of a form, redirects not followed. Raises OutboundError."""
        return self._send("POST", url, dict(headers or {}), dict(fields), max_bytes)

    def post_json(
        self, url: str, document: object, *, headers: Mapping[str, str] | None = None, max_bytes: int = MEGABYTE
    ) -> Answer:
        """POST of a JSON document, redirects not followed. Raises OutboundError."""
        return self._send_json("POST", url, document, headers, max_bytes)

    def put_json(
        self, url: str, document: object, *, headers: Mapping[str, str] | None = None, max_bytes: int = MEGABYTE
    ) -> Answer:
        """PUT of a JSON document, redirects not followed. Raises OutboundError."""
        return self._send_json("PUT", url, document, headers, max_bytes)

    def call(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, max_bytes: int = MEGABYTE
    ) -> Answer:
        """A request as a library made it, redirects not followed. Raises OutboundError."""
        return self._send(method, url, dict(headers), body, max_bytes)

    def _send_json(
        self, method: str, url: str, document: object, headers: Mapping[str, str] | None, max_bytes: int
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self._send(method, url, sent, json.dumps(document).encode(), max_bytes)

    def _send(
        self, method: str, url: str, headers: dict[str, str], body: dict[str, str] | bytes | None, max_bytes: int
    ) -> Answer:
        host = _host(url)
        session = self._free if host in self._allowed else self._guarded
        call = Deadline(self._within_s)
        try:
            with (
                call,
                session.request(
                    method, url, headers=headers, data=body, stream=True, allow_redirects=False
                ) as response,
            ):
                content = _read(response, max_bytes)
                if call.is_over:  # what was cut may look complete
                    raise requests.ReadTimeout()
                return Answer(response.status_code, CaseInsensitiveDict(response.headers), content, url)
        except InvalidIPAddress as error:
            raise PrivateAddress(
                _(
                    "%(host)s is on a private network. If that is right, add it to CREDITROLL_ALLOW_PRIVATE_HOSTS.",
                    host=host,
                )
            ) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise TimedOut(_("%(host)s took too long to answer.", host=host)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            if call.is_over:
                raise TimedOut(_("%(host)s took too long to answer.", host=host)) from error
            raise Unreachable(_("%(host)s could not be reached, or broke off.", host=host)) from error


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise Unreachable(_("This is not an address that can be called.")) from error
    if parts.scheme not in ("http", "https") or not host:
        raise Unreachable(_("This is not an address that can be called."))
    return host


def _read(response: requests.Response, max_bytes: int) -> bytes:
    # read1 comes back with whatever has arrived: what is too large is known at once.
    read: Callable[..., bytes] = response.raw.read1
    content = bytearray()
    while chunk := read(_CHUNK, decode_content=True):
        content += chunk
        if len(content) > max_bytes:
            raise TooLarge(
                _("%(host)s sent more than %(most)s bytes.", host=_host(response.url), most=f"{max_bytes:,}")
            )
    return bytes(content)


def _session(*, ip_filter: bool) -> requests.Session:
    session: requests.Session = Manager(
        Config(
            ip_filter_enable=ip_filter,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(_CONNECT_S, _READ_S),
            user_agent_override=user_agent(),
        )
    ).get_session()
    deadline.obeys(session)
    session.auth = _as_it_is
    # What `requests` would find out by looking through the whole environment at each call.
    session.verify = next((os.environ[name] for name in _AUTHORITIES if os.environ.get(name)), True)
    session.trust_env = bool(getproxies())
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one customer's cookie is no other's
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from sending passwords that it finds in the machine's .netrc."""
    return request


@cache
def user_agent() -> str:
    """Who calls: some Moodle hosts refuse a request without it, and Canvas does."""
    try:
        return f"Creditroll/{version('creditroll')}"
    except PackageNotFoundError:  # a checkout that was not installed
        return "Creditroll"
