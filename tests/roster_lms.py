"""An LMS that serves access tokens and rosters over real HTTP, and goes wrong on demand.

with serving_roster() as lms:
    lms.members = [person("s-1", name="Ada")]
    lms.plant("page", Response(status=503))           # the next answer to a page, instead of the true one
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
from werkzeug.wrappers import Request, Response

from lti_tool.lti.names_roles import MEDIA_TYPE, SCOPE
from lti_tool.lti.service_calls import Patience
from lti_tool.lti.service_tokens import ServiceAccount
from lti_tool.lti.signing_keys import Keyring, SigningKey
from tests.demo_lms import running
from tests.factories import NOW
from tests.lti_platform import key

KEYRING = Keyring([SigningKey("tool-key", key("tool-key").private)])
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
Planted = Response | Callable[[Request], Response | None]


def person(subject: object, *, name: str | None = None, role: str = "Learner", **fields: object) -> dict[str, Any]:
    """A row of a roster; `fields` are added as they are."""
    row: dict[str, Any] = {"user_id": subject, "roles": [MEMBERSHIP + role]}
    return row | ({"name": name} if name else {}) | fields


@dataclass
class RosterLms:
    """What it serves, what it was asked, and the answers planted instead of true ones (a function may give none)."""

    url: str = ""
    client_id: str = "client-1"
    audience: str | None = None
    """What the assertion's `aud` must be; None is the token URL."""
    members: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 1_000
    token_life_s: int = 3_600
    forms: list[dict[str, str]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    """Query strings of the pages that were asked for."""
    headers: list[Mapping[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    scope: str | None = SCOPE
    """What token answers say was granted; None leaves it out."""
    checks_assertions: bool = True
    planted: defaultdict[str, deque[Planted]] = field(default_factory=lambda: defaultdict(deque))

    @property
    def token_url(self) -> str:
        return f"{self.url}/Token"

    @property
    def memberships_url(self) -> str:
        return f"{self.url}/CourseSection/Ab/memberships"

    @property
    def account(self) -> ServiceAccount:
        return ServiceAccount("platform-1", self.client_id, self.token_url, self.audience or self.token_url)

    def plant(self, where: str, *answers: Planted) -> None:
        """The next answers to "token" or "page", in this order."""
        self.planted[where].extend(answers)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        where = "token" if request.path == "/Token" else "page"
        answer = self._token(request) if where == "token" else self._page(request)
        if self.planted[where]:
            planted = self.planted[where].popleft()
            answer = planted if isinstance(planted, Response) else planted(request) or answer
        return answer(environ, start_response)

    def _token(self, request: Request) -> Response:
        form = request.form.to_dict()
        self.forms.append(form)
        self.headers.append(dict(request.headers))
        if self.checks_assertions:
            jwt.decode(
                form["client_assertion"],
                key("tool-key").private.public_key(),
                algorithms=["RS256"],
                issuer=self.client_id,
                audience=self.audience or self.token_url,
                options={
                    "require": ["iss", "sub", "aud", "iat", "exp", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        token = f"Token-{len(self.forms)}-{self.client_id}"
        self.tokens.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life_s}
        if self.scope is not None:
            body["scope"] = self.scope
        return Response(json.dumps(body), mimetype="text/html")  # as Moodle does

    def _page(self, request: Request) -> Response:
        self.pages.append(request.query_string.decode())
        self.headers.append(dict(request.headers))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Response('{"status":401}', status=401)
        if request.headers["Accept"] != MEDIA_TYPE:
            return Response("No handler found", status=400)
        start = int(parse_qs(request.query_string.decode()).get("Bookmark", ["At-0"])[0].removeprefix("At-"))
        end = start + self.page_size
        links = [f'<{self.memberships_url}>; rel="first"']
        if end < len(self.members):
            links.append(f'<{self.memberships_url}?Bookmark=At-{end}>; rel="next"')
        return roster_page(self.members[start:end], link=", ".join(links))


def roster_page(members: object, *, link: str = "") -> Response:
    """A page of a roster."""
    body = json.dumps({"id": "roster", "context": {"id": "c-1"}, "members": members})
    return Response(body, mimetype=MEDIA_TYPE, headers={"Link": link} if link else {})


class Clock:
    """A clock that only waiting moves; `waits` are the pauses that were made."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def sleep(self, pause_s: float) -> None:
        self.waits.append(pause_s)
        self.now += timedelta(seconds=pause_s)

    def patience(self) -> Patience:
        """As a piece of work begins with it."""
        return Patience(lambda: self.now, self.sleep)


@contextmanager
def serving_roster(**fields: Any) -> Iterator[RosterLms]:
    """The LMS on a free port."""
    lms = RosterLms(**fields)
    with running(lms) as url:
        lms.url = url
        yield lms
