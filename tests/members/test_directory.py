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
from lti_tool.members.named import look_up
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.reach import Reach
from lti_tool.members.selection import SHOWS, Terms, looked_up
from tests.conftest import Books
from tests.factories import (
    NOW,
    enroll,
    listed_as,
    make_context,
    make_deployment,
    make_license,
    make_member,
    make_person,
)
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


@pytest.mark.parametrize("search", ["Student 1", "student", "Student 3", "ex_mple", "nobody is called so"])
def test_a_search_counts_and_lists_the_same_whatever_is_known_of_it_beforehand(books: Books, search: str) -> None:
    with books() as session:
        for within in school(session, random.Random(7)):
            everybody = listed(session, within, TERMS, EVERYBODY)
            people = {row.member_id: session.get_one(Person, row.person_id) for row in everybody}
            found = {
                id_
                for id_, person in people.items()
                if search.lower() in person.sort_name or search.lower() in (person.email or "").lower()
            }
            assert found or search in ("ex_mple", "nobody is called so")
            of_license = session.scalars(select(Member.id).where(Member.license_id == within.license_id)).all()
            missed = tuple(id_ for id_ in of_license if id_ not in found)
            for show, sort in (("all", "available"), ("active", "opened"), ("waiting", "name")):
                wish = replace(EVERYBODY, search=search, show=show, sort=sort)
                ways = [
                    wish,
                    looked_up(session, within, wish),
                    replace(wish, found=tuple(found)),
                    replace(wish, missed=missed),
                ]
                lists = [listed(session, within, TERMS, way) for way in ways]
                assert lists == [lists[0]] * len(ways)
                assert show != "all" or {row.member_id for row in lists[0]} == found
                counted = [counts.count(session, within, TERMS, way, now=LATER) for way in ways]
                assert counted == [counted[0]] * len(ways)
                active = counts.count(session, within, TERMS, EVERYBODY, now=LATER).active
                assert {one.of_license for one in counted} <= {None, active}
                assert not within.is_whole or counted[-1].of_license == active


def test_who_is_called_so_and_who_is_not_are_known_as_far_as_they_are_few(books: Books) -> None:
    with books() as session:
        deployment = make_deployment(session)
        course = make_context(session, deployment)
        license_ = make_license(session, deployment=deployment)
        names = ["Zoe", *(f"{word} {number:03}" for word in ("Student", "Pupil") for number in range(150))]
        ids = [make_member(session, license_, course, name=name).id for name in names]
        silent = make_member(session, license_, course, name="Silent")
        session.get_one(Person, silent.person_id).email = None
        session.flush()
        make_member(session, make_license(session), make_context(session, deployment), name="Zoe elsewhere")
        assert look_up(session, license_.id, "ZOE") == ((ids[0],), None)
        assert look_up(session, license_.id, "school.test") == (None, (silent.id,))
        found, missed = look_up(session, license_.id, "student 1")
        assert (set(found or ()), missed) == (set(ids[101:151]), None)
        assert look_up(session, license_.id, "student") == (None, None)
