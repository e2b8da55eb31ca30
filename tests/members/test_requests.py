"""Requests for credits: one open a student, answered once, and by whoever gives in whatever way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lti_tool.errors import Invalid
from lti_tool.ids import new_id
from lti_tool.ledger import policies
from lti_tool.ledger.accounts import Account, freeze
from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.movements import OPERATOR, SYSTEM, Actor
from lti_tool.ledger.refusals import FormReused, NotActive, PoolShort
from lti_tool.ledger.transfers import post_spend
from lti_tool.lti.roles import Role
from lti_tool.members import requests
from lti_tool.members.people import Member
from lti_tool.members.reach import Reach
from lti_tool.members.requests import AnsweredBefore, AskedOften, Asking, CreditRequest, HasCredits
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member
from tests.members.rosters import open_school, student


@dataclass(frozen=True)
class Class:
    """A licence of 100 with two students and a teacher in one course; ids."""

    books: Books
    within: Reach
    ada: str
    emmy: str
    teacher: str

    @property
    def license(self) -> str:
        return self.within.license_id

    def ask(self, member_id: str, reason: str | None = None, **later: float) -> None:
        with self.books() as session:
            now = NOW + timedelta(**later)
            requests.ask(session, self.license, EXPORT_CREDITS, member_id, reason=reason, now=now)

    def waiting(self) -> list[Asking]:
        with self.books() as session:
            return requests.waiting(session, self.within, EXPORT_CREDITS.name, limit=9).shown

    def give(self, ids: list[str], each: int = 5, key: str = "") -> int:
        with self.books() as session:
            actor = Actor("person", self.teacher)
            where = (session, self.within, EXPORT_CREDITS, ids)
            given = requests.give(*where, each=each, actor=actor, now=NOW, note=None, request_key=key or new_id())
            return given.total

    def decline(self, ids: list[str], words: str | None = None) -> None:
        with self.books() as session:
            where = (session, self.within, EXPORT_CREDITS.name, ids)
            requests.decline(*where, words=words, by=self.teacher, now=NOW)

    def answers(self) -> list[str | None]:
        """Of all requests, oldest first."""
        with self.books() as session:
            return list(session.scalars(select(CreditRequest.answer).order_by(CreditRequest.id)))

    def available(self, member_id: str) -> int:
        with self.books() as session:
            return session.get_one(Account, (self.license, EXPORT_CREDITS.name, member_id)).balance


@pytest.fixture
def klass(books: Books) -> Class:
    with books() as session:
        course = make_context(session)
        license_ = make_license(session, context=course)
        ada, emmy = (make_member(session, license_, course, name=name).id for name in ("Ada", "Emmy"))
        teacher = make_member(session, license_, course, role=Role.TEACHER, name="Grace").person_id
        return Class(books, Reach(license_.id, {course.id: "Fiction"}), ada, emmy, teacher)


def test_asking_twice_leaves_one_request(klass: Class) -> None:
    klass.ask(klass.ada, "two videos left")
    klass.ask(klass.ada, "and again")
    assert [(asking.name, asking.reason) for asking in klass.waiting()] == [("Ada", "two videos left")]


def test_the_database_itself_lets_nobody_have_two_open_requests(klass: Class) -> None:
    klass.ask(klass.ada)
    where = {"license_id": klass.license, "resource": EXPORT_CREDITS.name, "member_id": klass.ada}
    with pytest.raises(IntegrityError), klass.books() as session:
        session.execute(insert(CreditRequest).values(id=new_id(), received=0, at=NOW, **where))


def test_who_has_credits_or_gets_them_by_themselves_has_nothing_to_ask_for(klass: Class) -> None:
    with klass.books() as session:
        where = (session, klass.license, EXPORT_CREDITS)
        policies.save(*where, maximum=5, based_on=0, actor=OPERATOR, now=NOW)
    with pytest.raises(HasCredits):
        klass.ask(klass.ada)
    with klass.books() as session:
        top_up_at_launch(session, klass.license, EXPORT_CREDITS, klass.ada, now=NOW)
    with pytest.raises(HasCredits):
        klass.ask(klass.ada)
    with klass.books() as session:
        spend: dict[str, Any] = {"amount": 5, "actor": SYSTEM, "now": NOW, "reference": "Osmosis"}
        post_spend(session, klass.license, EXPORT_CREDITS.name, klass.ada, **spend)
    klass.ask(klass.ada)
    assert [(asking.received, asking.used) for asking in klass.waiting()] == [(5, 5)]


def test_nobody_asks_more_than_three_times_in_a_day(klass: Class) -> None:
    for hour in range(3):
        klass.ask(klass.ada, hours=hour)
        with klass.books() as session:
            requests.withdraw(session, klass.license, EXPORT_CREDITS.name, klass.ada, now=NOW)
    with pytest.raises(AskedOften):
        klass.ask(klass.ada, hours=23)
    klass.ask(klass.emmy, hours=23)
    klass.ask(klass.ada, hours=25)
    assert klass.answers() == ["withdrawn", "withdrawn", "withdrawn", None, None]


def test_a_reason_has_an_end(klass: Class) -> None:
    klass.ask(klass.ada, "é" * 200)
    with pytest.raises(Invalid):
        klass.ask(klass.emmy, "é" * 201)
    assert len(klass.waiting()) == 1


def test_who_left_cannot_ask_and_is_asked_for_no_more(klass: Class) -> None:
    klass.ask(klass.ada)
    with klass.books() as session:
        freeze(session, klass.license, [klass.ada])
        requests.leave(session, klass.license, [klass.ada], now=NOW)
    with pytest.raises(NotActive):
        klass.ask(klass.ada)
    assert klass.answers() == ["withdrawn"]


def test_a_roster_that_drops_somebody_takes_their_request_back(books: Books) -> None:
    school = open_school(books)
    school.apply([student("s-1"), student("s-2")])
    license_id = school.course.license_id
    with books() as session:
        for member_id in session.scalars(select(Member.id).where(Member.license_id == license_id)).all():
            requests.ask(session, license_id, EXPORT_CREDITS, member_id, reason=None, now=NOW)
    school.apply([student("s-1")])
    with books() as session:
        assert sorted(map(str, session.scalars(select(CreditRequest.answer)))) == ["None", "withdrawn"]


def test_all_who_ask_get_the_same_by_one_batch(klass: Class) -> None:
    klass.ask(klass.ada)
    klass.ask(klass.emmy)
    ids = [asking.id for asking in klass.waiting()]
    assert klass.give(ids, each=4, key="k" * 36) == 8
    assert klass.give(ids, each=4, key="k" * 36) == 8  # the same form again gives nothing more (R17)
    with pytest.raises(FormReused):
        klass.give(ids, each=5, key="k" * 36)
    assert (klass.available(klass.ada), klass.available(klass.emmy)) == (4, 4)
    assert klass.answers() == ["given", "given"]
    assert klass.waiting() == []


def test_what_the_license_has_not_is_given_to_nobody(klass: Class) -> None:
    klass.ask(klass.ada)
    klass.ask(klass.emmy)
    with pytest.raises(PoolShort):
        klass.give([asking.id for asking in klass.waiting()], each=51)
    assert len(klass.waiting()) == 2


def test_whoever_gives_in_another_way_has_answered(klass: Class) -> None:
    klass.ask(klass.ada)
    [asking] = klass.waiting()
    with klass.books() as session:
        allot(session, klass.license, EXPORT_CREDITS, member_ids=[klass.ada], each=1, actor=OPERATOR, now=NOW)
    assert klass.waiting() == []
    for answer in (klass.give, klass.decline):
        with pytest.raises(AnsweredBefore):
            answer([asking.id])
    with klass.books() as session:
        spend: dict[str, Any] = {"amount": 1, "actor": SYSTEM, "now": NOW, "reference": "Osmosis"}
        post_spend(session, klass.license, EXPORT_CREDITS.name, klass.ada, **spend)
    klass.ask(klass.ada)
    assert klass.answers() == ["given", None]


def test_a_form_that_was_saved_before_answers_no_later_request(klass: Class) -> None:
    klass.ask(klass.ada)
    key = new_id()
    klass.give([klass.waiting()[0].id], each=1, key=key)
    with klass.books() as session:
        spend: dict[str, Any] = {"amount": 1, "actor": SYSTEM, "now": NOW, "reference": "Osmosis"}
        post_spend(session, klass.license, EXPORT_CREDITS.name, klass.ada, **spend)
    klass.ask(klass.ada)
    [again] = klass.waiting()
    klass.give([again.id], each=1, key=key)
    assert klass.answers() == ["given", None], "nothing came of the second, so it is open"
    assert klass.available(klass.ada) == 0


def test_a_request_is_declined_once_and_can_be_made_again(klass: Class) -> None:
    klass.ask(klass.ada)
    ids = [asking.id for asking in klass.waiting()]
    klass.decline(ids, "After the holidays.")
    klass.decline(ids, "After the holidays.")
    with pytest.raises(AnsweredBefore):
        klass.give(ids)
    assert klass.available(klass.ada) == 0
    klass.ask(klass.ada, hours=1)
    assert klass.answers() == ["declined", None]


def test_a_member_of_others_is_answered_by_nobody_here(klass: Class) -> None:
    klass.ask(klass.ada)
    ids = [asking.id for asking in klass.waiting()]
    with klass.books() as session:
        course = make_context(session)
        stranger = make_license(session, context=course)
        elsewhere = make_context(session)
        others = [Reach(stranger.id, {course.id: "Film"}), Reach(klass.license, {elsewhere.id: "Film"})]
    for within in others:
        other = Class(klass.books, within, klass.ada, klass.emmy, klass.teacher)
        assert other.waiting() == []
        for answer in (other.give, other.decline):
            with pytest.raises(AnsweredBefore):
                answer(ids)
    assert klass.answers() == [None]


@pytest.mark.parametrize("second", ["give", "decline"])
def test_of_two_teachers_at_the_same_moment_one_answers_and_the_other_reads_so(klass: Class, second: str) -> None:
    klass.ask(klass.ada)
    ids = [asking.id for asking in klass.waiting()]
    answers: list[Callable[[list[str]], object]] = [klass.give, getattr(klass, second)]

    def refused(answer: Callable[[list[str]], object]) -> bool:
        try:
            answer(ids)
        except AnsweredBefore:
            return True
        return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(refused, answers)) == [False, True]
    [answer] = klass.answers()
    assert klass.available(klass.ada) == (5 if answer == "given" else 0)
