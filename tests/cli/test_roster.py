"""`creditroll roster sync`: everything that can be read is read now, and what fails is a line and exit code 1."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lti_tool.members.people import Enrollment
from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import bind, make_context, make_deployment, make_license, make_platform
from tests.roster_lms import RosterLms, person, serving_roster

COURSES = ("One", "Two", "Three")


@pytest.fixture
def lms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RosterLms]:
    monkeypatch.setenv("CREDITROLL_ALLOW_PRIVATE_HOSTS", "localhost")
    monkeypatch.setenv("CREDITROLL_KEYS_DIR", str(tmp_path / "keys"))
    with serving_roster(checks_assertions=False) as lms:
        lms.members = [person("s-1", name="Ada"), person("s-2"), person("t-1", role="Instructor")]
        yield lms


@pytest.fixture
def licenses(books: Books, lms: RosterLms) -> list[str]:
    """Two licences; the first has the courses "One" and "Two", the second "Three"."""
    with books() as session:
        platform = make_platform(session, issuer=lms.url, client_id=lms.client_id)
        platform.auth_token_url = lms.token_url
        deployment = make_deployment(session, platform)
        made = [make_license(session), make_license(session)]
        for title, license_ in (("One", made[0]), ("Two", made[0]), ("Three", made[1])):
            context = make_context(session, deployment, title=title, memberships_url=lms.memberships_url)
            bind(session, license_, context=context)
        return [license_.id for license_ in made]


def _active(books: Books) -> int:
    with books() as session:
        return session.scalar(select(func.count()).select_from(Enrollment).where(Enrollment.active)) or 0


def test_all_courses_are_read(run: Run, books: Books, licenses: list[str]) -> None:
    done = run("roster", "sync")

    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        f"{title}: 3 people read, 3 added, 0 inactive" for title in ("One", "Two", "Three")
    ]
    assert _active(books) == 9


def test_one_license_is_read_alone(run: Run, books: Books, licenses: list[str]) -> None:
    done = run("roster", "sync", "--license", licenses[1], "--json")

    assert done.code == 0, done.err
    assert [(read["title"], read["license"], read["status"], read["added"]) for read in done.json] == [
        ("Three", licenses[1], "done", 3)
    ]
    assert _active(books) == 3


def test_a_course_that_fails_is_a_line_and_the_others_are_read(
    run: Run, books: Books, lms: RosterLms, licenses: list[str]
) -> None:
    run("roster", "sync")
    lms.plant("page", Response(status=403))
    lms.members = lms.members[:2]

    done = run("roster", "sync", "--json")

    assert done.code == 1
    assert [(read["status"], read["error"]) for read in done.json] == [
        ("failed", "forbidden"),
        ("done", None),
        ("done", None),
    ]
    assert [line for line in done.err.splitlines() if "One" in line] == [
        "creditroll: One: The LMS keeps the roster back. An administrator must switch on Names and Roles for this tool."
    ]
    assert _active(books) == 3 + 2 + 2


def test_a_roster_that_lost_most_of_a_class_is_left_to_the_teacher(
    run: Run, books: Books, lms: RosterLms, licenses: list[str]
) -> None:
    lms.members = [person(f"s-{n}") for n in range(12)]
    run("roster", "sync", "--license", licenses[1])
    lms.members = lms.members[:2]

    done = run("roster", "sync", "--license", licenses[1])

    assert done.code == 1
    assert "lacks 10 people" in done.err
    assert _active(books) == 12


def test_a_license_that_does_not_exist_is_said_to_be_that(run: Run, lms: RosterLms) -> None:
    done = run("roster", "sync", "--license", "nothing")

    assert (done.code, done.out) == (1, "")
    assert done.err == "creditroll: There is no license nothing; `creditroll license list` shows all.\n"


def test_without_courses_nothing_is_read(run: Run, lms: RosterLms) -> None:
    assert run("roster", "sync", "--json").json == []
    assert run("roster", "sync").out == "No course belongs to a license yet.\n"
