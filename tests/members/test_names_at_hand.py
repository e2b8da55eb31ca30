"""What lists sort and search by is the person's, whoever changes it and whenever somebody joins (decision 0017)."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from lti_tool.lti.roles import Role
from lti_tool.members.people import Member, Person
from tests.conftest import Books
from tests.members.rosters import School, launch, neighbour, open_school, student


def launched(school: School, subject: str, name: str | None, email: str | None = None) -> None:
    with school.books() as session:
        launch(session, school.course.context_id, subject, Role.LEARNER, name=name, email=email)


def by_launch(school: School) -> None:
    launched(school, "s-1", None)


def by_roster(school: School) -> None:
    school.apply([student("s-1"), student("s-2")])


def listed(books: Books) -> list[tuple[str, str]]:
    """What members are sorted and searched by, which has to be their persons'."""
    with books() as session:
        rows = session.execute(
            select(Member.sort_name, Member.lower_email, Person.sort_name, Person.email)
            .join(Person, Person.id == Member.person_id)
            .order_by(Member.sort_name, Member.id)
        ).all()
    for name, email, of_person, their_email in rows:
        assert (name, email) == (of_person, (their_email or "").lower())
    return [(name, email) for name, email, _, _ in rows]


@pytest.fixture
def school(books: Books) -> School:
    return open_school(books)


def test_a_launch_that_renames_renames_in_every_licence(school: School) -> None:
    other = neighbour(school)
    for one in (school, other):
        launched(one, "s-1", "Ada Byron", "Ada@School.test")
    assert listed(school.books) == [("ada byron", "ada@school.test")] * 2
    launched(school, "s-1", "Ada King", "Countess@School.test")
    assert listed(school.books) == [("ada king", "countess@school.test")] * 2


def test_a_roster_renames_many_at_once(school: School) -> None:
    other = neighbour(school)
    for one in (school, other):
        one.apply([student(f"s-{n}", f"Student {n}") for n in range(20)])
    other.apply([student(f"s-{n}", f"Éva {n}", email=f"E{n}@school.test") for n in range(20)])
    assert {name[:4] for name, _ in listed(school.books)} == {"eva "}
    assert len(listed(school.books)) == 40


def test_whoever_has_no_name_is_listed_by_their_pseudonym(school: School) -> None:
    launched(school, "s-1", None)
    school.apply([student("s-1"), student("s-2")])
    assert all(name.startswith("learner ") and not email for name, email in listed(school.books))


@pytest.mark.parametrize("seed", range(4))
def test_it_holds_after_any_mixture_of_launches_and_rosters(school: School, seed: int) -> None:
    chance = random.Random(seed)
    schools = (school, neighbour(school))
    for _ in range(12):
        where = chance.choice(schools)
        people = [f"s-{n}" for n in chance.sample(range(6), 4)]
        if chance.random() < 0.5:
            where.apply([student(one, chance.choice(["Zoë", "Ana", None])) for one in people], confirm=True)
        else:
            launched(where, people[0], chance.choice(["Ólöf", "Bo", None]), chance.choice(["Bo@x.test", None]))
        listed(school.books)


@pytest.mark.parametrize("joins", [by_launch, by_roster])
def test_who_joins_while_they_are_renamed_has_the_new_name(school: School, joins: Callable[[School], None]) -> None:
    other = neighbour(school)
    launched(school, "s-1", "Ada Byron")
    with ThreadPoolExecutor(1) as thread:
        with school.books() as session:
            person = session.scalars(select(Person).where(Person.subject == "s-1")).one()
            person.name, person.sort_name = "Ada King", "ada king"
            session.flush()
            joining = thread.submit(joins, other)
            with pytest.raises(TimeoutError):
                joining.result(timeout=0.5)
        joining.result()
    assert [name for name, _ in listed(school.books) if name.startswith("ada")] == ["ada king"] * 2
