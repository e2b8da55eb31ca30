"""What each member within reach has: counted, searched, sorted and paged by the database."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    distinct,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session, aliased

from lti_tool.ledger import rules
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person, pseudonym, sort_name
from lti_tool.members.reach import Reach

PAGE = 50
_AT_ONCE = 1_000
SHOWS = ("active", "inactive", "all", "waiting")
SORTS = ("name", "course", "received", "used", "reserved", "available", "opened")


@dataclass(frozen=True)
class Terms:
    """What decides who waits: resource, bundle, the maximum in force (0 is off) and what the pool has, in units."""

    resource: str
    bundle: int
    maximum: int
    pool: int

    def why_waiting(self, received: int) -> rules.Why | None:
        """What keeps somebody with nothing left from the next bundle (R10, R11)."""
        return rules.bundles_due(
            1, available=0, received=received, maximum=self.maximum, pool=self.pool, bundle=self.bundle
        ).why_none


@dataclass(frozen=True)
class Wish:
    """Which part of the list to show; a `sort` with "-" before it starts with the highest; pages count from 1."""

    search: str = ""
    course: str = ""
    show: str = "active"
    sort: str = "available"
    page: int = 1


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


@dataclass(frozen=True)
class Counts:
    """How many the search matches, by status, and the sums of the active and the inactive ones, in units."""

    active: int
    students: int
    inactive: int
    waiting: int
    received: int
    used: int
    reserved: int
    available: int
    inactive_received: int
    inactive_used: int
    inactive_reserved: int
    inactive_available: int
    waiting_received: int

    def of(self, show: str) -> int:
        """How many that filter shows."""
        by_show = {"active": self.active, "inactive": self.inactive, "waiting": self.waiting}
        return by_show.get(show, self.active + self.inactive)

    def sums(self, show: str) -> tuple[int, int, int, int]:
        """Received, used, reserved and available of those whom that filter shows, in units."""
        here = (self.received, self.used, self.reserved, self.available)
        gone = (self.inactive_received, self.inactive_used, self.inactive_reserved, self.inactive_available)
        if show == "waiting":
            return self.waiting_received, self.waiting_received, 0, 0  # who waits has used all of it
        if show == "active":
            return here
        return (
            gone if show == "inactive" else (here[0] + gone[0], here[1] + gone[1], here[2] + gone[2], here[3] + gone[3])
        )


def count(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Counts:
    """Counts and sums over everybody whom the search and the course of `wish` match, whatever it shows."""
    listed = _everybody(within, terms, replace(wish, sort="name"), now=now)
    figures = ("received", "used", "reserved", "available")
    here, gone = listed.c.active == 1, listed.c.active == 0
    row = session.execute(
        select(
            *(_sum(when) for when in (here, and_(here, listed.c.rank == 0), gone, listed.c.waiting == 1)),
            *(_sum(here, listed.c[name]) for name in figures),
            *(_sum(gone, listed.c[name]) for name in figures),
            _sum(listed.c.waiting == 1, listed.c.received),
        )
    ).one()
    return Counts(*(int(value) for value in row))


def page(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> list[Row]:
    """One page of the list with everything that its rows show, in three statements."""
    listed = _everybody(within, terms, wish, now=now)
    query = _named(listed).where(_shown(listed, wish.show)).order_by(*_order(listed, wish.sort))
    # OFFSET is bounded here: a class list has some thousand rows, and page links must reach all of them.
    found = session.execute(query.limit(PAGE).offset((wish.page - 1) * PAGE)).mappings()
    rows = [_row(row) for row in found]
    return _with_courses(session, within, _with_namesakes(session, within, rows))


def every(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Iterator[list[Row]]:
    """All that the list shows on all its pages, in its order, read as it is asked for; in `db.snapshot()`."""
    listed = _everybody(within, terms, wish, now=now)
    query = _named(listed).where(_shown(listed, wish.show)).order_by(*_order(listed, wish.sort))
    found = session.execute(query.execution_options(yield_per=_AT_ONCE)).mappings()
    for part in found.partitions():
        yield _with_courses(session, within, [_row(row) for row in part])


def whole(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> list[str]:
    """The ids of all whom the list shows on all its pages and who can be given something: the active ones."""
    listed = _everybody(within, terms, wish, now=now)
    query = _named(listed).where(_shown(listed, wish.show), listed.c.active == 1).order_by(*_order(listed, wish.sort))
    return list(session.scalars(query.with_only_columns(listed.c.member_id)))


def picked(session: Session, within: Reach, terms: Terms, member_ids: Sequence[str], *, now: datetime) -> list[Row]:
    """These members, by name, as far as they are within reach and active."""
    listed = _everybody(within, terms, Wish(show="all"), now=now)
    query = _named(listed).where(listed.c.member_id.in_(member_ids), listed.c.active == 1)
    return [_row(row) for row in session.execute(query.order_by(*_order(listed, "name"))).mappings()]


def received_by_students(session: Session, license_id: str, resource: str) -> dict[int, int]:
    """How many active students of the whole licence received how much, ever: what a maximum could cost (R7, R10)."""
    # Who is not frozen is active somewhere, and the few who are so as staff alone have an index of their own.
    as_student = aliased(Enrollment)
    staff = select(Enrollment.member_id).where(
        Enrollment.license_id == license_id,
        Enrollment.active,
        Enrollment.role != text(f"'{Role.LEARNER.value}'"),  # as the index has it
        ~exists().where(
            as_student.license_id == license_id,
            as_student.member_id == Enrollment.member_id,
            as_student.active,
            as_student.role == Role.LEARNER.value,
        ),
    )
    rows = session.execute(
        select(Account.received, func.count())
        .where(Account.license_id == license_id, Account.resource == resource)
        .where(~Account.frozen, Account.member_id.not_in(staff))
        .group_by(Account.received)
    )
    return dict(rows.all())


def example_students(session: Session, within: Reach, *, limit: int) -> list[str]:
    """Names of some students within reach, the first of the list: so that an explanation can speak of them."""
    found = session.execute(
        select(Person.name, Person.sort_name, Person.id)
        .join(Member, Member.person_id == Person.id)
        .join(Enrollment, Enrollment.member_id == Member.id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .where(Enrollment.active, Enrollment.role == Role.LEARNER.value, Person.name.is_not(None))
        .distinct()
        .order_by(Person.sort_name, Person.id)
        .limit(limit)
    )
    return [row.name for row in found]


def frozen_members(session: Session, license_id: str, resource: str) -> int:
    """How many who left every course of the licence still have something (R20)."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.license_id == license_id, Account.resource == resource)
            .where(Account.frozen, Account.balance > 0)
        )
        or 0
    )


def _everybody(within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Subquery:
    """Figures without names: thousands are counted and sorted for the few that a page shows."""
    here = _enrolled(within.only(wish.course), with_titles=wish.sort.removeprefix("-") == "course")
    # What is held past its time is available again, whether or not a sweeper ran (R19).
    reserved = case((Account.held == 0, 0), else_=Account.held - _overdue(terms.resource, now=now))
    served = and_(
        literal(terms.maximum) > 0,
        Account.received + terms.bundle <= terms.maximum,
        literal(terms.pool) >= terms.bundle,
    )
    waits = and_(Account.balance == 0, here.c.student == 1, here.c.opened.is_not(None), ~Account.frozen, ~served)
    query = (
        select(
            here.c.member_id,
            here.c.rank,
            here.c.marked,
            here.c.active,
            here.c.opened,
            here.c.course,
            Account.received,
            Account.used,
            reserved.label("reserved"),
            (Account.balance - reserved).label("available"),
            case((waits, 1), else_=0).label("waiting"),
        )
        .select_from(here)
        .join(Account, Account.member_id == here.c.member_id)
        .where(Account.license_id == within.license_id, Account.resource == terms.resource)
    )
    if wish.search.strip():
        typed = sort_name(wish.search)
        query = (
            query.join(Member, Member.id == here.c.member_id)
            .join(Person, Person.id == Member.person_id)
            .where(
                or_(
                    Person.sort_name.contains(typed, autoescape=True),
                    func.lower(Person.email).contains(typed, autoescape=True),
                )
            )
        )
    return query.subquery()


_RANKS = (Role.TEACHER, Role.TA, Role.DESIGNER, Role.ADMIN)


def _named(listed: Subquery) -> Select[Any]:
    return (
        select(listed, Member.person_id, Person.name, Person.sort_name, Person.email, Person.subject)
        .select_from(listed)
        .join(Member, Member.id == listed.c.member_id)
        .join(Person, Person.id == Member.person_id)
    )


def _enrolled(within: Reach, *, with_titles: bool) -> Subquery:
    """One row a member: active if in any of these courses, and the weightiest role there (0 is a student)."""
    # In one course nobody is twice, so that nothing has to be brought together.
    is_one = len(within.courses) == 1
    most: Callable[[Any], Any] = (lambda value: value) if is_one else func.max
    least: Callable[[Any], Any] = (lambda value: value) if is_one else func.min
    ranks = {role.value: len(_RANKS) - place for place, role in enumerate(_RANKS)}
    student = and_(Enrollment.active, Enrollment.role == Role.LEARNER.value)
    query = select(
        Enrollment.member_id,
        most(case((Enrollment.active, 1), else_=0)).label("active"),
        most(case(ranks, value=Enrollment.role, else_=0)).label("rank"),
        most(case((student, 1), else_=0)).label("student"),
        most(case((Enrollment.is_marked_staff, 1), else_=0)).label("marked"),
        most(Enrollment.last_launch_at).label("opened"),
        (least(Context.title) if with_titles else null()).label("course"),
    ).where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
    if with_titles:
        query = query.join(Context, Context.id == Enrollment.context_id)
    return (query if is_one else query.group_by(Enrollment.member_id)).subquery()


def _overdue(resource: str, *, now: datetime) -> ScalarSelect[int]:
    """Of an account's held units those that are held past their time."""
    return (
        select(func.coalesce(func.sum(Hold.amount), 0))
        .where(Hold.license_id == Account.license_id, Hold.member_id == Account.member_id)
        .where(Hold.resource == resource, Hold.status == "held", Hold.expires_at <= now)
        .correlate(Account)
        .scalar_subquery()
    )


def _shown(listed: Subquery, show: str) -> ColumnElement[bool]:
    by_show = {
        "active": listed.c.active == 1,
        "inactive": listed.c.active == 0,
        "waiting": listed.c.waiting == 1,
    }
    return by_show.get(show, true())


def _order(listed: Subquery, sort: str) -> list[SQLColumnExpression[Any]]:
    name = sort.removeprefix("-")
    column: SQLColumnExpression[Any] = Person.sort_name if name == "name" else listed.c[name]
    # The databases disagree where nulls go: who never opened the tool comes first, and last when turned round.
    keys: list[SQLColumnExpression[Any]] = [column.is_not(None), column] if name == "opened" else [column]
    if sort == "available":
        keys.insert(0, listed.c.waiting == 0)
    return [
        *(key.desc() if sort.startswith("-") else key.asc() for key in keys),
        Person.sort_name,
        listed.c.member_id,
    ]


def _sum(when: ColumnElement[bool], what: ColumnElement[Any] | int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((when, what), else_=0)), 0)


def _row(row: RowMapping) -> Row:
    rank = int(row["rank"])
    return Row(
        member_id=row["member_id"],
        person_id=row["person_id"],
        name=row["name"] or pseudonym(row["person_id"]),
        email=row["email"],
        subject=row["subject"],
        role=_RANKS[len(_RANKS) - rank] if rank else Role.LEARNER,
        is_marked=bool(row["marked"]) and rank > 0,
        active=bool(row["active"]),
        waiting=bool(row["waiting"]),
        sort_name=row["sort_name"],
        received=row["received"],
        used=row["used"],
        reserved=int(row["reserved"]),
        available=int(row["available"]),
        opened_at=row["opened"],
    )


def namesakes(session: Session, within: Reach, sort_names: Collection[str]) -> dict[str, int]:
    """How many within reach have each of these names, as lists sort them."""
    found = session.execute(
        select(Person.sort_name, func.count(distinct(Member.id)))
        .join(Member, Member.person_id == Person.id)
        .join(Enrollment, Enrollment.member_id == Member.id)
        .where(Person.sort_name.in_(sort_names), Member.license_id == within.license_id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .group_by(Person.sort_name)
    )
    return dict(found.all())


def _with_namesakes(session: Session, within: Reach, rows: list[Row]) -> list[Row]:
    called = namesakes(session, within, {row.sort_name for row in rows})
    return [replace(row, namesakes=called[row.sort_name]) for row in rows]


def _with_courses(session: Session, within: Reach, rows: list[Row]) -> list[Row]:
    found = session.execute(
        select(Enrollment.member_id, Enrollment.context_id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .where(Enrollment.member_id.in_([row.member_id for row in rows]))
    )
    pairs = {tuple(pair) for pair in found}
    return [
        replace(row, courses=tuple(title for key, title in within.courses.items() if (row.member_id, key) in pairs))
        for row in rows
    ]
