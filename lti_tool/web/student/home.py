"""GET /student/: what you have, what you used, what can still come, and if nothing can, why and who mends it (R14a).

Who has nothing, and gets nothing by themselves, asks for credits here, and reads the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.lists import format_list
from flask import Blueprint, current_app, render_template, request
from markupsafe import Markup

from lti_tool import clock, language
from lti_tool.db import db
from lti_tool.ledger import rules
from lti_tool.ledger.rules import Standing
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.lti.roles import Role
from lti_tool.members import requests, sheets
from lti_tool.members.sheets import CourseView, Sheet
from lti_tool.settings import Resource, Settings
from lti_tool.web import access, hand_off, here, plain
from lti_tool.web.access import STUDENT, only
from lti_tool.web.forms import Form
from lti_tool.web.picture import Picture, picture
from lti_tool.web.student.answers import Answer, answer_on

PAGE = 20


@dataclass(frozen=True)
class Shown(Sheet):
    """A sheet as it is shown; `coming` is what can still come by itself, in units.

    `is_new`: nothing was used or asked for yet; `may_ask`: there is something to ask for; `answer`: what came of it.
    """

    coming: int
    is_new: bool
    may_ask: bool
    answer: Answer | None
    why_none: rules.Why | None
    picture: Picture


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/", "home", home)


@only(STUDENT)
def home() -> str:
    """The student's own sheet; to an observer, one for each child they mentor, to read."""
    return page(Form({"reason": ""}))


def page(form: Form) -> str:
    """The page, with what was typed into its form, if it has one."""
    visit = access.visit()
    if visit.context_id is None:
        return plain.no_course()
    if visit.license_id is None:
        return plain.not_set_up()
    settings: Settings = current_app.extensions["creditroll"]
    observes, resource = visit.role is Role.OBSERVER, settings.resource
    mentored: Sequence[str | None] = visit.mentored or (None,)
    views = [
        _read(visit.license_id, resource, visit.context_id, member_id)
        for member_id in (mentored if observes else (visit.member_id,))
    ]
    shown = [_shown(view, view.sheet, resource) for view in views if view.sheet]
    here.is_named(shown[0].name if shown and visit.person_id else None, views[0].course)
    return render_template(
        "student/home.html",
        resource=resource,
        sheets=shown,
        observes=observes,
        terms=views[0],
        Why=rules.Why,
        form=form,
        just_asked="asked" in request.args,
        took_back="withdrawn" in request.args,
        teachers=_listed(views[0].teachers),
        place=views[0].place,
        export=None if observes else hand_off.button_to(_service(views[0], settings), visit),
    )


def _read(license_id: str, resource: Resource, context_id: str, member_id: str | None) -> CourseView:
    before = _before(member_id) if member_id else None
    return sheets.read(
        db.engine,
        license_id,
        resource.name,
        context_id=context_id,
        member_id=member_id,
        before=before,
        most=PAGE,
    )


def _shown(terms: CourseView, sheet: Sheet, resource: Resource) -> Shown:
    standing = sheet.standing
    coming = _coming(standing, resource, terms, is_frozen=sheet.is_frozen)
    return Shown(
        **vars(sheet),
        coming=coming,
        is_new=standing.used + standing.held == 0 and sheet.asked is None,
        may_ask=requests.may_ask(standing, coming=coming) and not sheet.is_frozen,
        answer=None if "before" in request.args else answer_on(sheet, now=clock.now()),
        why_none=_why_none(standing, resource, terms),
        picture=picture(
            resource.title,
            [("available", standing.available), ("held", standing.held), ("used", standing.used), ("coming", coming)],
        ),
    )


def _listed(names: Sequence[str]) -> Markup:
    """The teachers by name, one "or" another; empty where nobody is known yet."""
    marked = [str(Markup("<strong><bdi>{}</bdi></strong>").format(name)) for name in names]
    return Markup(format_list(marked, style="or", locale=language.locale()))  # noqa: S704 - each name was escaped


def _service(view: CourseView, settings: Settings) -> ExportService | None:
    return export_services.in_force(*view.service, hosts=Hosts.of(settings)) if view.service else None


def _coming(standing: Standing, resource: Resource, terms: CourseView, *, is_frozen: bool) -> int:
    """Whole bundles that maximum and pool still allow; to somebody who left comes nothing (R10, R11, R20)."""
    if is_frozen:
        return 0
    return rules.may_still_come(
        received=standing.received, maximum=terms.maximum, pool=terms.pool, bundle=resource.bundle
    )


def _why_none(standing: Standing, resource: Resource, terms: CourseView) -> rules.Why | None:
    return rules.bundles_due(
        1,
        available=0,
        received=standing.received,
        maximum=terms.maximum,
        pool=terms.pool,
        bundle=resource.bundle,
    ).why_none


def _before(member_id: str) -> int | None:
    """Where this member's list goes on (`?before=` with `?of=` where a page shows several children)."""
    text = request.args.get("before", "")
    mine = request.args.get("of", member_id) == member_id
    return int(text) if mine and text.isascii() and text.isdecimal() and len(text) < 16 else None
