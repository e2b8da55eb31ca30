"""Units in use: R7, R8 and R12 at a hold or spend, R19 and R20, and every pair of endings of a hold."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from lti_tool.db import micros
from lti_tool.errors import NotFound
from lti_tool.ledger import expiry, holds, pools
from lti_tool.ledger.holds import Held
from lti_tool.ledger.refusals import AmountInvalid, HoldNotOpen, InsufficientCredits, NotActive
from lti_tool.ledger.rules import Standing
from lti_tool.ledger.transfers import Transfer
from lti_tool.lti.roles import Role
from tests.conftest import Books
from tests.factories import NOW
from tests.ledger.a_class import SERVICE, Class
from tests.ledger.conftest import OpenClass
from tests.ledger.statements import recorded

SECOND = timedelta(seconds=1)


def test_a_spend_takes_from_what_is_available(new_class: OpenClass, books: Books) -> None:
    class_ = new_class()
    student = class_.student(has=7)
    spent = class_.spend(student, 3, reference="export 9")
    assert spent.member == Standing(available=4, held=0, used=3, received=7)
    with books() as session:
        row = session.scalars(select(Transfer).where(Transfer.id == spent.transfer_id)).one()
    assert (row.kind, row.amount, row.member_id, row.member_balance_after) == ("spend", 3, student, 4)
    assert (row.actor_kind, row.actor_id, row.reference) == ("api_key", SERVICE.id, "export 9")


def test_r8_a_spend_brings_the_bundles_it_needs(new_class: OpenClass) -> None:
    class_ = new_class(maximum=15)
    student = class_.student(has=2)
    spent = class_.spend(student, 9)
    assert spent.member == Standing(available=3, held=0, used=9, received=12)
    [batch] = class_.batches("auto_allotment")
    assert (batch.total, batch.people, batch.policy_version, batch.actor_kind) == (10, 1, 1, "system")


@pytest.mark.parametrize(("maximum", "credits"), [(10, 100), (100, 12)])
def test_r12_no_bundle_is_stranded_on_a_student_who_still_cannot_export(
    new_class: OpenClass, maximum: int, credits: int
) -> None:
    class_ = new_class(maximum=maximum, credits=credits)
    student = class_.student(has=2)
    for attempt in (class_.spend, class_.hold):
        with pytest.raises(InsufficientCredits) as refused:
            attempt(student, 13)
        assert refused.value.figures == {
            "available": 2,
            "max_per_member": maximum,
            "received": 2,
            "pool": credits - 2,
        }
    assert class_.account(student).received == 2
    assert class_.pool() == credits - 2


@pytest.mark.parametrize("role", [Role.TEACHER, Role.TA])
def test_r7_staff_spend_what_they_were_given_and_get_no_bundles(new_class: OpenClass, role: Role) -> None:
    class_ = new_class(maximum=10)
    teacher = class_.student(role=role, has=3)
    class_.spend(teacher, 3)
    for attempt in (class_.spend, class_.hold):
        with pytest.raises(InsufficientCredits) as refused:
            attempt(teacher, 1)
        assert refused.value.figures["pool"] == 97
    assert class_.account(teacher).received == 3


def test_r19_a_hold_sets_units_aside(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 3)
    assert (held.status, held.amount, held.captured, held.member_id) == ("held", 3, 0, student)
    assert held.expires_at == NOW + timedelta(hours=1)
    account = class_.account(student)
    assert (account.balance, account.held, account.used) == (5, 3, 0)
    with pytest.raises(InsufficientCredits):
        class_.spend(student, 3)


def test_r19_capture_uses_a_part_and_frees_the_rest(new_class: OpenClass, books: Books) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 4)
    captured = class_.capture(held.id, 3)
    assert (captured.status, captured.amount, captured.captured) == ("captured", 4, 3)
    account = class_.account(student)
    assert (account.balance, account.held, account.used) == (2, 0, 3)
    with books() as session:
        row = session.scalars(select(Transfer).where(Transfer.hold_id == held.id)).one()
    assert (row.kind, row.amount, row.reference) == ("spend", 3, "export 1")


def test_r19_capture_takes_all_unless_told_otherwise(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    assert class_.capture(class_.hold(student, 4).id).captured == 4
    assert class_.account(student).used == 4


@pytest.mark.parametrize("amount", [0, -1, 5])
def test_r19_no_more_is_captured_than_is_held(new_class: OpenClass, amount: int) -> None:
    class_ = new_class()
    student = class_.student(has=9)
    held = class_.hold(student, 4)
    with pytest.raises(AmountInvalid):
        class_.capture(held.id, amount)
    assert class_.account(student).held == 4


def test_r19_release_frees_all(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    assert class_.release(class_.hold(student, 4).id).status == "released"
    account = class_.account(student)
    assert (account.balance, account.held, account.used) == (5, 0, 0)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(seconds=0.5), timedelta(days=7, seconds=1)])
def test_r19_a_hold_lasts_from_one_second_to_seven_days(new_class: OpenClass, lasts: timedelta) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    with pytest.raises(AmountInvalid) as refused:
        class_.hold(student, 1, lasts=lasts)
    assert refused.value.figures["field"] == "expires_in"
    for allowed in (SECOND, timedelta(days=7)):
        class_.hold(student, 1, lasts=allowed)


@pytest.mark.parametrize("amount", [0, -3, 1_000_001])
def test_r1_other_amounts_are_refused(new_class: OpenClass, amount: int) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    for attempt in (class_.spend, class_.hold):
        with pytest.raises(AmountInvalid):
            attempt(student, amount)


def test_a_long_reference_is_refused(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    with pytest.raises(AmountInvalid) as refused:
        class_.spend(student, 1, reference="x" * 201)
    assert refused.value.figures["field"] == "reference"


@pytest.mark.parametrize("again", ["spend", "hold"])
def test_r19_units_past_their_time_are_free_though_nobody_swept(new_class: OpenClass, again: str) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 5, lasts=SECOND)
    with pytest.raises(InsufficientCredits):
        getattr(class_, again)(student, 5, now=NOW + SECOND - timedelta(microseconds=1))
    getattr(class_, again)(student, 5, now=NOW + SECOND)
    assert class_.account(student).received == 5
    with class_.books() as session:
        assert holds.find(session, class_.license_id, held.id, now=NOW + SECOND).status == "expired"


def test_r19_a_spend_that_is_covered_tells_of_no_hold_past_its_time(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=9)
    class_.hold(student, 3, lasts=SECOND)
    class_.hold(student, 2)
    before = class_.spend(student, 1, now=NOW + SECOND - timedelta(microseconds=1))
    after = class_.spend(student, 1, now=NOW + SECOND)
    assert (before.member.available, before.member.held) == (3, 5)
    assert (after.member.available, after.member.held) == (5, 2)


def test_r19_a_hold_past_its_time_never_counts_as_held(new_class: OpenClass) -> None:
    class_ = new_class()
    here, gone = class_.student(has=5), class_.student(has=5)
    class_.hold(here, 3, lasts=SECOND)
    class_.hold(gone, 2, lasts=SECOND)
    class_.leave(gone)
    later = micros(NOW + SECOND)
    with class_.books() as session:
        [before] = pools.totals(session, class_.license_id, now_us=later - 1)
        [after] = pools.totals(session, class_.license_id, now_us=later)
    assert (before.available, before.held, before.frozen) == (5, 5, 3)
    assert (after.available, after.held, after.frozen) == (10, 0, 5)
    assert (after.issued, after.pool + after.allotted, after.allotted) == (100, 100, 10)


def test_the_sweeper_tidies_overdue_holds_of_everybody_and_leaves_the_others(new_class: OpenClass) -> None:
    class_, other = new_class(), new_class()
    students = [class_.student(has=5), class_.student(has=5), other.student(has=5)]
    for student, owner in zip(students, (class_, class_, other), strict=True):
        owner.hold(student, 2, lasts=SECOND)
        owner.hold(student, 1, lasts=2 * SECOND)
    class_.leave(students[0])
    with class_.books() as session:
        assert expiry.sweep(session, now=NOW + SECOND, most=2) == 2
        assert expiry.sweep(session, now=NOW + SECOND) == 1
        assert expiry.sweep(session, now=NOW + SECOND) == 0
    assert [class_.account(student).held for student in students[:2]] == [1, 1]
    assert other.account(students[2]).held == 1


def test_r20_who_left_every_course_can_neither_hold_nor_spend_and_can_again_on_return(new_class: OpenClass) -> None:
    class_ = new_class(maximum=10)
    student = class_.student(has=5)
    class_.leave(student)
    for attempt in (class_.spend, class_.hold):
        with pytest.raises(NotActive):
            attempt(student, 1)
    assert class_.account(student).balance == 5
    class_.come_back(student)
    assert class_.spend(student, 1).member.available == 4


def test_r20_an_export_under_way_ends_as_it_would_have_though_the_student_left(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    captured, released = class_.hold(student, 2), class_.hold(student, 2)
    class_.leave(student)
    assert class_.capture(captured.id).status == "captured"
    assert class_.release(released.id).status == "released"
    assert class_.account(student).balance == 3


def test_a_hold_of_another_license_does_not_exist(new_class: OpenClass) -> None:
    class_, other = new_class(), new_class()
    held = class_.hold(class_.student(has=5), 2)
    for attempt in (other.capture, other.release):
        with pytest.raises(NotFound):
            attempt(held.id)
    assert class_.capture(held.id).status == "captured"


ENDINGS: dict[str, Callable[[Class, Held], object]] = {
    "captured": lambda class_, held: class_.capture(held.id),
    "released": lambda class_, held: class_.release(held.id),
    "expired": lambda class_, held: class_.spend(held.member_id, 5, now=held.expires_at),
}


@pytest.mark.parametrize("first", ENDINGS)
@pytest.mark.parametrize("second", ["captured", "released"])
def test_r19_a_hold_ends_once(new_class: OpenClass, first: str, second: str) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 5)
    ENDINGS[first](class_, held)
    before = class_.account(student)
    with pytest.raises(HoldNotOpen) as refused:
        ENDINGS[second](class_, held)
    assert refused.value.figures == {"status": first}
    assert class_.account(student) == before
    assert before.held == 0


@pytest.mark.parametrize("first", ["captured", "released"])
def test_r19_a_hold_that_ended_does_not_expire(new_class: OpenClass, first: str) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = class_.hold(student, 5)
    ENDINGS[first](class_, held)
    before = class_.account(student)
    with class_.books() as session:
        assert expiry.sweep(session, now=held.expires_at) == 0
        assert holds.find(session, class_.license_id, held.id, now=held.expires_at).status == first
    assert class_.account(student) == before


@pytest.mark.parametrize("ending", ["captured", "released"])
def test_r19_a_hold_past_its_time_can_be_neither_captured_nor_released(new_class: OpenClass, ending: str) -> None:
    class_ = new_class()
    held = class_.hold(class_.student(has=5), 5, lasts=SECOND)
    with pytest.raises(HoldNotOpen) as refused:
        getattr(class_, {"captured": "capture", "released": "release"}[ending])(held.id, now=NOW + SECOND)
    assert refused.value.figures == {"status": "expired"}


def test_a_covered_spend_and_a_hold_are_four_statements_and_leave_the_pool_alone(
    new_class: OpenClass, engine: Engine
) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    with recorded(engine) as spend:
        class_.spend(student, 1)
    with recorded(engine) as hold:
        class_.hold(student, 1)
    assert (len(spend), len(hold)) == (4, 4)
    assert not any("update pools" in statement for statement in spend + hold)
