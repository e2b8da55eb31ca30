"""What each call costs, exactly: round trips to PostgreSQL, transactions included; on SQLite, statements without."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from lti_tool.db import db
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.ledger.statements import recorded
from tests.web.api.conftest import Post
from tests.web.api.test_holds import CREDITS
from tests.wire import watched

Cost = Callable[..., int]


@pytest.fixture
def cost(app: Flask, post: Post, student: str) -> Cost:
    """Sends a body to an address and counts. The key is known here: its first call looks it up."""
    post(f"/members/{student}/spends", once="far too long" * 255)
    with app.app_context():
        engine = db.engine

    def count(address: str, status: int, **body: Any) -> int:
        with watched(engine) as wire, recorded(engine) as statements:
            answer = post(address, **body)
        assert answer.status_code == status, answer.text
        return wire.trips if engine.dialect.name == "postgresql" else len(statements)

    return count


@pytest.fixture
def on_postgresql(database_url: str) -> bool:
    """Whether what is counted are round trips."""
    return database_url.startswith("postgresql")


def test_a_spend(cost: Cost, student: str, on_postgresql: bool) -> None:
    spends = f"/members/{student}/spends"
    wish = {"resource": CREDITS, "amount": 2}
    assert cost(spends, 201, once="film", **wish) == (1 if on_postgresql else 7)
    assert cost(spends, 201, once="film", **wish) == (4 if on_postgresql else 3)  # again
    assert cost(spends, 409, **wish) == (4 if on_postgresql else 5)  # refused


def test_a_spend_that_takes_a_bundle(
    books: Books, cost: Cost, school: License, student: str, on_postgresql: bool
) -> None:
    with books() as session:
        policies.save(session, school.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    assert cost(f"/members/{student}/spends", 201, resource=CREDITS, amount=4) == (5 if on_postgresql else 11)


def test_a_hold_its_capture_and_its_release(cost: Cost, post: Post, student: str, on_postgresql: bool) -> None:
    wish = {"resource": CREDITS, "amount": 1}
    assert cost(f"/members/{student}/holds", 201, **wish) == (3 if on_postgresql else 7)
    first, second = (post(f"/members/{student}/holds", **wish).get_json()["id"] for _ in range(2))
    assert cost(f"/holds/{first}/capture", 200) == (3 if on_postgresql else 8)
    assert cost(f"/holds/{second}/release", 200) == (3 if on_postgresql else 7)
