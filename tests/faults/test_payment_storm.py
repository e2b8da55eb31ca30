"""Stripe's messages all at once, at a real server with several workers, while others act on the order: one credit."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.ledger import audit, pools
from lti_tool.ledger.transfers import Transfer
from lti_tool.purchasing import audit as purchases
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import PaymentEvent
from tests.cli.test_serve import Server, serving
from tests.conftest import Books
from tests.factories import NOW, make_license, make_order
from tests.faults.stripe_says import NEXT_SECRET, SECRET, SETTINGS, Dispute, Message, Page, Refund, message, signature

AT_ONCE = 32
_PATIENCE_S = 60


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """The production server with two workers, which takes cards."""
    environment = {
        **os.environ,
        "CREDITROLL_DATABASE_URL": database_url,
        "CREDITROLL_SECRET_KEY": "x" * 40,
        "CREDITROLL_KEYS_DIR": str(tmp_path / "keys"),
        "CREDITROLL_STRIPE_SECRET_KEY": str(SETTINGS["stripe_secret_key"]),
        "CREDITROLL_STRIPE_WEBHOOK_SECRETS": f"{SECRET},{NEXT_SECRET}",
    }
    with serving(environment) as server:
        yield server


def at_once(deeds: list[Callable[[], int]]) -> list[int]:
    """Each deed in a thread of its own, when all are ready."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], int]) -> int:
        start.wait(_PATIENCE_S)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


def delivery(server: Server, told: Message) -> Callable[[], int]:
    """Delivers the message over a connection of its own; the answer's status."""

    def deliver() -> int:
        headers = {"Stripe-Signature": signature(told.body), "Connection": "close"}
        return requests.post(
            f"{server.url}/webhooks/stripe", data=told.body, headers=headers, timeout=_PATIENCE_S
        ).status_code

    return deliver


def approval(books: Books, order_id: str) -> Callable[[], int]:
    """What `creditroll order approve` does, in a process's connection of its own."""

    def approve() -> int:
        with books() as session:
            po.approve(session, order_id, now=NOW)
        return 200

    return approve


def placed(books: Books) -> Order:
    with books() as session:
        return make_order(session, make_license(session, credits=0), method="purchase_order", po_number="PO-1")


def bought(session: Session, order: Order) -> list[int]:
    """Each purchase and refund of the order in the books, in units."""
    query = select(Transfer.amount, Transfer.kind).where(Transfer.license_id == order.license_id).order_by(Transfer.id)
    return [amount if kind == "purchase" else -amount for amount, kind in session.execute(query)]


@pytest.mark.slow
def test_of_32_messages_about_one_payment_and_approvals_at_once_one_credits(server: Server, books: Books) -> None:
    order = placed(books)
    completed = message(Page("pi_storm", order.id, order.total))
    succeeded = message(Page("pi_storm", order.id, order.total, was_pending=True))
    deeds = [delivery(server, one) for one in (completed, succeeded) for _ in range(AT_ONCE // 2)]
    answers = at_once(deeds + [approval(books, order.id)] * 4)
    assert answers == [200] * (AT_ONCE + 4)
    with books() as session:
        assert bought(session, order) == [100]
        assert session.get_one(Order, order.id).status == "fulfilled"
        kept = session.scalars(select(PaymentEvent.event_id).where(PaymentEvent.order_id == order.id))
        assert sorted(kept) == sorted([completed.id, succeeded.id])
        assert audit.audit(session) == list(purchases.faults(session)) == []


@pytest.mark.slow
def test_of_32_messages_about_money_that_comes_and_goes_at_once_each_counts_once(server: Server, books: Books) -> None:
    order = placed(books)
    page = message(Page("pi_storm", order.id, order.total))
    back = [message(Refund("pi_storm", order.id, order.total * part // 50)) for part in range(1, 11)]
    lost = [message(Dispute("pi_storm", f"du_{number}", order.total // 10, "lost")) for number in range(4)]
    told = [page, page, *back, *lost, *lost, *back, page, page]
    assert len(told) == AT_ONCE
    assert at_once([delivery(server, one) for one in told]) == [200] * AT_ONCE
    with books() as session:
        [purchase, *refunds] = bought(session, order)
        assert (purchase, sum(refunds)) == (100, -60)
        [figures] = pools.totals(session, order.license_id, now_us=0)
        assert (figures.issued, figures.pool) == (40, 40)
        assert audit.audit(session) == list(purchases.faults(session)) == []
