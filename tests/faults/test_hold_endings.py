"""A hold that is captured, released and past its time at the same moment ends once, whoever comes first (R19)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from sqlalchemy.orm import Session

from lti_tool.ledger import expiry, holds
from lti_tool.ledger.holds import Held
from lti_tool.ledger.refusals import HoldNotOpen
from tests.factories import NOW
from tests.faults.test_crossings import meanwhile
from tests.ledger.a_class import SERVICE, Class
from tests.ledger.conftest import OpenClass

Ending = Callable[[Session, Held], bool]
"""Ends the hold inside the open transaction; False if it had ended."""


def capture(session: Session, held: Held) -> bool:
    try:
        holds.capture(session, held.license_id, held.id, actor=SERVICE, now=NOW, amount=2)
    except HoldNotOpen:
        return False
    return True


def release(session: Session, held: Held) -> bool:
    try:
        holds.release(session, held.license_id, held.id, now=NOW)
    except HoldNotOpen:
        return False
    return True


def expire(session: Session, held: Held) -> bool:
    return expiry.sweep(session, now=held.expires_at) == 1


ENDINGS: dict[str, Ending] = {"captured": capture, "released": release, "expired": expire}


@pytest.mark.slow
def test_every_two_endings_in_both_orders_at_once_end_a_hold_once(
    new_class: OpenClass, subtests: pytest.Subtests
) -> None:
    class_ = new_class()
    for first, second in product(ENDINGS, repeat=2):
        with subtests.test(f"{first}, then {second}"):
            cross(class_, first, second)


def cross(class_: Class, first: str, second: str) -> None:
    student = class_.student(has=5)
    held = class_.hold(student, 5)

    def come() -> bool:
        with class_.books() as session:
            return ENDINGS[second](session, held)

    with ThreadPoolExecutor(1) as threads:
        with class_.books() as session:
            assert ENDINGS[first](session, held)
            coming = meanwhile(threads, come)
        assert not coming.result()
    account = class_.account(student)
    assert (account.held, account.used) == (0, 2 if first == "captured" else 0)
    with class_.books() as session:
        assert holds.find(session, class_.license_id, held.id, now=NOW).status == first
