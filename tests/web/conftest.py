"""A school with a class, and visits to it as a launch would have begun them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.pools import Pool
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member
from lti_tool.web import session
from lti_tool.web.session import Visit
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, make_context, make_deployment, make_license, make_member, make_platform

Enter = Callable[[FlaskClient, Visit], None]


@dataclass(frozen=True)
class School:
    """A licence of 100 with one course: a teacher who manages it, a TA, and two students. Ids only."""

    books: Books
    platform: str
    deployment: str
    license: str
    course: str
    teacher: str
    teacher_person: str
    ta: str
    ada: str
    emmy: str

    def visit(self, member_id: str | None, role: Role, *, manages: bool = False) -> Visit:
        """A visit from the course, good for an hour."""
        return Visit(
            platform_id=self.platform,
            context_id=self.course,
            license_id=self.license,
            person_id=self.teacher_person if member_id == self.teacher else None,
            member_id=member_id,
            role=role,
            manages=manages,
            mentored=(),
            locale="en-US",
            ends_at=clock.now() + timedelta(hours=1),
        )

    @property
    def as_teacher(self) -> Visit:
        """The teacher, who manages the licence."""
        return self.visit(self.teacher, Role.TEACHER, manages=True)

    @property
    def actor(self) -> Actor:
        """The teacher, as the books name them."""
        return Actor("person", self.teacher_person)

    def account(self, member_id: str) -> Account:
        """A member's figures as the books have them."""
        with self.books() as books:
            return books.get_one(Account, (self.license, EXPORT_CREDITS.name, member_id))

    def pool(self) -> int:
        """What the licence has left."""
        with self.books() as books:
            return books.get_one(Pool, (self.license, EXPORT_CREDITS.name)).balance


@pytest.fixture
def school(books: Books) -> School:
    """The school, on the database of the test."""
    with books() as session:
        platform = make_platform(session)
        deployment = make_deployment(session, platform)
        course = make_context(session, deployment, title="Biology 9")
        license_ = make_license(session, credits=100, deployment=deployment)
        people = {
            "teacher": make_member(session, license_, course, role=Role.TEACHER, name="Grace Okonkwo"),
            "ta": make_member(session, license_, course, role=Role.TA, name="Sam Ito"),
            "ada": make_member(session, license_, course, name="Ada Łovelace"),
            "emmy": make_member(session, license_, course, name="Emmy Noether"),
        }
        ids = {name: member.id for name, member in people.items()}
        return School(
            books=books,
            platform=platform.id,
            deployment=deployment.id,
            license=license_.id,
            course=course.id,
            teacher_person=session.get_one(Member, ids["teacher"]).person_id,
            **ids,
        )


@pytest.fixture
def enter() -> Enter:
    """Begins a visit in this browser, as a launch does."""

    def begin(client: FlaskClient, visit: Visit) -> None:
        app = client.application
        interface = app.session_interface
        assert isinstance(interface, SecureCookieSessionInterface)
        signing = interface.get_signing_serializer(app)
        assert signing is not None
        with app.test_request_context():
            session.begin(replace(visit))
            value = str(signing.dumps(dict(flask.session)))
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], value, domain="tool.test", secure=True)

    return begin


@pytest.fixture
def teacher(client: FlaskClient, school: School, enter: Enter) -> FlaskClient:
    """The browser of the teacher, who manages the licence."""
    enter(client, school.as_teacher)
    return client
