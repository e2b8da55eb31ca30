"""GET /student/: what you have, what you used, what can still come, and if nothing can, why and who mends it (R14a)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, request

from lti_tool.db import db
from lti_tool.ledger import rules
from lti_tool.ledger.rules import Standing
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.lti.roles import Role
from lti_tool.members import sheets
from lti_tool.members.sheets import CourseView, Sheet
from lti_tool.settings import Resource, Settings
from lti_tool.web import access, hand_off, here, plain
from lti_tool.web.access import STUDENT, only
from lti_tool.web.picture import Picture, picture

PAGE = 20


@dataclass(frozen=True)
class Shown(Sheet):
    """A sheet as it is shown; `coming` is what can still come by itself, in units."""

    coming: int
    why_none: rules.Why | None
    picture: Picture


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/", "home", home)


@only(STUDENT)
def home() -> str:
    """The student's own sheet; to an observer, one for each child they mentor, to read."""
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
        teachers=views[0].teachers,
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
        why_none=_why_none(standing, resource, terms),
        picture=picture(
            resource.title,
            [("available", standing.available), ("held", standing.held), ("used", standing.used), ("coming", coming)],
        ),
    )


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
