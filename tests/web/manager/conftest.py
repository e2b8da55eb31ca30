"""A course with a licence and a copy of it, and a teacher of both."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.licenses.bindings import Binding
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member
from lti_tool.web.session import Visit
from tests.conftest import Books
from tests.factories import (
    EXPORT_CREDITS,
    NOW,
    make_context,
    make_deployment,
    make_license,
    make_member,
    make_platform,
)
from tests.web.conftest import Enter
from tests.web.pages import Form, get, post

OFFERED = "is a copy of"


@dataclass(frozen=True)
class Copied:
    """ "Biology 9" with a licence of 100 that Grace teaches, and its copy, which Grace teaches, too. Ids only."""

    books: Books
    platform: str
    deployment: str
    old: str
    new: str
    license: str
    teacher: str

    @property
    def visit(self) -> Visit:
        """Grace, from the copy, which has no licence."""
        return Visit(
            platform_id=self.platform,
            context_id=self.new,
            license_id=None,
            person_id=self.teacher,
            member_id=None,
            role=Role.TEACHER,
            manages=False,
            mentored=(),
            locale="en-US",
            ends_at=clock.now() + timedelta(hours=1),
        )

    def change(self, act: Callable[[Session], object]) -> None:
        """Something happens in the books."""
        with self.books() as session:
            act(session)

    def license_of(self, course: str) -> str | None:
        """Whose the course is."""
        with self.books() as session:
            return session.scalar(select(Binding.license_id).where(Binding.context_id == course))

    def answered(self) -> bool:
        """Whether an answer for the copy is remembered."""
        with self.books() as session:
            return session.get_one(Context, self.new).copy_answered_at is not None

    def movements(self) -> int:
        """How many rows the books have of credits that moved."""
        with self.books() as session:
            return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Transfer, Batch))

    def set(self, license_id: str, maximum: int, *, assistants: bool = False) -> None:
        """Saves a licence's settings."""
        with self.books() as session:
            based_on = policies.current(session, license_id, EXPORT_CREDITS.name).version
            policies.save(
                session, license_id, EXPORT_CREDITS, maximum=maximum, based_on=based_on, actor=OPERATOR, now=NOW
            )
            session.get_one(License, license_id).assistants_teach = assistants

    def settings(self, license_id: str) -> tuple[int, bool]:
        """Maximum, and whether assistants teach."""
        with self.books() as session:
            maximum = policies.current(session, license_id, EXPORT_CREDITS.name).maximum
            return maximum, session.get_one(License, license_id).assistants_teach


@pytest.fixture
def copied(books: Books) -> Copied:
    with books() as session:
        deployment = make_deployment(session, make_platform(session))
        old = make_context(session, deployment, context_id="old", title="Biology 9")
        new = make_context(session, deployment, context_id="new", title="Biology 10")
        new.copied_from = '["old"]'
        license_ = make_license(session, context=old)
        license_.name = "Springfield Science"
        teacher = make_member(session, license_, old, role=Role.TEACHER, name="Grace Okonkwo")
        return Copied(books, deployment.platform_id, deployment.id, old.id, new.id, license_.id, teacher.person_id)


@pytest.fixture
def grace(client: FlaskClient, copied: Copied, enter: Enter) -> FlaskClient:
    """Her browser, in the copy."""
    enter(client, copied.visit)
    return client


def press(client: FlaskClient, form: Form, answer: str) -> TestResponse:
    """One of the offer's two buttons."""
    assert ("answer", answer) in form.buttons
    return post(client, form, answer=answer)


def offer(client: FlaskClient) -> Form:
    return get(client, "/manager/").form("/manager/copy")


def membership(session: Session, copied: Copied) -> Member:
    """Grace's, in the licence of the earlier course."""
    return session.scalars(select(Member).where(Member.license_id == copied.license)).one()
