"""The answer to a picker (LTI Deep Linking 2.0): links of ours as content items, in a message that the LMS checks."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lti_tool.language import N_, _
from lti_tool.lti.claims import CLAIM
from lti_tool.lti.deep_linking import Asked
from lti_tool.lti.registrations import Registered
from lti_tool.lti.tool_config import Tool

_DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_BACKDATED = timedelta(seconds=60)  # Moodle refuses an `iat` that is in the future by its own clock
_GOOD_FOR = timedelta(minutes=5)
_PAGE = "page"


@dataclass(frozen=True)
class Page:
    """What a link may open: the title that it gets in the course, and what is said of it to who chooses."""

    name: str
    title: str
    opens: str
    offered_as: str = ""
    """What the picker calls it, if not by its title."""
    has_own_window: bool = False
    """Whether the LMS is asked not to frame it."""


HOME = Page("credits", N_("Credits"), N_("You see the overview of the class. Each student sees their own credits."))
PAGES = (
    HOME,
    Page("members", N_("Manage Members"), N_("The list of the class, where you give credits.")),
    Page("settings", N_("Settings"), N_("How many credits a student gets automatically.")),
    Page("history", N_("History"), N_("Every movement of credits, newest first.")),
)
"""All of them, in the order in which they are offered. The first is for everybody."""


EXPORT = "export"


def export_page(label: str) -> Page:
    """The link that takes students straight to the licence's exporting service, whose button says `label`."""
    opens = N_("Takes each student straight to the service that exports. You see what they get.")
    # The service may refuse to be framed, as most do.
    return Page(EXPORT, label, opens, offered_as=_("Exporting service (%(label)s)", label=label), has_own_window=True)


def page_of(target_link_uri: str) -> str | None:
    """The name of the page that a launch asks for; None for home, and for what we do not know.

    It is in the query: LMSs keep an item's address, while the `custom` of one loses its capitals in Schoology.
    """
    asked = parse_qs(urlsplit(target_link_uri).query).get(_PAGE, [])
    known = {page.name for page in PAGES if page is not HOME} | {EXPORT}
    return asked[0] if len(asked) == 1 and asked[0] in known else None


def items(tool: Tool, pages: Sequence[Page], *, as_launches: bool) -> list[dict[str, Any]]:
    """The pages as content items: of the type that launches us, or as plain web links."""
    return [_launch(tool, page) if as_launches else _link(tool, page) for page in pages]


def _launch(tool: Tool, page: Page) -> dict[str, Any]:
    item = {
        "type": "ltiResourceLink",
        "title": _(page.title),
        "text": _(page.opens) if page is not HOME else _("How many credits you have, and how many you have used."),
        "url": tool.launch_url if page is HOME else f"{tool.launch_url}?{_PAGE}={page.name}",
        # Schoology sends a tool's own parameters on no link that was made this way, but those of the link.
        "custom": dict(tool.custom),
    }
    return item | {"window": {"targetName": "_blank"}} if page.has_own_window else item


def _link(tool: Tool, page: Page) -> dict[str, Any]:
    return {"type": "link", "title": _(page.title), "url": tool.launch_url}


def answer(
    asked: Asked, registered: Registered, content_items: Sequence[dict[str, Any]], *, now: datetime
) -> dict[str, Any]:
    """The claims of LtiDeepLinkingResponse; no items mean that nothing was chosen."""
    claims = {
        "iss": registered.client_id,
        "aud": registered.issuer,
        "iat": int((now - _BACKDATED).timestamp()),
        "exp": int((now + _GOOD_FOR).timestamp()),
        "nonce": secrets.token_urlsafe(24),
        f"{CLAIM}deployment_id": asked.deployment_id,
        f"{CLAIM}message_type": "LtiDeepLinkingResponse",
        f"{CLAIM}version": "1.3.0",
        f"{_DL}content_items": list(content_items),
    }
    if asked.picker.data is not None:
        claims[f"{_DL}data"] = asked.picker.data
    return claims
