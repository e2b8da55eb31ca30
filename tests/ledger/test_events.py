"""What the books tell: each event once, with its effect or not at all, and nothing where nobody asked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from lti_tool.ledger import holds, issuing
from lti_tool.ledger.events import ALLOTTED, HOLD_EXPIRED, KINDS, MEMBER_WAITING, MOST_MEMBERS, POOL_LOW
from lti_tool.ledger.movements import SYSTEM
from lti_tool.ledger.refusals import InsufficientCredits, PoolShort
from lti_tool.ledger.rules import Pool, thresholds_crossed
from lti_tool.ledger.transfers import Transfer
from lti_tool.webhooks import endpoints
from lti_tool.webhooks.deliveries import Delivery
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_endpoint, make_license
from tests.ledger.a_class import Class
from tests.ledger.conftest import OpenClass
from tests.ledger.racing import race
from tests.ledger.statements import recorded

SECOND = timedelta(seconds=1)


def told(class_: Class, kind: str) -> list[dict[str, Any]]:
    """The data of the events of that kind, oldest first."""
    with class_.books() as session:
        found = select(Delivery.data).where(Delivery.license_id == class_.license_id, Delivery.kind == kind)
        return [json.loads(data) for data in session.scalars(found.order_by(Delivery.event_id))]


def ask(class_: Class, *kinds: str) -> str:
    """Adds an endpoint for these kinds, or all; its id."""
    with class_.books() as session:
        return make_endpoint(session, class_.license_id, *kinds).id


def refuse(class_: Class, student: str, amount: int) -> None:
    """A spend that is refused, and whose refusal is committed, as the machine API does."""
    with class_.books() as session, pytest.raises(InsufficientCredits):
        holds.spend(session, class_.license_id, EXPORT_CREDITS, student, amount=amount, actor=SYSTEM, now=NOW)


def test_a_batch_by_hand_is_one_event_with_its_members(new_class: OpenClass) -> None:
    class_ = new_class(credits=100)
    students = class_.students(3)
    ask(class_)
    posted = class_.allot(students, 2, note="for Ada Lovelace")
    [event] = told(class_, ALLOTTED)
    assert event == {
        "license": class_.license_id,
        "resource": "export-credits",
        "batch": posted.batch_id,
        "kind": "manual_allotment",
        "amount_each": 2,
        "people": 3,
        "total": 6,
        "pool": 94,
        "members": students,
        "others_after": None,
    }


def test_an_automatic_bundle_is_an_event_at_a_launch_and_at_a_spend(new_class: OpenClass) -> None:
    class_ = new_class(maximum=10)
    student = class_.student()
    ask(class_)
    class_.launch(student)
    class_.launch(student)
    class_.spend(student, 6)
    class_.spend(student, 1)
    assert [(one["kind"], one["members"], one["total"]) for one in told(class_, ALLOTTED)] == [
        ("auto_allotment", [student], 5),
        ("auto_allotment", [student], 5),
    ]


def test_a_large_batch_names_its_first_members_and_where_the_journal_has_the_others(new_class: OpenClass) -> None:
    class_ = new_class(credits=1_000)
    students = class_.students(MOST_MEMBERS + 3)
    ask(class_)
    posted = class_.allot(students, 1)
    [event] = told(class_, ALLOTTED)
    with class_.books() as session:
        after = Transfer.id > event["others_after"]
        others = session.scalars(select(Transfer.member_id).where(Transfer.batch_id == posted.batch_id, after))
        assert sorted(event["members"] + list(others)) == students
    assert len(event["members"]) == MOST_MEMBERS
    assert event["people"] == MOST_MEMBERS + 3


@pytest.mark.parametrize("others", [(), (POOL_LOW, MEMBER_WAITING, HOLD_EXPIRED)])
def test_nothing_is_written_where_nobody_asked_for_it(
    new_class: OpenClass, engine: Engine, books: Books, others: tuple[str, ...]
) -> None:
    class_ = new_class(maximum=10)
    students = class_.students(2)
    if others:
        ask(class_, *others)
    with books() as session:
        make_endpoint(session, make_license(session).id)  # another school's
    with recorded(engine) as statements:
        class_.launch(students[0])
    class_.allot(students, 1)
    assert told(class_, ALLOTTED) == []
    as_ever = 6 if engine.dialect.name == "sqlite" else 3
    assert len(statements) == (as_ever + 1 if others else as_ever)


def test_a_covered_spend_makes_no_statement_more_for_those_who_listen(new_class: OpenClass, engine: Engine) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    with recorded(engine) as alone:
        class_.spend(student, 1)
    ask(class_)
    with recorded(engine) as heard:
        class_.spend(student, 1)
    assert heard == alone


def test_each_endpoint_that_asked_gets_the_event_under_one_id(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student()
    first, second, ended, _ = ask(class_, ALLOTTED), ask(class_), ask(class_), ask(class_, HOLD_EXPIRED)
    with class_.books() as session:
        endpoints.end(session, endpoints.find(session, ended), endpoints.OFF, "tried", now=NOW)
    class_.allot([student], 1)
    with class_.books() as session:
        rows = session.execute(select(Delivery.endpoint_id, Delivery.event_id)).all()
    assert {endpoint for endpoint, _ in rows} == {first, second}
    assert len({event for _, event in rows}) == 1


def test_the_event_is_undone_with_its_effect(new_class: OpenClass) -> None:
    class_ = new_class(credits=10, maximum=5)
    student = class_.student()
    ask(class_)
    with class_.books() as session:
        holds.spend(session, class_.license_id, EXPORT_CREDITS, student, amount=1, actor=SYSTEM, now=NOW)
        session.rollback()
    with pytest.raises(PoolShort):
        class_.allot([student], 11)
    assert [told(class_, kind) for kind in KINDS] == [[]] * 4
    assert class_.pool() == 10


def test_a_pool_that_falls_below_a_mark_is_told_once_until_it_has_risen(new_class: OpenClass) -> None:
    class_ = new_class(credits=100)
    student = class_.student()
    ask(class_)
    for each in (80, 1, 14, 1, 4):  # 20, 19, 5, 4, 0 are left
        class_.allot([student], each)
    class_.grant(100)
    class_.allot([student], 100)
    assert [(one["pool"], one["issued"], one["crossed"]) for one in told(class_, POOL_LOW)] == [
        (19, 100, ["fifth"]),
        (4, 100, ["bundle"]),
        (0, 100, ["empty"]),
        (0, 200, ["fifth", "bundle", "empty"]),
    ]


def test_money_given_back_may_empty_a_pool(new_class: OpenClass) -> None:
    class_ = new_class(credits=10)
    ask(class_)
    with class_.books() as session:
        issuing.refund(session, class_.license_id, EXPORT_CREDITS.name, amount=10, number="CR-1", actor=SYSTEM, now=NOW)
    assert [one["crossed"] for one in told(class_, POOL_LOW)] == [["empty"]]


def test_marks_are_crossed_downwards_only_and_judged_where_they_are_known() -> None:
    assert thresholds_crossed(Pool(20, 100), Pool(19, 100), bundle=5) == ["fifth"]
    assert thresholds_crossed(Pool(19, 100), Pool(18, 100), bundle=5) == []
    assert thresholds_crossed(Pool(5, 5), Pool(4, 5), bundle=5) == ["bundle"]
    assert thresholds_crossed(Pool(5, 5), Pool(4, 5), bundle=0) == []
    assert thresholds_crossed(Pool(0, 0), Pool(3, 3), bundle=5) == []
    assert thresholds_crossed(Pool(3, 3), Pool(0, 0), bundle=5) == ["empty"]


def test_a_student_who_waits_is_told_once_until_something_was_allotted(new_class: OpenClass) -> None:
    class_ = new_class(credits=3, maximum=10)
    student, other = class_.students(2)
    class_.launch(student)  # nobody listens yet
    ask(class_)
    for _ in range(3):
        class_.launch(student)
    class_.launch(other)
    assert [(one["member"], one["needed"], one["pool"]) for one in told(class_, MEMBER_WAITING)] == [
        (student, 1, 3),
        (other, 1, 3),
    ]
    class_.grant(2)
    class_.launch(student)
    with pytest.raises(InsufficientCredits):
        class_.spend(student, 6)
    assert len(told(class_, MEMBER_WAITING)) == 2, "what was refused was rolled back, with its event"


def test_a_refusal_that_is_kept_keeps_its_event_and_waits_anew_after_each_allotment(new_class: OpenClass) -> None:
    class_ = new_class(credits=5, maximum=10)
    student = class_.student()
    ask(class_)
    class_.launch(student)
    for _ in range(2):
        refuse(class_, student, 6)
    assert [(one["available"], one["needed"]) for one in told(class_, MEMBER_WAITING)] == [(5, 6)]


@pytest.mark.parametrize("maximum", [0, 5])
def test_who_may_get_no_more_does_not_wait_for_the_pool(new_class: OpenClass, maximum: int) -> None:
    class_ = new_class(credits=5, maximum=maximum)
    student = class_.student()
    ask(class_)
    class_.launch(student)
    refuse(class_, student, 6)
    assert told(class_, MEMBER_WAITING) == []


def test_a_hold_that_ran_out_is_told_where_nobody_touches_its_member(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    held = [class_.hold(student, amount, lasts=SECOND) for amount in (1, 2)]
    ask(class_)
    for _ in range(2):
        class_.sweep(NOW + SECOND)
    found = told(class_, HOLD_EXPIRED)
    assert sorted((one["hold"], one["amount"]) for one in found) == sorted((one.id, one.amount) for one in held)
    assert {one["member"] for one in found} == {student}
    assert {one["expires_at"] for one in found} == {"2026-11-23T09:00:01.000000Z"}


def test_a_hold_that_ended_in_time_is_not_told(new_class: OpenClass) -> None:
    class_ = new_class()
    student = class_.student(has=5)
    ask(class_)
    class_.capture(class_.hold(student, 1).id)
    class_.release(class_.hold(student, 1).id)
    class_.sweep(NOW + timedelta(days=8))
    assert told(class_, HOLD_EXPIRED) == []


def test_no_event_says_who_anybody_is(new_class: OpenClass) -> None:
    class_ = new_class(credits=5, maximum=10)
    student, other = class_.students(2)
    ask(class_)
    class_.launch(student)
    class_.launch(other)
    class_.hold(student, 1, lasts=SECOND)
    class_.sweep(NOW + SECOND)
    events = [event for kind in KINDS for event in told(class_, kind)]
    assert {len(told(class_, kind)) for kind in KINDS} == {1}
    text = json.dumps(events)
    assert not any(word in text for word in ("Ada", "Lovelace", "school.test", "export 1"))


def test_at_once_each_effect_has_one_event(new_class: OpenClass, database_url: str) -> None:
    class_ = new_class(credits=20, maximum=5)
    students = class_.students(6)
    class_.allot([students[0]], 1)
    class_.hold(students[0], 1, lasts=SECOND)
    ask(class_)
    sweep = (Class.sweep, (NOW + SECOND,))
    race(database_url, class_, [(Class.launch, (one,)) for one in students[1:] * 2] + [sweep] * 3)
    assert sorted(one["members"][0] for one in told(class_, ALLOTTED)) == sorted(
        batch_member(class_, batch.id) for batch in class_.batches("auto_allotment")
    )
    assert len(told(class_, ALLOTTED)) == 3
    assert sorted(mark for one in told(class_, POOL_LOW) for mark in one["crossed"]) == ["bundle"]
    waiting = [one["member"] for one in told(class_, MEMBER_WAITING)]
    assert sorted(waiting) == sorted(one for one in students[1:] if class_.account(one).received == 0)
    assert len(told(class_, HOLD_EXPIRED)) == 1


def batch_member(class_: Class, batch_id: str) -> str:
    """Whom an automatic batch reached."""
    with class_.books() as session:
        return str(session.scalars(select(Transfer.member_id).where(Transfer.batch_id == batch_id)).one())
