"""Which members within reach a list shows, and in what order, as the databases are asked: figures of thousands are
counted and sorted for the few that a page shows, and only these are looked up by name."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from lti_tool.ledger import rules
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members import named
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.reach import Reach

SHOWS = ("active", "inactive", "all", "waiting")
SORTS = ("name", "course", "received", "used", "reserved", "available", "opened")
_BY_ENROLLMENT = ("course", "opened")
RANKS = (Role.LEARNER, Role.ADMIN, Role.DESIGNER, Role.TA, Role.TEACHER)
"""Roles by weight: who has several courses is listed by the weightiest."""


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
    found: tuple[str, ...] | None = None
    """The members that `search` finds, where they were looked up and are few."""
    missed: tuple[str, ...] | None = None
    """The members that it does not find, where these are few."""

    @property
    def sorted_by(self) -> str:
        """The column, whichever way round."""
        return self.sort.removeprefix("-")


@dataclass(frozen=True)
class Part:
    """How many of a list, after how many others, or counted from its end; or these members of it."""

    limit: int | None = None
    offset: int = 0
    from_end: bool = False
    members: Collection[str] | None = None


_ALL = Part()


def looked_up(session: Session, within: Reach, wish: Wish) -> Wish:
    """The same wish with the few members that its search finds, or with the few that it does not find: most searches
    are for one, some find nearly all, and otherwise each further statement goes through all names again.
    """
    if not wish.search:
        return wish
    found, missed = named.look_up(session, within.license_id, wish.search)
    return replace(wish, found=found, missed=missed)


def selection(within: Reach, terms: Terms, wish: Wish, part: Part = _ALL, *, now: datetime) -> Select[Any]:
    """The members that the wish shows, or a part of them, with their names and figures, in its order."""
    wish = _where_all_is_one_course(within, wish)
    listed = everybody(within, terms, wish, now=now)
    query = (
        select(listed, Member.person_id, Member.sort_name, Person.name, Person.email, Person.subject)
        .select_from(listed)
        .join(Member, Member.id == listed.c.member_id)
        .join(Person, Person.id == Member.person_id)
        .order_by(*_order(listed, wish.sort))
    )
    if part.limit is not None:
        # All are put in order by their ids, and the rest is looked up for the part alone. OFFSET is bounded here: a
        # class list has some thousand rows, and page links must reach all of them.
        keys = _keys(within, terms, wish, now=now)
        shown = select(keys.c.member_id).join(Member, Member.id == keys.c.member_id).where(*_shown(within, keys, wish))
        order = _order(keys, wish.sort, is_turned=part.from_end)
        return query.where(Member.id.in_(shown.order_by(*order).limit(part.limit).offset(part.offset)))
    if part.members is not None:
        query = query.where(Member.id.in_(part.members))
    return query.where(*_shown(within, listed, wish))


def _keys(within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Subquery:
    """By what the wish's members are found and put in order: for what enrolments alone say, without any figures."""
    if wish.sorted_by in _BY_ENROLLMENT and wish.show != "waiting":
        here = _enrolled(within.only(wish.course), with_titles=wish.sorted_by == "course")
        # With their accounts: who has none yet is in no list, and counted in none.
        theirs = and_(
            Account.license_id == within.license_id,
            Account.resource == terms.resource,
            Account.member_id == here.c.member_id,
        )
        return select(here).join(Account, theirs).subquery()
    return everybody(within, terms, wish, now=now)


def _where_all_is_one_course(within: Reach, wish: Wish) -> Wish:
    """The same list by names, where the course of all of it is the same."""
    is_by_course = wish.sorted_by == "course" and len(within.only(wish.course).courses) == 1
    return replace(wish, sort="name") if is_by_course else wish


def unsorted(within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Select[Any]:
    """The ids of the members that the wish shows."""
    listed = everybody(within, terms, wish, now=now)
    query = select(listed.c.member_id).where(*_shown(within, listed, wish))
    return query.join(Member, Member.id == listed.c.member_id) if wish.search else query


def everybody(within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Subquery:
    """Figures without names of all in the wish's course, whatever it searches and shows.

    Of a whole licence the accounts alone say who is active (R20).
    """
    here = within.only(wish.course)
    if here.is_whole and wish.sorted_by not in _BY_ENROLLMENT:
        return _accounts(within, terms, now=now).subquery()
    return _enrolled_accounts(here, terms, wish, now=now).subquery()


def matches(within: Reach, wish: Wish) -> ColumnElement[bool]:
    """Whether a member's name or e-mail has in it what was searched."""
    if wish.found is not None:
        return Member.id.in_(wish.found)
    if wish.missed is not None:
        return Member.id.not_in(wish.missed)
    if not wish.search:
        return true()
    # With the license, so that they are found in the index where all that is searched stands together.
    return and_(Member.license_id == within.license_id, named.is_named(wish.search))


def _accounts(within: Reach, terms: Terms, *, now: datetime) -> Select[Any]:
    # Nearly always it is as a student of the same course that somebody opened the tool.
    other = aliased(Enrollment)
    opened_another = exists().where(
        other.license_id == Enrollment.license_id,
        other.member_id == Enrollment.member_id,
        other.last_launch_at.is_not(None),
    )
    has_come = exists().where(
        Enrollment.license_id == Account.license_id,
        Enrollment.member_id == Account.member_id,
        Enrollment.active,
        Enrollment.role == Role.LEARNER.value,
        or_(Enrollment.last_launch_at.is_not(None), opened_another),
        ~Account.frozen,  # said again here, so that PostgreSQL looks up these alone, and does not read everybody's
    )
    return select(
        Account.member_id,
        (~Account.frozen).label("active"),
        # SQLite would look up everybody for an "and".
        *_figures(terms, waits=case((_nothing_comes(terms), has_come), else_=False), now=now),
    ).where(Account.license_id == within.license_id, Account.resource == terms.resource)


def _enrolled_accounts(within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Select[Any]:
    here = _enrolled(within, with_titles=wish.sorted_by == "course")
    waits = and_(_nothing_comes(terms), here.c.student, here.c.opened.is_not(None))
    return (
        select(
            Account.member_id,
            here.c.active,
            here.c.rank,
            here.c.opened,
            here.c.course,
            *_figures(terms, waits=waits, now=now),
        )
        .select_from(here)
        .join(Account, Account.member_id == here.c.member_id)
        .where(Account.license_id == within.license_id, Account.resource == terms.resource)
    )


def _nothing_comes(terms: Terms) -> ColumnElement[bool]:
    """Nothing is left, and no bundle comes by itself (R10, R11)."""
    served = and_(
        literal(terms.maximum) > 0,
        Account.received + terms.bundle <= terms.maximum,
        literal(terms.pool) >= terms.bundle,
    )
    return and_(Account.balance == 0, ~Account.frozen, ~served)


def _figures(terms: Terms, *, waits: ColumnElement[bool], now: datetime) -> list[ColumnElement[Any]]:
    # What is held past its time is available again, whether or not a sweeper ran (R19).
    reserved = case((Account.held == 0, 0), else_=Account.held - _overdue(terms.resource, now=now))
    return [
        Account.received.label("received"),
        Account.used.label("used"),
        reserved.label("reserved"),
        (Account.balance - reserved).label("available"),
        case((waits, 1), else_=0).label("waiting"),
    ]


def _enrolled(within: Reach, *, with_titles: bool) -> Subquery:
    """One row a member: active if in any of these courses, and the weightiest role there (0 is a student)."""
    # In one course nobody is twice, so that nothing has to be brought together.
    is_one = len(within.courses) == 1
    most: Callable[[Any], Any] = (lambda value: value) if is_one else func.max
    least: Callable[[Any], Any] = (lambda value: value) if is_one else func.min
    any_of: Callable[[ColumnElement[bool]], ColumnElement[bool]] = (
        (lambda condition: condition) if is_one else (lambda condition: func.max(case((condition, 1), else_=0)) == 1)
    )
    ranks = {role.value: place for place, role in enumerate(RANKS)}
    query = select(
        Enrollment.member_id,
        any_of(Enrollment.active.is_(True)).label("active"),
        any_of(and_(Enrollment.active, Enrollment.role == Role.LEARNER.value)).label("student"),
        most(case(ranks, value=Enrollment.role, else_=0)).label("rank"),
        most(Enrollment.last_launch_at).label("opened"),
        (least(Context.title) if with_titles else null()).label("course"),
    ).where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
    if with_titles:
        query = query.join(Context, Context.id == Enrollment.context_id)
    return (query if is_one else query.group_by(Enrollment.member_id)).subquery()


def _overdue(resource: str, *, now: datetime) -> ScalarSelect[int]:
    """Of an account's held units those that are held past their time."""
    return (
        select(cast(func.coalesce(func.sum(Hold.amount), 0), BigInteger))  # sums are numeric there, and slow to sort by
        .where(Hold.license_id == Account.license_id, Hold.member_id == Account.member_id)
        .where(Hold.resource == resource, Hold.status == "held", Hold.expires_at <= now)
        .correlate(Account)
        .scalar_subquery()
    )


def _shown(within: Reach, listed: Subquery, wish: Wish) -> list[ColumnElement[bool]]:
    if wish.show == "all":
        return [matches(within, wish)]
    shown = {"active": listed.c.active, "inactive": ~listed.c.active}.get(wish.show)
    return [matches(within, wish), listed.c.waiting == 1 if shown is None else shown]


def _order(listed: Subquery, sort: str, *, is_turned: bool = False) -> list[SQLColumnExpression[Any]]:
    """What it is sorted by, and then by name; `is_turned` is the same from the end."""
    name, is_downwards = sort.removeprefix("-"), sort.startswith("-")
    column: SQLColumnExpression[Any] = Member.sort_name if name == "name" else listed.c[name]
    # The databases disagree where nulls go: who never opened the tool comes first, and last when turned round.
    keys: list[SQLColumnExpression[Any]] = [column.is_not(None), column] if name == "opened" else [column]
    if sort == "available":
        keys.insert(0, listed.c.waiting == 0)
    ties: list[SQLColumnExpression[Any]] = (
        [listed.c.member_id] if name == "name" else [Member.sort_name, listed.c.member_id]
    )
    return [
        *(key.asc() if is_downwards == is_turned else key.desc() for key in keys),
        *(tie.desc() if is_turned else tie.asc() for tie in ties),
    ]
