"""The Overview's counts: the same as the directory's, which lists everybody, for any mixture of people."""

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.ledger import holds
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti.roles import Role
from lti_tool.members import census, counts, directory, reach
from lti_tool.members.directory import Row
from lti_tool.members.people import Enrollment
from lti_tool.members.reach import Reach
from lti_tool.members.selection import Terms, Wish
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_deployment, make_license, make_member

TERMS = Terms(EXPORT_CREDITS.name, EXPORT_CREDITS.bundle, maximum=10, pool=100)
EVERYBODY = replace(Wish(), show="all")
LATER = NOW + timedelta(minutes=30)
"""By then some of the holds are past their time."""


def school(session: Session, chance: random.Random) -> tuple[Reach, Reach]:
    """Two courses of one licence with anybody in them; both as a reach, and one of them."""
    deployment = make_deployment(session)
    courses = [make_context(session, deployment, title=title) for title in ("Art", "Biology")]
    license_ = make_license(session, credits=0, deployment=deployment)
    where = (session, license_.id, EXPORT_CREDITS)
    grant(*where, amount=10_000, actor=OPERATOR, now=NOW)
    for number in range(60):
        role = chance.choice([Role.LEARNER] * 5 + [Role.TEACHER, Role.TA, Role.NONE])
        first, other = chance.sample(courses, 2)
        active = chance.random() < 0.85
        id_ = make_member(session, license_, first, role=role, name=f"Student {number % 40}", active=active).id
        opened = [NOW if chance.random() < 0.7 else None for _ in range(2)]
        session.get_one(Enrollment, (first.id, id_)).last_launch_at = opened[0]
        if chance.random() < 0.3:
            session.add(
                Enrollment(
                    context_id=other.id,
                    member_id=id_,
                    license_id=license_.id,
                    roster_role=role.value,
                    role=role.value,
                    active=active,
                    last_launch_at=opened[1],
                )
            )
        session.flush()
        received = chance.choice([0, 0, 3, 5, 8, 12, 30])
        if received and active:
            allot(*where, member_ids=[id_], each=received, actor=OPERATOR, now=NOW)
            used = chance.choice([0, received, received // 2])
            if used:
                holds.spend(*where, id_, amount=used, actor=OPERATOR, now=NOW)
            if used < received and chance.random() < 0.4:
                lasts = timedelta(minutes=chance.choice([10, 50]))
                holds.hold(*where, id_, amount=1, actor=OPERATOR, now=NOW, lasts=lasts)
    titles = {course.id: str(course.title) for course in courses}
    return Reach(license_.id, titles, is_whole=True), Reach(license_.id, {courses[0].id: "Art"})


def listed(session: Session, within: Reach, terms: Terms, wish: Wish) -> list[Row]:
    """All of the list, page by page."""
    total = counts.count(session, within, terms, wish, now=LATER).of(wish.show)
    pages = range(1, -(-total // directory.PAGE) + 1)
    rows = [
        row
        for number in pages
        for row in directory.page(session, within, terms, replace(wish, page=number), total=total, now=LATER)
    ]
    assert len(rows) == total
    return rows


@pytest.mark.parametrize("seed", [1, 2])
def test_it_counts_whom_the_directory_lists(books: Books, seed: int) -> None:
    with books() as session:
        for within in school(session, random.Random(seed)):
            every = counts.count(session, within, TERMS, Wish(), now=LATER)
            heads = census.heads(session, within, TERMS.resource)
            assert (heads.active, heads.students) == (every.active, every.students)
            assert counts.size(session, within, TERMS.resource) == every.of("all")
            held = census.held(session, within, TERMS.resource, now=LATER)
            assert held.available == every.available + every.inactive_available
            assert held.reserved == every.reserved + every.inactive_reserved
            assert held.used == every.used + every.inactive_used
            for terms in (TERMS, replace(TERMS, maximum=0), replace(TERMS, pool=4)):
                wish = Wish(show="waiting", sort="name")
                wanted = listed(session, within, terms, wish)
                assert wanted or terms.maximum, "nobody waits, which proves nothing"
                count = census.count_waiting(session, within, terms)
                found = census.waiting(session, within, terms, count=count, limit=50)
                assert count == len(wanted)
                assert [(one.member_id, one.received, one.opened_at, one.namesakes) for one in found] == [
                    (row.member_id, row.received, row.opened_at, row.namesakes) for row in wanted
                ]
                few = census.waiting(session, within, terms, count=count, limit=2)
                assert {one.member_id for one in few} <= {row.member_id for row in wanted}
                assert len(few) == min(2, count)


@pytest.mark.parametrize("seed", [1, 2])
def test_it_sorts_each_student_into_one_step_of_what_they_have(books: Books, seed: int) -> None:
    with books() as session:
        both, art = school(session, random.Random(seed))
        for within, of_license in ((both, True), (both, False), (art, False)):
            rows = listed(session, within, TERMS, EVERYBODY)
            students = [row for row in rows if row.active and row.role is Role.LEARNER]
            found = census.purses(session, within, TERMS, of_license=of_license, now=LATER)
            bounds = [-1, 0, 5, 10, 20, 10**9]
            steps = list(itertools.pairwise(bounds))
            # Whom the LMS gave no role is listed among the students, and gets nothing as one (R26).
            none = {row.member_id for row in students} - _learners(session, within)
            students = [row for row in students if row.member_id not in none]
            assert found.left == tuple(sum(low < row.available <= high for row in students) for low, high in steps)
            assert found.came == tuple(sum(low < row.received <= high for row in students) for low, high in steps)
            assert found.students == len(students)
            if of_license:
                heads = census.heads(session, within, TERMS.resource, known=found.active)
                assert heads == census.heads(session, within, TERMS.resource)
            if of_license:
                assert found.received == census.received_by_students(session, within.license_id, TERMS.resource)


def _learners(session: Session, within: Reach) -> set[str]:
    rows = session.query(Enrollment.member_id, Enrollment.role).filter(
        Enrollment.license_id == within.license_id, Enrollment.active
    )
    return {member_id for member_id, role in rows if role == Role.LEARNER.value}


def test_nobody_outside_the_reach_is_counted(books: Books) -> None:
    with books() as session:
        school(session, random.Random(3))
        other = make_license(session, context=make_context(session))
        nobody = reach.Reach(other.id, {"none": "None"})
        assert census.heads(session, nobody, TERMS.resource) == census.Heads(0, 0)
        assert census.count_waiting(session, nobody, TERMS) == 0
        assert census.purses(session, nobody, TERMS, of_license=True, now=LATER).students == 0
        assert census.held(session, nobody, TERMS.resource, now=LATER) == census.Held(0, 0, 0)
