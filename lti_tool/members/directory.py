"""What each member within reach has: searched, sorted and paged by the database, with all that a row shows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import distinct, exists, func, select
from sqlalchemy.orm import Session

from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person, pseudonym
from lti_tool.members.reach import Reach
from lti_tool.members.selection import RANKS, Part, Terms, Wish, selection, unsorted

PAGE = 50
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Row:
    """One member: figures in units, received = used + reserved + available."""

    member_id: str
    person_id: str
    name: str
    sort_name: str
    email: str | None
    subject: str
    role: Role
    is_marked: bool
    """Staff by a teacher's mark (R26)."""
    active: bool
    waiting: bool
    received: int
    used: int
    reserved: int
    available: int
    opened_at: datetime | None
    courses: tuple[str, ...] = ()
    namesakes: int = 1
    """How many within reach are called so, this one among them; counted for the page that shows it."""


def page(session: Session, within: Reach, terms: Terms, wish: Wish, *, total: int, now: datetime) -> list[Row]:
    """One page of the list of `total` members with everything that its rows show, in three statements."""
    before = (wish.page - 1) * PAGE
    size = max(0, min(PAGE, total - before))
    after = max(0, total - before - size)
    # From the end that is nearer: what lies in between has to be put in order, too.
    part = Part(limit=size, offset=min(before, after), from_end=after < before)
    found = session.execute(selection(within, terms, wish, part, now=now)).all()
    return _with_namesakes(session, within, _rows(session, within, wish, found))


def every(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Iterator[list[Row]]:
    """All that the list shows on all its pages, in its order, read as it is asked for; in `db.snapshot()`."""
    query = selection(within, terms, wish, now=now)
    for part in session.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        yield _rows(session, within, wish, part)


def whole(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> list[str]:
    """The ids of all whom the list shows on all its pages and who can be given something: the active ones; sorted."""
    if wish.show == "inactive":
        return []
    narrowed = replace(wish, show="active") if wish.show == "all" else wish
    ids = unsorted(within, terms, narrowed, now=now).subquery().c.member_id
    # As one text: thousands of rows take longer to come than to be found.
    found = session.scalar(select(func.aggregate_strings(ids, " ")))
    return sorted((found or "").split())


def picked(session: Session, within: Reach, terms: Terms, member_ids: Sequence[str], *, now: datetime) -> list[Row]:
    """These members, by name, as far as they are within reach and active."""
    by_name = Wish(sort="name")
    query = selection(within, terms, by_name, Part(members=member_ids), now=now)
    return _rows(session, within, by_name, session.execute(query).all())


def _rows(session: Session, within: Reach, wish: Wish, found: Sequence[Found[Any]]) -> list[Row]:
    """The members found, with their places in the courses within reach."""
    places: dict[str, list[Any]] = defaultdict(list)
    for place in session.execute(
        select(
            Enrollment.member_id,
            Enrollment.context_id,
            Enrollment.role,
            Enrollment.active,
            Enrollment.is_marked_staff,
            Enrollment.last_launch_at,
        )
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .where(Enrollment.member_id.in_([one.member_id for one in found]))
    ):
        places[place.member_id].append(place)
    return [_row(one, within, wish, places[one.member_id]) for one in found]


def _row(found: Found[Any], within: Reach, wish: Wish, places: list[Any]) -> Row:
    here = [place for place in places if place.context_id in within.only(wish.course).courses]
    staff = [Role(place.role) for place in here if Role(place.role).is_staff]
    courses = {place.context_id for place in places}
    return Row(
        member_id=found.member_id,
        person_id=found.person_id,
        name=found.name or pseudonym(found.person_id),
        sort_name=found.sort_name,
        email=found.email,
        subject=found.subject,
        role=max(staff, key=RANKS.index, default=Role.LEARNER),
        is_marked=bool(staff) and any(place.is_marked_staff for place in here),
        active=any(place.active for place in here),
        waiting=bool(found.waiting),
        received=found.received,
        used=found.used,
        reserved=int(found.reserved),
        available=int(found.available),
        opened_at=max((place.last_launch_at for place in here if place.last_launch_at), default=None),
        courses=tuple(title for key, title in within.courses.items() if key in courses),
    )


def namesakes(session: Session, within: Reach, sort_names: Collection[str]) -> dict[str, int]:
    """How many within reach have each of these names, as lists sort them."""
    found = session.execute(
        select(Member.sort_name, func.count(distinct(Member.id)))
        .join(Enrollment, Enrollment.member_id == Member.id)
        .where(Member.license_id == within.license_id, Member.sort_name.in_(sort_names))
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .group_by(Member.sort_name)
    )
    return dict(found.all())


def known_as(session: Session, within: Reach, member_ids: Collection[str]) -> list[str]:
    """What these members within reach are called, by name; where others are called so too, with their e-mail."""
    here = exists().where(Enrollment.member_id == Member.id, Enrollment.context_id.in_(within.courses))
    found = session.execute(
        select(Person.id, Person.name, Member.sort_name, Person.email, Person.subject)
        .join(Member, Member.person_id == Person.id)
        .where(Member.license_id == within.license_id, Member.id.in_(member_ids), here)
        .order_by(Member.sort_name, Member.id)
    ).all()
    called = namesakes(session, within, {one.sort_name for one in found})
    names = [one.name or pseudonym(one.id) for one in found]
    return [
        f"{name} ({one.email or one.subject})" if called[one.sort_name] > 1 else name
        for name, one in zip(names, found, strict=True)
    ]


def _with_namesakes(session: Session, within: Reach, rows: list[Row]) -> list[Row]:
    called = namesakes(session, within, {row.sort_name for row in rows})
    return [replace(row, namesakes=called[row.sort_name]) for row in rows]
