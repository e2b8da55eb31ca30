"""Names and Role Provisioning Services 2.0: the whole roster of a course, or an error; never a part of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from lti_tool.language import _
from lti_tool.lti.roles import Role, resolve, strongest
from lti_tool.lti.service_calls import Fault, Patience, ServiceFault
from lti_tool.lti.service_tokens import ServiceAccount, ServiceTokens
from lti_tool.outbound import MEGABYTE, Answer, Outbound

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_LONGEST_ID = 255
_LONGEST_NAME = 255
_GONE = {"inactive", "deleted"}
# Controls, line separators, overrides of the writing direction, and halves of characters, which JSON may carry.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class RosterMember(NamedTuple):
    """One person of a roster; `name` and `email` are None where the LMS keeps them back."""

    subject: str
    name: str | None
    email: str | None
    role: Role
    active: bool


@dataclass(frozen=True)
class Limits:
    """The largest roster that is read; beyond it is an error, never a part of it."""

    pages: int = 1_000
    members: int = 100_000
    page_bytes: int = 32 * MEGABYTE
    """Moodle sends a course in one page: room for tens of thousands of people, not for a flood."""


OnPage = Callable[[int, int], None]
"""Called after each page with the people and the pages read so far."""


class NamesRoles:
    """Reads rosters, one page after the other (Canvas throttles those who hurry)."""

    def __init__(self, outbound: Outbound, tokens: ServiceTokens, *, limits: Limits = Limits()) -> None:  # frozen
        self._limits = limits
        self._outbound = outbound
        self._tokens = tokens

    def read(
        self,
        account: ServiceAccount,
        url: str,
        *,
        patience: Patience,
        on_page: OnPage,
        own_roles: Mapping[str, Role] = MappingProxyType({}),
    ) -> list[RosterMember]:
        """All people of the course, each once. `url` is from a validated launch. Raises ServiceFault.

        `own_roles` are texts of the LMS's family beside the vocabulary (`Family.roles`).
        """
        rows: dict[str, RosterMember] = {}
        seen_urls: set[str] = set()
        seen_pages: set[int] = set()
        following: str | None = url
        while following is not None:
            if following in seen_urls:
                raise ServiceFault(Fault.LOOP, _("The LMS’s pages of the roster lead back to an earlier one."))
            if len(seen_urls) == self._limits.pages:
                raise ServiceFault(Fault.LOOP, _("The roster has more than %(most)s pages.", most=self._limits.pages))
            seen_urls.add(following)
            answer = self._page(account, following, patience)
            subjects = _take(_members(answer), rows, own_roles)
            people = hash(tuple(subjects))
            if subjects and people in seen_pages:
                raise ServiceFault(Fault.LOOP, _("The LMS sent the same page of the roster under two addresses."))
            seen_pages.add(people)
            if len(rows) > self._limits.members:
                raise ServiceFault(
                    Fault.TOO_LARGE, _("The roster has more than %(most)s people.", most=f"{self._limits.members:,}")
                )
            on_page(len(rows), len(seen_urls))
            following = next_link(answer, first_url=url)
        return list(rows.values())

    def first_page(self, account: ServiceAccount, url: str, *, patience: Patience) -> tuple[int, bool]:
        """How many people the first page lists, and whether more follow: whether a roster can be read at all.

        Raises ServiceFault.
        """
        answer = self._page(account, url, patience)
        rows: dict[str, RosterMember] = {}
        _take(_members(answer), rows, {})
        return len(rows), next_link(answer, first_url=url) is not None

    def _page(self, account: ServiceAccount, url: str, patience: Patience) -> Answer:
        token = self._tokens.token(account, [SCOPE], patience=patience)
        answer = patience.call(lambda: self._get(url, token))
        if answer.status == 401:  # expired or withdrawn before its time: a fresh one settles which
            self._tokens.drop(account, [SCOPE], token)
            fresh = self._tokens.token(account, [SCOPE], patience=patience)
            answer = patience.call(lambda: self._get(url, fresh))
        if answer.status == 200:
            return answer
        codes = {401: Fault.TOKEN_REFUSED, 403: Fault.FORBIDDEN, 404: Fault.NOT_FOUND}
        raise ServiceFault(
            codes.get(answer.status, Fault.REFUSED),
            _("The LMS answered %(status)s to a page of the roster.", status=answer.status),
        )

    def _get(self, url: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE}
        return self._outbound.get(url, headers=headers, max_bytes=self._limits.page_bytes)


def _members(answer: Answer) -> list[Any]:
    try:
        container = answer.json()
    except (ValueError, RecursionError) as error:
        raise ServiceFault(Fault.INCOMPLETE, _("The LMS sent a page of the roster that cannot be read.")) from error
    members = container.get("members") if isinstance(container, dict) else None
    if not isinstance(members, list):
        raise ServiceFault(Fault.INCOMPLETE, _("The LMS sent a page without members."))
    return members


def _take(members: list[Any], rows: dict[str, RosterMember], own_roles: Mapping[str, Role]) -> list[str]:
    """Adds a page's people to `rows` and returns their subjects; whoever has no usable id cannot be known (R22).

    Of the roles only what they come to is kept: a hostile LMS could send megabytes of them for everybody.
    """
    subjects = []
    told, role = None, Role.NONE
    for member in members:
        if not isinstance(member, dict) or (subject := _subject(member.get("user_id"))) is None:
            continue
        subjects.append(subject)
        if (roles := member.get("roles")) != told:  # most are told the same as the one before
            told, role = roles, _role(roles, own_roles)
        new = RosterMember(subject, _name(member), _text(member.get("email")), role, _is_active(member))
        old = rows.get(subject)
        rows[subject] = new if old is None else _merged(old, new)
    return subjects


def _merged(old: RosterMember, new: RosterMember) -> RosterMember:
    # NRPS 2.0 #roles: one row with all roles; some send a row an enrolment. Roles of a past one count no more.
    telling = [row.role for row in (old, new) if row.active or not (old.active or new.active)]
    name, email = old.name or new.name, old.email or new.email
    return RosterMember(old.subject, name, email, strongest(telling), old.active or new.active)


def _subject(sent: object) -> str | None:
    if isinstance(sent, int) and not isinstance(sent, bool):  # against the specification, and seen
        sent = str(sent)
    if not isinstance(sent, str) or not 0 < len(sent) <= _LONGEST_ID or not sent.isprintable():
        return None
    return sent


def _role(sent: object, own_roles: Mapping[str, Role]) -> Role:
    listed = [sent] if isinstance(sent, str) else sent
    return (
        resolve((one for one in listed if isinstance(one, str)), own_roles) if isinstance(listed, list) else Role.NONE
    )


def _is_active(member: dict[str, Any]) -> bool:
    # NRPS 2.0 #membership-status: missing is Active. Absence is how most LMSs say that somebody left.
    status = member.get("status")
    return status == "Active" or not (isinstance(status, str) and status.rsplit("#")[-1].lower() in _GONE)


def _name(member: dict[str, Any]) -> str | None:
    whole = _text(member.get("name"))
    if whole:
        return whole
    parts = [_text(member.get(part)) for part in ("given_name", "family_name")]
    return " ".join(part for part in parts if part) or None


def _text(sent: object) -> str | None:
    """Plain text, or None where it is missing, empty or an unresolved variable.

    Unescaped once: Moodle escapes HTML here and nowhere else ("Tara &amp; Co").
    """
    if not isinstance(sent, str) or sent.startswith("$"):
        return None
    text = unescape(sent) if "&" in sent else sent
    if not text.isprintable():
        text = _NO_TEXT.sub(" ", text)
    return " ".join(text.split())[:_LONGEST_NAME] or None


_PARAMETER = r'\s*;\s*([^\s"=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?'
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER})*)")
_PARAMETERS = re.compile(_PARAMETER)


def next_link(answer: Answer, *, first_url: str) -> str | None:
    """The next page's address, letter by letter as it was sent (RFC 8288). Raises ServiceFault for another site's."""
    for link in _LINK.finditer(answer.headers.get("Link", "")):
        if "next" not in _rels(link[2]):
            continue
        target: str = link[1]
        try:
            following = target if urlsplit(target).scheme else urljoin(answer.url, target)
            is_ours = _origin(following) == _origin(first_url)
        except ValueError:
            is_ours = False
        if not is_ours:
            raise ServiceFault(Fault.FOREIGN_LINK, _("The LMS’s next page of the roster is on another site."))
        return following
    return None


def _rels(parameters: str) -> list[str]:
    for name, quoted, bare in _PARAMETERS.findall(parameters):
        if name.lower() == "rel":  # RFC 8288 3.3: the first counts, and may hold several
            return str(quoted or bare).lower().split()
    return []


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
