"""Bundles at a launch (R8 to R14) and credits by hand (R15 to R18)."""

import pytest
from sqlalchemy import Engine, select

from lti_tool.ids import new_id
from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.ledger.rules import Why
from lti_tool.ledger.transfers import Transfer
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.ledger.a_class import TEACHER
from tests.ledger.conftest import OpenClass
from tests.ledger.statements import recorded


def test_r8_the_first_launch_brings_one_bundle_and_the_second_none(new_class: OpenClass) -> None:
    class_ = new_class(credits=100, maximum=10)
    student = class_.student()
    first, second = class_.launch(student), class_.launch(student)
    assert (first.allotted, first.standing.available, first.pool) == (5, 5, 95)
    assert (second.allotted, second.why_none, second.pool) == (0, None, 95)


def test_r8_what_is_held_is_not_nothing_left(new_class: OpenClass) -> None:
    class_ = new_class(maximum=100)
    student = class_.student()
    class_.launch(student)
    class_.hold(student, 5)
    assert class_.launch(student).allotted == 0


def test_r8_a_student_who_used_everything_gets_the_next_bundle(new_class: OpenClass) -> None:
    class_ = new_class(maximum=10)
    student = class_.student()
    class_.launch(student)
    class_.spend(student, 5)
    assert class_.launch(student).allotted == 5


def test_r10_credits_by_hand_count_towards_the_maximum(new_class: OpenClass) -> None:
    class_ = new_class(maximum=10)
    student = class_.student(has=7)
    class_.spend(student, 7)
    refused = class_.launch(student)
    assert (refused.allotted, refused.why_none) == (0, Why.MAXIMUM)
    assert class_.account(student).auto_received == 0


def test_a_student_at_the_maximum_gets_no_more(new_class: OpenClass) -> None:
    class_ = new_class(maximum=5)
    student = class_.student()
    class_.launch(student)
    class_.spend(student, 5)
    assert class_.launch(student).why_none is Why.MAXIMUM
    assert class_.account(student).received == 5


def test_r11_a_pool_without_a_whole_bundle_gives_nothing_and_the_launch_goes_on(new_class: OpenClass) -> None:
    class_ = new_class(credits=4, maximum=10)
    topped = class_.launch(class_.student())
    assert (topped.allotted, topped.why_none, topped.pool) == (0, Why.POOL, 4)
    assert class_.pool() == 4


def test_r6_nothing_comes_by_itself_unless_a_maximum_was_saved(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student()
    assert class_.launch(student).why_none is Why.OFF


def test_r13_raising_the_maximum_works_at_the_next_need(new_class: OpenClass) -> None:
    class_ = new_class(maximum=5)
    student = class_.student()
    class_.launch(student)
    class_.spend(student, 5)
    class_.set_maximum(10)
    assert class_.account(student).received == 5
    assert class_.launch(student).allotted == 5


@pytest.mark.parametrize("lowered", [5, 0])
def test_r13_lowering_takes_nothing_back_and_stops_further_bundles(new_class: OpenClass, lowered: int) -> None:
    class_ = new_class(maximum=10)
    student = class_.student()
    class_.spend(student, 6)
    class_.set_maximum(lowered)
    assert class_.account(student).balance == 4
    class_.spend(student, 4)
    assert class_.launch(student).allotted == 0


def test_r14_each_automatic_batch_names_the_setting_it_obeyed(new_class: OpenClass) -> None:
    class_ = new_class(maximum=5)
    early, late = class_.student(), class_.student()
    class_.launch(early)
    class_.set_maximum(10)
    class_.launch(late)
    assert [batch.policy_version for batch in class_.batches("auto_allotment")] == [1, 2]


def test_r20_a_member_who_left_gets_no_bundle(new_class: OpenClass) -> None:
    class_ = new_class(maximum=10)
    student = class_.student(active=False)
    with pytest.raises(NotActive):
        class_.launch(student)
    class_.come_back(student)
    assert class_.launch(student).allotted == 5


def test_r15_everybody_gets_the_number_and_the_batch_says_who_and_why(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=100)
    students = class_.students(3)
    posted = class_.allot([*students, students[0]], 7, note="Essay week")
    assert (posted.total, posted.people, posted.pool_after) == (21, 3, 79)
    assert [class_.account(student).balance for student in students] == [7, 7, 7]
    with books() as session:
        rows = session.scalars(select(Transfer).where(Transfer.batch_id == posted.batch_id)).all()
    assert sorted(str(row.member_id) for row in rows) == students
    assert {(row.kind, row.amount, row.actor_id, row.note) for row in rows} == {
        ("manual_allotment", 7, TEACHER.id, "Essay week")
    }


@pytest.mark.parametrize(("each", "field"), [(0, "amount"), (-5, "amount"), (10_001, "amount")])
def test_r15_other_amounts_are_refused(new_class: OpenClass, each: int, field: str) -> None:
    class_ = new_class()
    with pytest.raises(AmountInvalid) as refused:
        class_.allot([class_.student()], each)
    assert refused.value.figures["field"] == field
    assert class_.pool() == 100


def test_r15_nobody_picked_and_a_long_note_are_refused(new_class: OpenClass) -> None:
    class_ = new_class()
    with pytest.raises(AmountInvalid) as nobody:
        class_.allot([], 5)
    with pytest.raises(AmountInvalid) as long_note:
        class_.allot([class_.student()], 5, note="x" * 201)
    assert (nobody.value.figures["field"], long_note.value.figures["field"]) == ("members", "note")


def test_r15_one_who_left_stops_the_whole_batch(new_class: OpenClass) -> None:
    class_ = new_class()
    students = class_.students(3)
    class_.leave(students[1])
    with pytest.raises(NotActive) as refused:
        class_.allot(students, 5)
    assert refused.value.figures == {"missing": 1}
    assert [class_.account(student).received for student in students] == [0, 0, 0]
    assert class_.pool() == 100


def test_a_member_of_another_license_stops_the_whole_batch(new_class: OpenClass) -> None:
    class_, other = new_class(), new_class()
    mine, theirs = class_.student(), other.student()
    with pytest.raises(NotActive):
        class_.allot([mine, theirs], 5)
    assert (class_.pool(), other.pool()) == (100, 100)


def test_r16_a_pool_that_is_one_short_gives_nobody_anything_and_says_how_many_are_missing(new_class: OpenClass) -> None:
    class_ = new_class(credits=14)
    students = class_.students(3)
    with pytest.raises(PoolShort) as refused:
        class_.allot(students, 5)
    assert (refused.value.needed, refused.value.pool, refused.value.missing) == (15, 14, 1)
    assert [class_.account(student).received for student in students] == [0, 0, 0]
    assert class_.pool() == 14


def test_r17_a_form_that_is_sent_twice_makes_one_batch(new_class: OpenClass) -> None:
    class_ = new_class(credits=10)
    student, key = class_.student(), new_id()
    first = class_.allot([student], 10, request_key=key)
    assert class_.allot([student], 10, request_key=key) == first  # although the pool is empty by now
    class_.leave(student)
    assert class_.allot([student], 10, request_key=key) == first  # and although they left
    assert class_.account(student).received == 10


@pytest.mark.parametrize("other", ["people", "amount", "note"])
def test_r17_a_form_that_is_sent_again_with_other_wishes_is_refused(new_class: OpenClass, other: str) -> None:
    class_ = new_class()
    students, key = class_.students(2), new_id()
    class_.allot(students[:1], 5, request_key=key)
    with pytest.raises(FormReused):
        class_.allot(
            students[1:] if other == "people" else students[:1],
            6 if other == "amount" else 5,
            note="more" if other == "note" else None,
            request_key=key,
        )
    assert class_.pool() == 95


def test_r17_two_forms_are_two_batches(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student()
    class_.allot([student], 5, request_key=new_id())
    class_.allot([student], 5, request_key=new_id())
    assert class_.account(student).received == 10


def test_a_launch_is_two_statements_and_a_bundle_is_one_more(new_class: OpenClass, engine: Engine) -> None:
    class_ = new_class(maximum=10)
    student = class_.student()
    with recorded(engine) as with_bundle:
        class_.launch(student)
    with recorded(engine) as without:
        class_.launch(student)
    bundle = 4 if engine.dialect.name == "sqlite" else 1  # SQLite's are calls, each of what PostgreSQL does in one
    assert (len(with_bundle), len(without)) == (2 + bundle, 2)


@pytest.mark.parametrize("amount", [0, -1, 1_000_000_000_001])
def test_r1_a_grant_is_a_positive_whole_number(new_class: OpenClass, amount: int) -> None:
    class_ = new_class()
    with pytest.raises(AmountInvalid):
        class_.grant(amount)
    assert class_.pool() == 100


def test_a_grant_has_a_short_note(new_class: OpenClass, books: Books) -> None:
    class_ = new_class()
    with books() as session, pytest.raises(AmountInvalid):
        issuing.grant(session, class_.license_id, EXPORT_CREDITS, amount=1, actor=OPERATOR, now=NOW, note="x" * 201)
