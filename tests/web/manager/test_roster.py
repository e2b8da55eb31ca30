"""The class list on the teacher's pages: how it stands, how a reading moves, and who may ask for one."""

from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from lti_tool.jobs import JOBS
from lti_tool.lti.roles import Role
from lti_tool.members import roster_reads
from lti_tool.members.roster_reads import RosterRead
from tests.factories import NOW
from tests.web.conftest import Enter, School
from tests.web.pages import get, post

ROSTER = "/manager/members/roster"


@dataclass
class Bell:
    """Notes which courses a worker was woken for."""

    woken: list[str] = field(default_factory=list)

    def read_roster(self, context_id: str) -> None:
        """As Jobs does, without a worker."""
        self.woken.append(context_id)


@pytest.fixture
def bell(client: FlaskClient) -> Bell:
    """In the place of the queue: whether a reading works is proved in tests/members."""
    client.application.extensions[JOBS] = bell = Bell()
    return bell


def set_read(school: School, **values: object) -> None:
    """The newest reading of the course is like this."""
    with school.books() as books:
        roster_reads.request_read(books, school.course, requested_by=None, now=NOW)
        read = books.get_one(RosterRead, school.course)
        for name, value in values.items():
            setattr(read, name, value)


def test_a_press_asks_for_one_reading_and_wakes_a_worker(teacher: FlaskClient, school: School, bell: Bell) -> None:
    page = get(teacher, "/manager/members")
    assert "class list not read yet" in page.text
    for _ in range(2):
        assert post(teacher, page.form(ROSTER)).status_code == 303
    assert bell.woken == [school.course]
    assert "reading the class list from Test LMS" in get(teacher, "/manager/members").text


def test_a_reading_under_way_moves_and_ends_with_a_word(teacher: FlaskClient, school: School) -> None:
    set_read(school, status="reading", people_read=250)
    moving = get(teacher, ROSTER)
    assert "250 people so far" in moving.text
    assert moving.find("div", id="roster", hx_get=ROSTER)
    set_read(school, status="done", complete_at=NOW)
    ended = get(teacher, ROSTER)
    assert "list read from Test LMS Nov 23, 9:00 AM UTC" in ended.text
    assert "The class list was read." in ended.text
    assert not ended.find("div", hx_get=ROSTER)


def test_a_reading_that_failed_says_why_and_that_nobody_was_changed(teacher: FlaskClient, school: School) -> None:
    set_read(school, status="failed", error_code="forbidden")
    text = get(teacher, "/manager/members").text
    assert "The class list of Biology 9 could not be read." in text
    assert "Nobody was changed." in text


def test_a_reading_that_drops_most_waits_for_the_teachers_word(
    teacher: FlaskClient, school: School, bell: Bell
) -> None:
    set_read(school, status="to_confirm", dropped=8)
    page = get(teacher, "/manager/members")
    assert "leaves out 8 members, more than half" in page.text
    form = next(form for form in page.forms if ("confirm", "1") in form.fields)
    assert post(teacher, form).status_code == 303
    assert bell.woken == [school.course]
    with school.books() as books:
        assert books.get_one(RosterRead, school.course).confirmed


def test_only_teachers_ask_and_only_for_their_own_courses(
    client: FlaskClient, school: School, enter: Enter, bell: Bell
) -> None:
    enter(client, school.as_teacher)
    form = get(client, "/manager/members").form(ROSTER)
    assert post(client, form, course="another-course").status_code == 303
    assert bell.woken == []
    enter(client, school.visit(school.ta, Role.TA))
    assert client.post(ROSTER).status_code == 403
