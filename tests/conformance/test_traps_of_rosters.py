"""What real LMSs do with a roster and tools trip over, one test each by the name in suite.TRAPS."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from tests.conformance.conftest import TEACHER, ReadRoster
from tests.roster_lms import RosterLms, person, serving_roster


@pytest.fixture
def lms() -> Iterator[RosterLms]:
    """The services of the validator."""
    with serving_roster(checks_assertions=False) as services:
        yield services


People = Callable[[], dict[str, tuple[str, bool]]]


@pytest.fixture
def here(engine: Engine) -> People:
    """Each member's role, and whether they are active, by the LMS's own id."""
    sql = """
        select p.subject, e.role, e.active from enrollments e
          join members m on m.id = e.member_id join people p on p.id = m.person_id
    """

    def read() -> dict[str, tuple[str, bool]]:
        with engine.connect() as connection:
            return {row[0]: (row[1], bool(row[2])) for row in connection.exec_driver_sql(sql)}

    return read


def a_class(people: int) -> list[dict[str, Any]]:
    """Students s-0 and so on, and the teacher who launches."""
    return [person(TEACHER["sub"], role="Instructor"), *(person(f"s-{number}") for number in range(people - 1))]


def test_trap_case_sensitive_next(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members, lms.page_size = a_class(120), 50
    read_roster(lms)
    assert len(here()) == 120
    assert lms.pages[-1] == "Bookmark=At-100"


def test_trap_the_51st_canvas_member(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members, lms.page_size = a_class(51), 50
    read_roster(lms)
    assert here()["s-49"] == ("learner", True)
    assert len(here()) == 51


def test_trap_moodle_page_2_without_role(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members, lms.page_size = [*a_class(50), person("t-2", role="Instructor")], 50
    read_roster(lms)
    assert not any("role" in parse_qs(query) for query in lms.pages)  # so none can be lost on the next page
    assert here()["t-2"] == ("teacher", True)


def test_trap_schoology_refuses_rlid(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members = a_class(3)
    refused = Response('{"error":"Invalid parameter: \\"query.rlid\\" is not allowed"}', 400)
    lms.plant("page", lambda request: refused if "rlid" in request.args else None)
    read_roster(lms)
    assert len(here()) == 3


def test_trap_token_request_without_user_agent(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members = a_class(3)
    lms.plant("token", lambda request: None if "Creditroll" in request.user_agent.string else Response("", 403))
    read_roster(lms)
    assert len(here()) == 3


def test_trap_roster_row_with_mentor_only(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    lms.members = [*a_class(3), person("parent", role="Mentor")]
    read_roster(lms)
    assert set(here()) == {TEACHER["sub"], "s-0", "s-1"}


def test_trap_roster_that_loses_90_percent(
    lms: RosterLms, read_roster: ReadRoster, here: People, engine: Engine
) -> None:
    lms.members = a_class(20)
    read_roster(lms)
    lms.members = a_class(2)
    read_roster(lms)
    assert sum(active for _, active in here().values()) == 20
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select status, dropped from roster_reads").one() == ("to_confirm", 18)


def test_trap_roster_row_without_status_or_roles(lms: RosterLms, read_roster: ReadRoster, here: People) -> None:
    bare: dict[str, Any] = {"user_id": "bare"}
    lms.members = [*a_class(2), bare, bare | {"user_id": "null", "status": None, "roles": None}]
    read_roster(lms)
    assert here() == {TEACHER["sub"]: ("teacher", True), "s-0": ("learner", True)}
