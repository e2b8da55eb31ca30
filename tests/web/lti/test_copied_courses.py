"""From the launch of a copied course to its students: the license is offered to the teacher, and credits never copy."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti import contexts, platforms
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license
from tests.lti_platform import CLAIM, FakePlatform, launch
from tests.web.lti.conftest import rows
from tests.web.pages import Page, get, post

HISTORY = {f"{CLAIM}custom": {"context_history": "old,older"}}
ACCOUNTS = """
    select p.subject, a.received, a.used from accounts a
      join members m on m.id = a.member_id join people p on p.id = m.person_id order by p.subject
"""
MOVED = "select kind, amount from transfers order by id"


@pytest.fixture
def licensed(platform: FakePlatform, books: Books) -> FakePlatform:
    """The LMS, whose course "old" has a licence that lets each student receive 10."""
    with books() as session:
        [deployment] = platforms.deployments(session, platforms.find(session, platform.id))
        old = contexts.name_beforehand(session, deployment.id, "old", now=NOW)
        license_ = make_license(session, context=old)
        policies.save(session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    return platform


def come(app: Flask, platform: FakePlatform, subject: str, context: str, role: str = "Learner") -> FlaskClient:
    """Somebody's launch in their own browser."""
    client = app.test_client()
    changes = HISTORY if context == "new" else None
    answer = launch(client, platform, role=role, subject=subject, context=context, name=subject, changes=changes)
    assert answer.status_code in (200, 303)
    return client


def test_a_copy_gets_its_license_by_one_press_and_no_credit_moves(
    app: Flask, licensed: FakePlatform, engine: Engine
) -> None:
    come(app, licensed, "grace", "old", "Instructor")
    come(app, licensed, "ada", "old")
    before = rows(engine, MOVED)
    assert before[1:] == [("auto_allotment", 5)]

    student = come(app, licensed, "emmy", "new")
    assert "Your teacher has not set this up yet" in get(student, "/student/").text
    grace = come(app, licensed, "grace", "new", "Instructor")
    form = get(grace, "/manager/").form("/manager/copy")
    assert "This course is connected" in Page(post(grace, form, answer="take")).text
    come(app, licensed, "grace", "new", "Instructor")
    assert rows(engine, MOVED) == before

    # In the copy Ada has what she had; Emmy begins there as Maria does in the earlier course.
    come(app, licensed, "ada", "new")
    assert rows(engine, MOVED) == before
    come(app, licensed, "emmy", "new")
    come(app, licensed, "maria", "old")
    assert rows(engine, ACCOUNTS) == [("ada", 5, 0), ("emmy", 5, 0), ("grace", 0, 0), ("maria", 5, 0)]
    assert rows(engine, MOVED) == [*before, ("auto_allotment", 5), ("auto_allotment", 5)]


def test_a_teacher_who_was_never_here_is_offered_nothing_and_nothing_is_kept_of_them(
    app: Flask, licensed: FakePlatform, engine: Engine
) -> None:
    come(app, licensed, "grace", "old", "Instructor")
    stranger = come(app, licensed, "mallory", "new", "Instructor")
    text = get(stranger, "/manager/").text
    assert "This course has no license yet" in text
    assert [words for words in ("copy", "Course old", "Springfield") if words in text] == []
    assert rows(engine, "select subject from people") == [("grace",)]


def test_a_second_launch_of_a_copy_writes_its_course_no_more(
    app: Flask, licensed: FakePlatform, engine: Engine
) -> None:
    come(app, licensed, "grace", "new", "Instructor")
    sql = "select last_launch_at, copied_from from contexts where context_id = 'new'"
    [first] = rows(engine, sql)
    assert first[1] == '["old", "older"]'
    come(app, licensed, "emmy", "new")
    assert rows(engine, sql) == [first]
