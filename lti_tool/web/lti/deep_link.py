"""POST /lti/deep-link: what was chosen in an LMS's picker goes back to the LMS, signed. The launch shows the choice."""

from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db
from lti_tool.language import _
from lti_tool.licenses import bindings, export_services
from lti_tool.licenses.export_services import Hosts
from lti_tool.lti import content_items
from lti_tool.lti.content_items import HOME, PAGES, Page
from lti_tool.lti.deep_linking import Asked
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.launches import Arrival
from lti_tool.lti.refusals import PickerExpired
from lti_tool.lti.tool_config import tool_at
from lti_tool.web import headers, languages, words
from lti_tool.web.access import PICKER, only
from lti_tool.web.lti.doors import door, once, settings

_CHOSEN = "page"


def choose(arrival: Arrival, now: datetime) -> str:
    """The page that a picker's request opens. It needs no visit, and so no cookie: its form holds what was asked."""
    assert arrival.picker is not None
    course = arrival.claims.context
    title = (course.title or course.label) if course else None
    asked = Asked(arrival.platform_id, arrival.claims.deployment_id, title, arrival.picker, _service(arrival))
    return _page(asked, now)


@only(PICKER)
def answer() -> ResponseReturnValue:
    """Sends the LMS what was chosen, or nothing. Raises PickerExpired, PlatformDisabled."""
    now = clock.now()
    asked = door().pickers.read(once("asked") or "", now=now)
    if languages.is_choice():
        return _page(asked, now)
    chosen = _chosen(asked)
    if not chosen and "cancel" not in request.form:
        return _page(asked, now, nothing_chosen=True), 422
    registered = door().registrations.of_id(db.session(), asked.platform_id, now=now)
    tool = tool_at(settings().public_url)
    items = content_items.items(tool, chosen, as_launches=asked.picker.takes_launches)
    claims = content_items.answer(asked, registered, items, now=now)
    headers.lets_forms_go_to(asked.picker.return_url)
    return render_template(
        "lti/deep_link_answer.html",
        return_url=asked.picker.return_url,
        jwt=open_keyring(settings().keys_dir).sign(claims, now),
        titles=words.listed([_(page.title) for page in chosen]) if chosen else "",
    )


def _page(asked: Asked, now: datetime, *, nothing_chosen: bool = False) -> str:
    return render_template(
        "lti/deep_link.html",
        asked=asked,
        signed=door().pickers.sign(asked, now=now),
        pages=_offered(asked),
        home=HOME,
        nothing_chosen=nothing_chosen,
    )


def _service(arrival: Arrival) -> str | None:
    """What the course's button to the exporting service says, if it has one."""
    license_id = bindings.license_in_force(db.session(), arrival.deployment_id, arrival.context_id)
    service = export_services.find(db.session(), license_id, Hosts.of(settings())) if license_id else None
    return service.label if service else None


def _offered(asked: Asked) -> tuple[Page, ...]:
    """A plain web link cannot say which page it is for: whoever follows it has not come by a launch."""
    if asked.picker.takes_launches:
        return (*PAGES, content_items.export_page(asked.service)) if asked.service else PAGES
    return (HOME,) if asked.picker.takes_anything else ()


def _chosen(asked: Asked) -> list[Page]:
    """What the form names, in our order. Raises PickerExpired for what its page did not offer."""
    names = [] if "cancel" in request.form else request.form.getlist(_CHOSEN)
    chosen = [page for page in _offered(asked) if page.name in names]
    if len(chosen) != len(names) or (len(chosen) > 1 and not asked.picker.accept_multiple):
        raise PickerExpired()
    return chosen
