"""Licenses as they may be one day: in the middle of a term, on the first day without and with a class list, low, with
nothing left to give, and with students who ask.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, writing
from lti_tool.demo.people import cast
from lti_tool.ledger import closings, holds, issuing, policies
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.movements import OPERATOR, Actor
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Platform
from lti_tool.lti.roles import Role
from lti_tool.members import requests, roster_reads
from lti_tool.members.people import Enrollment, Person
from lti_tool.members.roster_reads import RosterRead
from lti_tool.web import session as visits
from lti_tool.web.session import Visit
from tests.browser.gallery import more
from tests.factories import EXPORT_CREDITS, make_context, make_deployment, make_license, make_member, make_platform
from tests.web.operator.conftest import fill

_WEEKS = 12
_STUDENTS = list(cast().values())[6:]


@dataclass
class Class:
    """A course with its license. Ids only; `students` in the order of the cast."""

    platform: str
    license: str
    course: str
    teacher: str
    teacher_person: str
    assistant: str
    students: list[str] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """Whose membership each is."""
    ids: dict[str, str] = field(default_factory=dict)
    """Other things that pages are about: orders, batches, by a name of the scene's own."""

    def visit(self, member_id: str | None, role: Role, *, manages: bool = False, **more: object) -> Visit:
        """A visit from the course, good for an hour."""
        visit = Visit(
            platform_id=self.platform,
            context_id=self.course,
            license_id=self.license,
            person_id=self.people.get(member_id or ""),
            member_id=member_id,
            role=role,
            manages=manages,
            mentored=(),
            locale="en-US",
            ends_at=clock.now() + timedelta(hours=1),
        )
        return replace(visit, **more)  # type: ignore[arg-type] # named fields of a visit

    @property
    def as_teacher(self) -> Visit:
        """The teacher, who manages the license."""
        return self.visit(self.teacher, Role.TEACHER, manages=True)


@dataclass(frozen=True)
class Scene:
    """The whole of it. `term` is in its twelfth week, `first` has nobody but its teacher, `listed` has a class that got
    nothing yet, `short` has 3 units left.

    In `asking` nothing comes by itself, `low` has less than a fifth left, `empty` nothing. `shop` has an order
    in each state. `ids` are for addresses.
    """

    app: Flask
    term: Class
    first: Class
    listed: Class
    short: Class
    asking: Class
    low: Class
    empty: Class
    shop: Class
    ids: dict[str, str]

    def write(self, act: Callable[[Session], None]) -> None:
        """Does something in the books."""
        with _books(self.app) as session:
            act(session)

    def token(self, visit: Visit) -> str:
        """What a page of that visit sends as its header."""
        with self.app.test_request_context():
            visits.begin(visit)
            return visits.token(clock.now())


@contextmanager
def _books(app: Flask) -> Iterator[Session]:
    with app.app_context():
        engine = db.engine
    with writing(engine) as session:
        yield session


def build(app: Flask, *, now: datetime) -> Scene:
    """Writes the four into the app's empty database, as the product would have over twelve weeks until now."""
    with _books(app) as session:
        platform = make_platform(session, issuer="https://canvas.lincoln.example", family="canvas")
        platform.name = "Lincoln High"
        term = _class(session, platform, "Lincoln High School", "Biology 9, Period 2", students=28, now=now)
        first = _class(session, platform, "Lakeside Middle School", "Chemistry 10", students=0, now=now)
        listed = _class(session, platform, "Riverside High School", "Art 8", students=26, now=now)
        short = _class(session, platform, "Hillside School", "Physics 11", students=6, now=now)
        _term(session, term, now=now)
        for one in (first, listed):
            issuing.grant(session, one.license, EXPORT_CREDITS, amount=300, actor=OPERATOR, now=now)
        _short(session, short, now=now)
        asking = _class(session, platform, "Valley School", "Film 12", students=6, now=now)
        more.ask(session, asking.license, asking.course, asking.students, teacher=asking.teacher_person, now=now)
        low = _class(session, platform, "Harbor School", "Art 8", students=5, now=now)
        more.run_low(session, low.license, low.students, left=15, now=now)
        empty = _class(session, platform, "Prairie School", "Music 7", students=5, now=now)
        more.run_low(session, empty.license, empty.students, left=0, now=now)
        shop = _class(session, platform, "Meadow School", "Drama 9", students=3, now=now)
        sold = more.sell(session, shop.license, teacher=shop.teacher_person, now=now)
        ids = {
            **sold,
            **more.office(session, app, sold, now=now),
            "batch": term.ids["batch"],
            "student": term.students[2],
            "day": str((now - timedelta(days=30)).date()),
            "platform": platform.id,
            "url": app.extensions["creditroll"].public_url,
            "letters": more.letters(session, shop.license, shop.teacher_person, now=now),
        }
        while due := closings.due(session, now=now):
            closings.close(session, due)
    seen = fill(lambda: _books(app))
    ids |= {f"world_{name}": value for name, value in vars(seen).items()}
    return Scene(app, term, first, listed, short, asking, low, empty, shop, ids)


def _class(session: Session, platform: Platform, school: str, course: str, *, students: int, now: datetime) -> Class:
    deployment = make_deployment(session, platform)
    context = make_context(session, deployment, title=course)
    license_ = make_license(session, credits=0, deployment=deployment)
    license_.name = school
    teacher = make_member(session, license_, context, role=Role.TEACHER, name="Grace Okonkwo-Reyes")
    assistant = make_member(session, license_, context, role=Role.TA, name="Theo Lindqvist")
    listed = [make_member(session, license_, context, name=one.name or None) for one in _STUDENTS[:students]]
    for member, one in zip(listed, _STUDENTS, strict=False):  # the factories' own addresses count, test by test
        session.get_one(Person, member.person_id).email = one.email or None
    _set_read(session, context, now=now)
    made = Class(
        platform=platform.id,
        license=license_.id,
        course=context.id,
        teacher=teacher.id,
        teacher_person=teacher.person_id,
        assistant=assistant.id,
        students=[member.id for member in listed],
        people={member.id: member.person_id for member in (teacher, assistant, *listed)},
    )
    license_.owner_person_id = teacher.person_id
    session.get_one(Person, teacher.person_id).email = "grace@lincoln.example"
    opened = now - timedelta(hours=2)
    session.execute(update(Enrollment).where(Enrollment.context_id == context.id).values(last_launch_at=opened))
    return made


def _set_read(session: Session, context: Context, *, now: datetime) -> None:
    roster_reads.request_read(session, context.id, requested_by=None, now=now)
    read = session.get_one(RosterRead, context.id)
    read.status, read.complete_at, read.finished_at = "done", now - timedelta(hours=1), now - timedelta(hours=1)


def _term(session: Session, here: Class, *, now: datetime) -> None:
    chance = random.Random(9)
    began = now - timedelta(weeks=_WEEKS)
    teacher = Actor("person", here.teacher_person)
    where = (session, here.license, EXPORT_CREDITS)
    issuing.grant(*where, amount=200, actor=OPERATOR, now=began)
    policies.save(*where, maximum=10, based_on=0, actor=teacher, now=began + timedelta(hours=1))
    issuing.grant(*where, amount=100, actor=OPERATOR, now=began + timedelta(weeks=6), note="Second half of the term")
    moments = sorted(
        (began + timedelta(days=chance.uniform(1, 7 * _WEEKS - 1)), member, number)
        for member in here.students[4:]
        for number in range(chance.randint(1, 6))
    )
    for at, member, number in moments:
        top_up_at_launch(*where, member, now=at)
        if number:
            holds.spend(*where, member, amount=1, actor=OPERATOR, now=at, reference=f"Cell model {number}")
    _use_up(session, here, here.students[:3], now=now - timedelta(days=2))
    given = allot(
        *where,
        member_ids=here.students[6:12],
        each=2,
        actor=teacher,
        now=now - timedelta(days=1),
        note="For the lab report",
    )
    here.ids["batch"] = given.batch_id
    holds.hold(*where, here.students[5], amount=3, actor=OPERATOR, now=now, reference="Poster “Mitosis”")
    session.execute(update(Enrollment).where(Enrollment.member_id == here.students[-1]).values(active=False))
    freeze(session, here.license, here.students[-1:])
    for member, reason in zip(here.students[:2], ("My film is ready to export", None), strict=True):
        requests.ask(*where, member, reason=reason, now=now - timedelta(minutes=20))


def _use_up(session: Session, here: Class, members: list[str], *, now: datetime) -> None:
    for member in members:
        for _ in range(2):
            top_up_at_launch(session, here.license, EXPORT_CREDITS, member, now=now)
            holds.spend(session, here.license, EXPORT_CREDITS, member, amount=5, actor=OPERATOR, now=now)


def _short(session: Session, here: Class, *, now: datetime) -> None:
    where = (session, here.license, EXPORT_CREDITS)
    issuing.grant(*where, amount=18, actor=OPERATOR, now=now - timedelta(days=20))
    policies.save(*where, maximum=5, based_on=0, actor=OPERATOR, now=now - timedelta(days=20))
    for member in here.students[:3]:
        top_up_at_launch(*where, member, now=now - timedelta(days=10))
    holds.spend(*where, here.students[0], amount=5, actor=OPERATOR, now=now - timedelta(days=9))
