"""The list's rows and counts, beside what a plain reading of the books says of each member, for any mixture."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.ids import new_id
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members import counts, directory, reach
from lti_tool.members.directory import Row
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.reach import Reach
from lti_tool.members.selection import SHOWS, Terms
from tests.conftest import Books
from tests.factories import NOW, enroll, listed_as, make_member, make_person
from tests.members.test_census import EVERYBODY, LATER, TERMS, listed, school


def plainly(session: Session, within: Reach, terms: Terms, member_id: str) -> dict[str, object]:
    """What a row has to say of this member, looked up one by one."""
    here = [session.get(Enrollment, (course, member_id)) for course in within.courses]
    there = [one for one in here if one]
    account = session.get_one(Account, (within.license_id, terms.resource, member_id))
    holds = session.scalars(select(Hold).where(Hold.member_id == member_id, Hold.status == "held"))
    reserved = sum(hold.amount for hold in holds if hold.expires_at > LATER)
    comes = bool(terms.maximum) and account.received + terms.bundle <= terms.maximum and terms.pool >= terms.bundle
    opened = max((one.last_launch_at for one in there if one.last_launch_at), default=None)
    is_student = any(one.active and one.role == Role.LEARNER.value for one in there)
    return {
        "active": any(one.active for one in there),
        "waiting": is_student and opened is not None and not account.frozen and not account.balance and not comes,
        "received": account.received,
        "used": account.used,
        "reserved": reserved,
        "available": account.balance - reserved,
        "opened_at": opened,
    }


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_licence_that_is_seen_as_a_whole_has_the_same_members(books: Books, is_whole: bool) -> None:
    with books() as session:
        both, _art = school(session, random.Random(8))
        within = replace(both, is_whole=is_whole)
        for wish in (EVERYBODY, replace(EVERYBODY, show="waiting"), replace(EVERYBODY, search="Student 1")):
            rows = listed(session, within, TERMS, wish)
            assert rows == listed(session, both, TERMS, wish) != []
            assert counts.count(session, within, TERMS, wish, now=LATER) == counts.count(
                session, both, TERMS, wish, now=LATER
            )
            ids = directory.whole(session, within, TERMS, wish, now=LATER)
            assert ids == sorted(row.member_id for row in rows if row.active)


def test_a_reach_is_whole_as_long_as_nobody_was_ever_in_another_course(books: Books) -> None:
    with books() as session:
        both, art = school(session, random.Random(8))
        license_ = session.get_one(License, both.license_id)
        contexts = [session.get_one(Context, id_) for id_ in both.courses]
        teacher = make_member(session, license_, contexts[0], role=Role.TEACHER)
        within = reach.of_staff(session, license_.id, teacher.id, teaching=True)
        assert within.courses.keys() == art.courses.keys()
        assert not within.is_whole
        session.add(
            Enrollment(
                context_id=contexts[1].id,
                member_id=teacher.id,
                license_id=license_.id,
                roster_role="teacher",
                role="teacher",
                active=True,
            )
        )
        session.flush()
        within = reach.of_staff(session, license_.id, teacher.id, teaching=True)
        assert within.is_whole
        assert not within.only(contexts[1].id).is_whole


@pytest.mark.parametrize("seed", [4, 5])
def test_it_says_of_each_what_the_books_say(books: Books, seed: int) -> None:
    with books() as session:
        for within in school(session, random.Random(seed)):
            for terms in (TERMS, replace(TERMS, maximum=0)):
                rows = listed(session, within, terms, EVERYBODY)
                for row in rows:
                    wanted = plainly(session, within, terms, row.member_id)
                    assert {name: getattr(row, name) for name in wanted} == wanted
                found = counts.count(session, within, terms, EVERYBODY, now=LATER)
                by = Counter((row.active, row.waiting) for row in rows)
                assert found.of("active") == by[True, True] + by[True, False]
                assert found.of("all") == len(rows)
                assert found.waiting == by[True, True]
                for show in SHOWS:
                    wish = replace(EVERYBODY, show=show)
                    shown = listed(session, within, terms, wish)
                    sums = tuple(
                        sum(getattr(row, name) for row in shown)
                        for name in ("received", "used", "reserved", "available")
                    )
                    assert counts.count(session, within, terms, wish, now=LATER).sums == sums


@pytest.mark.parametrize("sort", ["available", "-used", "opened", "-opened", "name", "-name", "course"])
def test_it_sorts_by_what_is_asked_and_then_by_name(books: Books, sort: str) -> None:
    with books() as session:
        both, art = school(session, random.Random(6))
        for within in (both, art):
            rows = listed(session, within, replace(TERMS, maximum=0), replace(EVERYBODY, sort=sort))
            keys: dict[str, Callable[[Row], Any]] = {
                "available": lambda row: (not row.waiting, row.available),
                "-used": lambda row: -row.used,
                "opened": lambda row: (row.opened_at is not None, row.opened_at or LATER),
                "name": lambda _row: 0,
                "course": lambda row: row.courses[0],
            }
            key = keys[sort.replace("-opened", "opened").replace("-name", "name")]
            assert len(rows) > directory.PAGE or within is art, "one page cannot be wrong about the next"
            by_id = sorted(rows, key=lambda row: row.member_id)
            by_name = sorted(by_id, key=lambda row: row.sort_name, reverse=sort == "-name")
            assert rows == sorted(by_name, key=key, reverse=sort == "-opened")


@pytest.mark.parametrize("sort", ["opened", "-opened", "course", "name"])
def test_who_has_no_account_yet_is_on_no_page_and_in_no_count(books: Books, sort: str) -> None:
    with books() as session:
        for within in school(session, random.Random(9)):
            course = session.get_one(Context, next(iter(within.courses)))
            deployment = session.get_one(Deployment, course.deployment_id)
            person = make_person(session, deployment.platform_id)
            newcomer = Member(
                id=new_id(), license_id=within.license_id, person_id=person.id, created_at=NOW, **listed_as(person)
            )
            session.add(newcomer)
            session.flush()
            enroll(session, newcomer, course)
            rows = listed(session, within, TERMS, replace(EVERYBODY, sort=sort))
            assert newcomer.id not in {row.member_id for row in rows}
            assert counts.size(session, within, TERMS.resource) == len(rows)


def test_a_search_counts_and_lists_the_same(books: Books) -> None:
    with books() as session:
        for within in school(session, random.Random(7)):
            wish = replace(EVERYBODY, search="Student 1")
            rows = listed(session, within, TERMS, wish)
            everybody = listed(session, within, TERMS, EVERYBODY)
            assert {row.member_id for row in rows} == {
                row.member_id for row in everybody if "student 1" in session.get_one(Person, row.person_id).sort_name
            }
            assert counts.count(session, within, TERMS, wish, now=LATER).of("all") == len(rows) > 0
