"""Many real processes at once: nothing is allotted or spent twice, and nobody waits for ever (R14, R17, R19)."""

from collections import Counter

import pytest

from lti_tool.ledger.allotment import TopUp
from lti_tool.ledger.holds import Held, Spent
from lti_tool.ledger.movements import Posted
from lti_tool.ledger.refusals import HoldNotOpen, InsufficientCredits, PoolShort
from tests.ledger.a_class import Class
from tests.ledger.conftest import OpenClass
from tests.ledger.racing import Deed, race


def test_of_fifty_spends_of_the_last_credit_one_succeeds(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class()
    student = class_.student(has=1)
    outcomes = race(database_url, class_, [(Class.spend, (student, 1))] * 50)
    assert Counter(map(named, outcomes)) == {"Spent": 1, InsufficientCredits.code: 49}
    assert class_.account(student).used == 1


def test_of_fifty_students_who_need_the_last_bundle_one_gets_it(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=5, maximum=10)
    students = class_.students(50)
    outcomes = race(database_url, class_, [(Class.launch, (student,)) for student in students])
    assert sorted(outcome.allotted for outcome in outcomes if isinstance(outcome, TopUp)) == [0] * 49 + [5]
    assert class_.pool() == 0


def test_r14_fifty_first_launches_of_one_student_bring_one_bundle(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=100, maximum=50)
    student = class_.student()
    outcomes = race(database_url, class_, [(Class.launch, (student,))] * 50)
    assert sorted(outcome.allotted for outcome in outcomes if isinstance(outcome, TopUp)) == [0] * 49 + [5]
    assert (class_.pool(), class_.account(student).received) == (95, 5)


def test_spends_that_need_bundles_share_the_pool_exactly(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=30, maximum=1000)
    students = class_.students(4)
    outcomes = race(database_url, class_, [(Class.spend, (student, 4)) for student in students * 4])
    spent = sum(isinstance(outcome, Spent) for outcome in outcomes)
    assert class_.pool() == 0
    assert 4 * spent == sum(class_.account(student).used for student in students)
    assert sum(class_.account(student).received for student in students) == 30


def test_r17_one_form_from_ten_processes_makes_one_batch(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=1000)
    student = class_.student()
    outcomes = race(database_url, class_, [(Class.allot_by_form, ([student], 5, "the form"))] * 10)
    assert len({outcome.batch_id for outcome in outcomes if isinstance(outcome, Posted)}) == 1
    assert (class_.pool(), class_.account(student).received) == (995, 5)


def test_r17_one_form_with_other_people_in_each_process_makes_one_batch(
    new_class: OpenClass, database_url: str
) -> None:
    class_ = new_class(credits=1000)
    students = class_.students(10)
    outcomes = race(database_url, class_, [(Class.allot_by_form, ([student], 5, "the form")) for student in students])
    assert Counter(map(named, outcomes)) == {"Posted": 1, "form_reused": 9}
    assert class_.pool() == 995


def test_overlapping_batches_in_opposite_orders_do_not_deadlock(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=100_000)
    students = class_.students(30)
    batches = [students[:20], students[10:][::-1], students[::-1], students[5:25]] * 4
    deeds: list[Deed] = [(Class.allot, (people, 1)) for people in batches]
    spends: list[Deed] = [(Class.spend, (student, 1)) for student in students[:8]]
    outcomes = race(database_url, class_, deeds + spends)
    assert Counter(map(named, outcomes))["Posted"] == 16
    assert class_.pool() == 100_000 - sum(map(len, batches))


def test_batches_that_together_exceed_the_pool_never_share_it(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=100)
    students = class_.students(3)
    outcomes = race(database_url, class_, [(Class.allot, (students, 8))] * 8)
    assert Counter(map(named, outcomes)) == {"Posted": 4, PoolShort.code: 4}
    assert class_.pool() == 4


@pytest.mark.parametrize("rival", ["capture", "release", "expiry"])
def test_r19_a_hold_that_is_ended_in_ten_processes_at_once_ends_once(
    new_class: OpenClass, database_url: str, rival: str
) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 5)
    rivals: dict[str, Deed] = {
        "capture": (Class.capture, (held.id, 2)),
        "release": (Class.release, (held.id,)),
        "expiry": (Class.sweep, (held.expires_at,)),
    }
    deeds: list[Deed] = [(Class.capture, (held.id,)), rivals[rival]]
    outcomes = race(database_url, class_, deeds * 5)
    account = class_.account(student)
    ended = [outcome for outcome in outcomes if isinstance(outcome, Held) or outcome == 1]
    assert len(ended) == 1
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {HoldNotOpen.code}
    assert account.held == 0
    assert account.used in (0, 2, 5)


def test_of_ten_who_save_a_setting_at_once_one_is_first_and_the_others_are_told(
    new_class: OpenClass, database_url: str
) -> None:
    class_ = new_class()
    deeds: list[Deed] = [(Class.save_maximum, (5 * number, 0)) for number in range(1, 11)]
    outcomes = race(database_url, class_, deeds)
    assert Counter(map(named, outcomes)) == {"int": 1, "stale_setting": 9}


def test_leaving_while_spending_loses_neither(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class()
    student = class_.student(has=50)
    deeds: list[Deed] = [(Class.spend, (student, 1)), (Class.leave, (student,)), (Class.come_back, (student,))] * 8
    outcomes = race(database_url, class_, deeds)
    assert class_.account(student).used == sum(isinstance(outcome, Spent) for outcome in outcomes)


def named(outcome: object) -> str:
    return outcome if isinstance(outcome, str) else type(outcome).__name__
