"""The audit finds orders that do not agree with the books or with their money, and names each fault."""

import re
from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lti_tool.ids import new_id
from lti_tool.ledger.audit import CHECKS as BOOKS
from lti_tool.ledger.audit import audit
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import fulfilment, orders, payments
from lti_tool.purchasing.audit import CHECKS, faults
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment
from tests.conftest import Books
from tests.factories import NOW, make_license, make_order, make_payment
from tests.house.sources import ROOT
from tests.ledger.planting import forget, unguarded
from tests.ledger.test_audit import Plant

CARD = "id = '{card}'"
PLANTED = {
    # The books.
    "an order that lost its purchase": Plant(
        f"update orders set purchase_batch_id = 'gone' where {CARD}",
        {"order_purchase", "purchase_order", "purchase_number"},
    ),
    "an order credited by another license's purchase": Plant(
        f"update orders set purchase_batch_id = '{{other_card_batch}}' where {CARD}",
        {"order_purchase", "purchase_order", "purchase_number"},
    ),
    "a purchase of another quantity": Plant(
        "update orders set quantity = quantity + 1 where id = '{po}'", {"order_purchase"}
    ),
    "a purchase for another order": Plant(
        "update batches set request_key = 'order:other' where id = '{card_batch}'", {"order_purchase"}
    ),
    "a purchase that another order's number stands on": Plant(
        "update transfers set reference = 'CR-2026-OTHER' where batch_id = '{card_batch}'", {"purchase_number"}
    ),
    "a grant in a purchase's place": Plant(
        "update batches set kind = 'grant' where id = '{card_batch}'", {"order_purchase"}
    ),
    "an order that is not fulfilled any more": Plant(
        "update orders set status = 'placed', purchase_batch_id = null, fulfilled_at = null where id = '{po}'",
        {"purchase_order", "purchase_number"},
    ),
    "a refund that the order does not know of": Plant(
        f"update orders set refunded_units = refunded_units - 1 where {CARD}", {"order_refunded", "order_returned"}
    ),
    "a refund that the books do not know of": Plant(
        "update orders set refunded_units = 1 where id = '{po}'", {"order_refunded", "order_returned"}
    ),
    "a refund for no order": Plant(
        "update transfers set reference = 'CR-2026-OTHER' where kind = 'refund' and license_id = '{license}'",
        {"order_refunded", "refund_order"},
    ),
    "a refund for an order that brought nothing": Plant(
        "update transfers set reference = '{open_number}' where kind = 'refund' and license_id = '{license}'",
        {"order_refunded", "refund_order"},
    ),
    # The money.
    "money given back without its units": Plant(
        "update payments set refunded = refunded + 100 where id = '{payment}'", {"order_returned"}
    ),
    "money lost to a dispute without its units": Plant(
        "update payments set lost = 100 where id = '{payment}'", {"order_returned"}
    ),
    "units taken back for nothing": Plant(
        "update payments set refunded = 0 where id = '{payment}'", {"order_returned"}
    ),
    "credits for less money than they cost": Plant(
        "update payments set amount = amount - 1 where id = '{payment}'", {"order_unpaid", "order_unlisted"}
    ),
    "credits for no money": Plant(
        "update payments set order_id = null, refunded = 0 where id = '{payment}'",
        {"order_unpaid", "order_returned", "payment_unlisted"},
    ),
    "credits for money in another currency": Plant(
        "update payments set currency = 'EUR' where id = '{payment}'",
        {"order_unpaid", "order_returned", "payment_unlisted"},
    ),
    "a placed order that was paid": Plant(
        "update payments set order_id = '{open}', amount = 5000 where id = '{unmatched}'", {"order_uncredited"}
    ),
    "an expired order that was paid": Plant(
        "update orders set status = 'expired', closed_at = 1, closed_by = 'time', purchase_batch_id = null,"
        f" fulfilled_at = null where {CARD}",
        {"order_uncredited", "purchase_order", "purchase_number", "refund_order", "order_returned"},
    ),
    "a part of the money that is not listed": Plant(
        "update payments set order_id = '{open}', amount = 4999 where id = '{unmatched}'", {"order_unlisted"}
    ),
    "too much money that is not listed": Plant(
        "update payments set order_id = '{card}' where id = '{unmatched}'", {"order_unlisted"}
    ),
    "money for a cancelled order that is not listed": Plant(
        "delete from payment_problems where order_id = '{cancelled}'", {"order_unlisted"}
    ),
    "missing units that are not listed": Plant(
        f"update orders set refunded_units = 10, shortfall_units = 15 where {CARD}",
        {"order_refunded", "order_unlisted"},
    ),
    "money of nobody that is not listed": Plant(
        "delete from payment_problems where payment_id = '{unmatched}'", {"payment_unlisted"}
    ),
    "an event that was applied to nothing": Plant(
        "update payment_events set order_id = null where event_id = '{event}'", {"event_order"}
    ),
    # The order by itself.
    "a total that does not add up": Plant(
        "update orders set total = total + 1 where id = '{po}'",
        {"order_total"},
        (("orders", "ck_orders_amounts_add_up"),),
    ),
    "a tax at another rate": Plant(
        "update orders set tax = tax + 1, total = total + 1 where id = '{po}'", {"order_tax"}
    ),
    "a tax on the exempt": Plant(
        "update orders set tax = 1, total = total + 1 where id = '{exempt}'",
        {"order_tax"},
        (("orders", "ck_orders_exempt_pay_no_tax"),),
    ),
    "no tax though nobody is exempt": Plant(
        "update orders set tax_exempt = {false} where id = '{exempt}'", {"order_tax"}
    ),
    "exempt without a certificate": Plant(
        "update orders set certificate_id = null where id = '{exempt}'", {"order_exemption"}
    ),
    "placed at no time": Plant(
        "update orders set placed_at = null where id = '{po}'",
        {"order_times"},
        (("orders", "ck_orders_placed_say_how"),),
    ),
    "a draft that was placed": Plant("update orders set status = 'draft' where id = '{open}'", {"order_times"}),
    "fulfilled and closed": Plant("update orders set closed_at = 1, closed_by = 'time' where id = '{po}'",
                                  {"order_times"}),
    "closed by nobody": Plant("update orders set closed_by = null where id = '{cancelled}'", {"order_times"}),
    "cancelled at no time": Plant(
        "update orders set closed_at = null, closed_by = null where id = '{cancelled}'", {"order_times"}
    ),
    "two orders with one number": Plant(
        "update orders set number = (select lower(number) from orders where id = '{exempt}') where id = '{open}'",
        {"order_number"},
    ),
}  # fmt: skip


def taxed(session: Session, order: Order) -> None:
    """Puts 8.25 % onto a draft."""
    order.tax_rate = 825
    orders.exempt(order, None)
    session.flush()


def certificate(session: Session, license_id: str) -> str:
    session.execute(
        text(
            "insert into certificates (license_id, id, file_name, media_type, size, sha256, uploaded_at)"
            " values (:license_id, :id, 'form.pdf', 'application/pdf', 1, 'x', 0)"
        ),
        {"license_id": license_id, "id": (certificate_id := new_id())},
    )
    return certificate_id


def busy_shop(session: Session) -> dict[str, str]:
    """A licence that bought in each way, and the ids of what it did: no fault in it."""
    license_ = make_license(session, credits=10)
    card = make_order(session, license_)
    payment = make_payment(session, card)
    fulfilment.settle(session, card.id, now=NOW)
    payment.refunded = card.total // 4
    fulfilment.settle(session, card.id, now=NOW)
    invoiced = make_order(session, license_, method="purchase_order", status="draft")
    exempt = make_order(session, license_, method="purchase_order", status="draft")
    taxed(session, invoiced)
    taxed(session, exempt)
    orders.exempt(exempt, certificate(session, license_.id))
    for order in (invoiced, exempt):
        order.status, order.placed_at = "placed", NOW
        session.flush()
    po.approve(session, invoiced.id, now=NOW)
    open_, cancelled = make_order(session, license_), make_order(session, license_, status="cancelled")
    make_payment(session, cancelled)
    fulfilment.settle(session, cancelled.id, now=NOW)
    return {
        "license": license_.id,
        "card": card.id,
        "card_batch": card.purchase_batch_id or "",
        "payment": payment.id,
        "po": invoiced.id,
        "exempt": exempt.id,
        "open": open_.id,
        "open_number": open_.number,
        "cancelled": cancelled.id,
        "unmatched": unmatched(session, open_),
        "event": kept(session, card, payment),
    }


def unmatched(session: Session, like: Order) -> str:
    """Money of which nobody knows what it is for, and its entry in the list; its id."""
    payment = payments.locked(session, "stripe", f"pi_of_nobody_{like.id}", currency=like.currency, now=NOW)
    payment.amount, payment.status, payment.paid_at = like.total, "paid", NOW
    session.flush()
    payments.note_problem(session, "unmatched", payment.id, "Whose is it?", now=NOW, payment_id=payment.id)
    return payment.id


def kept(session: Session, order: Order, payment: Payment) -> str:
    """What the provider said of the payment; the event's id."""
    event_id = f"evt_{order.id}"
    payments.keep(
        session,
        provider="stripe",
        event_id=event_id,
        kind="checkout.session.completed",
        order_id=order.id,
        payment_reference=payment.reference,
        outcome="applied",
        summary={},
        payload_sha256="",
        made_at=NOW,
        now=NOW,
    )
    return event_id


@pytest.fixture
def ids(books: Books, engine: Engine) -> Mapping[str, str]:
    """The ids that the plants name, of one licence and ("other_…") of a second."""
    with books() as session:
        mine, other = busy_shop(session), busy_shop(session)
    words = {"false": "0" if engine.dialect.name == "sqlite" else "false"}
    return words | mine | {f"other_{name}": value for name, value in other.items()}


def test_a_sound_shop_has_no_faults(books: Books, ids: Mapping[str, str]) -> None:
    with books() as session:
        assert list(faults(session)) == list(faults(session, ids["license"])) == audit(session) == []


def test_each_planted_fault_is_found_and_named_and_not_said_of_others(
    engine: Engine, ids: Mapping[str, str], subtests: pytest.Subtests
) -> None:
    for name, plant in PLANTED.items():
        with subtests.test(name), unguarded(engine) as session:
            for table, constraint in plant.unchecked:
                forget(session, constraint, table)
            session.execute(text(plant.statement.format(**ids)))
            everything, other = list(faults(session)), list(faults(session, ids["other_license"]))
            assert {fault.code for fault in everything} == plant.codes
            assert other == []
            ours = [fault for fault in everything if fault.license_id is not None]
            assert {fault.license_id for fault in ours} <= {ids["license"]}
            assert sorted(map(str, ours)) == sorted(map(str, faults(session, ids["license"])))


def test_every_code_of_the_audit_has_a_plant() -> None:
    assert {code for plant in PLANTED.values() for code in plant.codes} == {
        code for check in CHECKS for code in check.codes
    }


def test_every_code_of_the_audit_is_explained() -> None:
    explained = (ROOT / "docs" / "ledger.md").read_text("utf-8").partition("## What a fault means")[2]
    codes = {code for check in (*BOOKS, *CHECKS) for code in check.codes}
    assert codes <= set(re.findall(r"`(\w+)`", explained))
