"""News of one payment that is heard at the same moment: each knows what the other one changed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool.purchasing import audit
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.stripe import effects
from lti_tool.purchasing.stripe.events import read_event
from tests.conftest import Books, MakeApp
from tests.factories import NOW, make_license, make_order
from tests.faults.stripe_says import SETTINGS, Dispute, Message, Page, message, signature
from tests.faults.test_crossings import meanwhile


@pytest.fixture
def app(make_app: MakeApp) -> object:
    return make_app(**SETTINGS)


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

    def post() -> int:
        headers = {"Stripe-Signature": signature(other.body)}
        return client.post("/webhooks/stripe", data=other.body, headers=headers).status_code

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            hear(session, told)
            posting = meanwhile(threads, post)
        assert posting.result() == 200

    with books() as session:
        found = session.get_one(Order, order.id)
        assert (found.status, found.refunded_units) == ("fulfilled", 50)
        assert list(audit.faults(session)) == []
