"""News that crosses other news: heard at the same moment, or once more when it is not true any longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.purchasing import audit, checkout
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.stripe import effects
from lti_tool.purchasing.stripe.events import read_event
from tests.conftest import Books, MakeApp
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member, make_order
from tests.faults.stripe_says import SETTINGS, Dispute, Message, Page, Refund, message, signature
from tests.faults.test_crossings import meanwhile


@pytest.fixture
def app(make_app: MakeApp) -> object:
    return make_app(**SETTINGS)


def post(client: FlaskClient, told: Message) -> int:
    """Stripe delivers the message; the answer's status."""
    headers = {"Stripe-Signature": signature(told.body)}
    return client.post("/webhooks/stripe", data=told.body, headers=headers).status_code


def hear(session: Session, told: Message) -> str:
    """As the webhook does it, inside the open transaction."""
    return effects.take(session, read_event(told.body), takes_live=False, digest="", now=NOW)


@pytest.mark.parametrize("first", ["page", "loss"])
def test_money_that_a_bank_takes_back_while_it_arrives_takes_its_units_along(
    client: FlaskClient, books: Books, first: str
) -> None:
    with books() as session:
        order = make_order(session, make_license(session, credits=0))
    news = {
        "page": message(Page("pi_1", order.id, order.total)),
        "loss": message(Dispute("pi_1", "du_1", order.total // 2, "lost")),
    }
    told, other = news.pop(first), news.popitem()[1]

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            hear(session, told)
            posting = meanwhile(threads, lambda: post(client, other))
        assert posting.result() == 200

    with books() as session:
        found = session.get_one(Order, order.id)
        assert (found.status, found.refunded_units) == ("fulfilled", 50)
        assert list(audit.faults(session)) == []


@pytest.mark.parametrize("first", ["card", "bank"])
def test_two_halves_that_come_at_once_are_a_whole(client: FlaskClient, books: Books, first: str) -> None:
    with books() as session:
        order = make_order(session, make_license(session, credits=0), method="purchase_order")
    half = order.total // 2
    one, other = (message(Page(f"pi_{number}", order.id, half)) for number in (1, 2))

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            if first == "card":
                hear(session, one)
            else:
                po.record_payment(session, order.id, amount=half, reference="TRN 1", now=NOW)
            posting = meanwhile(threads, lambda: post(client, other))
        assert posting.result() == 200

    with books() as session:
        assert session.get_one(Order, order.id).status == "fulfilled"
        assert list(audit.faults(session)) == []


def test_a_refund_that_comes_while_the_pool_is_allotted_takes_what_is_left(client: FlaskClient, books: Books) -> None:
    with books() as session:
        context = make_context(session)
        license_ = make_license(session, credits=0, context=context)
        order, member_id = make_order(session, license_), make_member(session, license_, context).id
    assert post(client, message(Page("pi_1", order.id, order.total))) == 200

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            allot(session, license_.id, EXPORT_CREDITS, member_ids=[member_id], each=70, actor=OPERATOR, now=NOW)
            refund = message(Refund("pi_1", order.id, order.total))
            posting = meanwhile(threads, lambda: post(client, refund))
        assert posting.result() == 200

    with books() as session:
        found = session.get_one(Order, order.id)
        assert (found.refunded_units, found.shortfall_units) == (30, 70)
        assert list(audit.faults(session)) == []


def test_a_refusal_that_is_told_again_does_not_refuse_what_was_placed_again(client: FlaskClient, books: Books) -> None:
    now = clock.now()
    with books() as session:
        order = make_order(session, make_license(session))
        order.expires_at = now + timedelta(days=30)
    refusal = message(Page("pi_1", order.id, order.total, state="failed"))
    assert post(client, refusal) == 200
    with books() as session:
        assert session.get_one(Order, order.id).status == "refused"
        _, attempt = checkout.begin_payment(session, order.id, now=now)
        checkout.record_session(session, order.id, attempt.attempt, session_id="cs_of_pi_2", url="https://pay.test")
    assert post(client, message(Page("pi_2", order.id, order.total, state="expired"))) == 200
    assert post(client, refusal) == 200
    with books() as session:
        assert session.get_one(Order, order.id).status == "placed"
