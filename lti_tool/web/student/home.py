"""GET /student/: what you have, what you used, what can still come, and if nothing can, why and who mends it (R14a)."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, render_template, request
from sqlalchemy.orm import Session

from lti_tool.db import database_now, db, micros
from lti_tool.ledger import journal, policies, pools, rules
from lti_tool.ledger.holds import Hold
from lti_tool.ledger.rules import Standing
from lti_tool.ledger.transfers import Transfer
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members import reach
from lti_tool.settings import Resource, Settings
from lti_tool.web import access, hand_off, plain
from lti_tool.web.access import STUDENT, only
from lti_tool.web.picture import Picture, picture

PAGE = 20


@dataclass(frozen=True)
class Terms:
    """What the licence gives by itself: the maximum in force (0 is off) and what the pool has, in units."""

    maximum: int
    pool: int


@dataclass(frozen=True)
class Sheet:
    """One student's figures, in units, and what happened; `coming` is what can still come by itself."""

    member_id: str
    name: str
    standing: Standing
    is_frozen: bool
    coming: int
    why_none: rules.Why | None
    picture: Picture
    under_way: list[Hold]
    transfers: list[Transfer]
    actors: dict[str, str]
    older: int | None


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
    observes = visit.role is Role.OBSERVER
    own = (visit.member_id,) if visit.member_id else ()
    settings: Settings = current_app.extensions["creditroll"]
    resource = settings.resource
    session = db.session()
    now = database_now(session)
    terms = _terms(session, visit.license_id, resource, now=now)
    sheets = [
        sheet
        for member_id in (visit.mentored if observes else own)
        if (sheet := _sheet(session, visit.license_id, resource, member_id, terms, now=now))
    ]
    course = session.get(Context, visit.context_id)
    return render_template(
        "student/home.html",
        resource=resource,
        sheets=sheets,
        observes=observes,
        terms=terms,
        Why=rules.Why,
        teachers=reach.teachers(session, visit.license_id, visit.context_id),
        place=(course.title or course.label or "") if course else "",
        export=None if observes else hand_off.button(visit),
    )


def _terms(session: Session, license_id: str, resource: Resource, *, now: datetime) -> Terms:
    pool = {totals.resource: totals.pool for totals in pools.totals(session, license_id, now_us=micros(now))}
    return Terms(policies.current(session, license_id, resource.name).maximum, pool.get(resource.name, 0))


def _sheet(
    session: Session, license_id: str, resource: Resource, member_id: str, terms: Terms, *, now: datetime
) -> Sheet | None:
    found = journal.standing(session, license_id, resource.name, member_id, now=now)
    if found is None:
        return None
    standing, is_frozen = found
    transfers = journal.of_member(
        session, license_id, resource.name, member_id, before=_before(member_id), limit=PAGE + 1
    )
    acted = {transfer.actor_id for transfer in transfers if transfer.actor_id and transfer.actor_kind == "person"}
    coming = _coming(standing, resource, terms, is_frozen=is_frozen)
    return Sheet(
        member_id=member_id,
        name=reach.member_name(session, license_id, member_id),
        standing=standing,
        is_frozen=is_frozen,
        coming=coming,
        why_none=_why_none(standing, resource, terms),
        picture=picture(
            resource.title,
            [("available", standing.available), ("held", standing.held), ("used", standing.used), ("coming", coming)],
        ),
        under_way=journal.under_way(session, license_id, resource.name, member_id, now=now),
        transfers=transfers[:PAGE],
        actors=reach.person_names(session, acted),
        older=transfers[PAGE - 1].member_version if len(transfers) > PAGE else None,
    )


def _coming(standing: Standing, resource: Resource, terms: Terms, *, is_frozen: bool) -> int:
    """Whole bundles that maximum and pool still allow; to somebody who left comes nothing (R10, R11, R20)."""
    if is_frozen:
        return 0
    return rules.may_still_come(
        received=standing.received, maximum=terms.maximum, pool=terms.pool, bundle=resource.bundle
    )


def _why_none(standing: Standing, resource: Resource, terms: Terms) -> rules.Why | None:
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
