"""A nonce is spent once, and forgotten when it can do no harm any more."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.lti import one_time
from lti_tool.lti.one_time import SpentNonce
from lti_tool.lti.refusals import NonceUsed
from tests.factories import NOW


def test_a_nonce_is_spent_once(session: Session) -> None:
    one_time.spend(session, "nonce", expires_at=NOW)
    with pytest.raises(NonceUsed):
        one_time.spend(session, "nonce", expires_at=NOW + timedelta(minutes=1))


def test_what_is_over_is_forgotten_in_portions_and_nothing_else(session: Session) -> None:
    for index in range(5):
        one_time.spend(session, f"old-{index}", expires_at=NOW - timedelta(seconds=1))
    one_time.spend(session, "young", expires_at=NOW)
    assert one_time.forget_expired(session, now=NOW, most=3) == 3
    assert one_time.forget_expired(session, now=NOW, most=3) == 2
    assert one_time.forget_expired(session, now=NOW, most=3) == 0
    assert session.scalar(select(func.count()).select_from(SpentNonce)) == 1
