"""A school buys with its purchase order: placed, approved and paid, each once, whoever presses how often (R29)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid
from lti_tool.ledger import pools
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.transfers import Transfer
from lti_tool.licenses.licenses import License
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import fulfilment, payments
from lti_tool.purchasing.billing import Billing, BillingInvalid
from lti_tool.purchasing.fulfilment import Settled
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import NotByPurchaseOrder, OrderClosed, PriceExpired, ReferenceUsed
from tests.factories import NOW, make_license, make_order, make_payment

TYPED = {
    "po_number": " PO-4711 ",
    "billing_organization": "Springfield School District",
    "billing_name": "Zoë  O’Brien-Nguyễn",
    "billing_email": "accounts@springfield.k12.il.us",
    "billing_address": "12 Main Street\r\nSpringfield, IL 62701\n",
}
BILLING = Billing.read(TYPED)


def draft(session: Session, license_: License | None = None) -> Order:
    """A quote for 100 at $50.00."""
    return make_order(session, license_ or make_license(session, credits=0), method=None, status="draft")


def place(session: Session, order: Order, *, by: str = "manager") -> Order:
    po.set_billing(session, order, BILLING, now=NOW)
    return po.place(session, order.id, invoice_days=30, by=by, now=NOW)


def credited(session: Session, order: Order) -> list[tuple[int, str]]:
    """Each purchase in the books: how many, and who it was."""
    purchases = select(Transfer).where(Transfer.kind == "purchase", Transfer.license_id == order.license_id)
    return [(one.amount, one.actor_kind) for one in session.scalars(purchases)]


def open_problems(session: Session) -> list[tuple[str, str]]:
    return [(problem.code, problem.detail) for problem in payments.problems(session)]


def test_what_the_office_typed_is_kept_tidy() -> None:
    assert vars(BILLING) == {
        "po_number": "PO-4711",
        "organization": "Springfield School District",
        "name": "Zoë O’Brien-Nguyễn",
        "email": "accounts@springfield.k12.il.us",
        "address": "12 Main Street\nSpringfield, IL 62701",
    }
    assert Billing.read(TYPED | {"billing_address": " "}).address == ""
    assert Billing.read(TYPED | {"billing_name": "می\u200cخواهم"}).name == "می\u200cخواهم"


def test_each_wrong_field_is_named_with_its_sentence() -> None:
    with pytest.raises(BillingInvalid) as refused:
        Billing.read({"billing_email": "nobody"})
    assert list(refused.value.wrong) == ["po_number", "billing_organization", "billing_name", "billing_email"]
    assert "office@school.org" in refused.value.wrong["billing_email"]
    for field, text, says in (
        ("po_number", "7" * 61, "at most 60 characters; what you typed has 61"),
        ("po_number", "PO\u202e4711", "cannot be shown"),
        ("po_number", "PO\ud8004711", "cannot be shown"),
        ("billing_organization", "x\0y", "cannot be shown"),
        ("billing_organization", "x" * 121, "at most 120"),
        ("billing_email", "a@b@school.org", "not an e-mail"),
        ("billing_email", "a@school", "not an e-mail"),
        ("billing_email", f"{'a' * 65}@school.org", "not an e-mail"),
        ("billing_address", "a\nb\nc\nd\ne", "at most 4 lines; this one has 5"),
        ("billing_address", "x" * 101, "at most 100 characters"),
        ("billing_address", "a\x1bb", "cannot be shown"),
    ):
        with pytest.raises(BillingInvalid) as refused:
            Billing.read(TYPED | {field: text})
        assert list(refused.value.wrong) == [field]
        assert says in refused.value.detail


def test_a_draft_is_placed_and_credited_when_the_operator_approves_once(session: Session) -> None:
    order = draft(session)
    with pytest.raises(NotByPurchaseOrder):
        po.place(session, order.id, invoice_days=30, by="manager", now=NOW)
    place(session, order)
    assert (order.status, order.method, order.po_number, order.placed_by) == (
        "placed",
        "purchase_order",
        "PO-4711",
        "manager",
    )
    assert (order.placed_at, order.due_at) == (NOW, NOW + timedelta(days=30))
    assert credited(session, order) == []
    for _ in range(2):
        po.approve(session, order.id, now=NOW)
    assert order.status == "fulfilled"
    assert credited(session, order) == [(100, "operator")]


def test_pressed_twice_it_is_placed_once_and_another_number_comes_too_late(session: Session) -> None:
    order = draft(session)
    place(session, order)
    po.set_billing(session, order, BILLING, now=NOW)
    assert po.place(session, order.id, invoice_days=1, by="office", now=NOW + timedelta(days=1)) is order
    assert (order.placed_at, order.placed_by) == (NOW, "manager")
    with pytest.raises(OrderClosed):
        po.set_billing(session, order, replace(BILLING, po_number="PO-2"), now=NOW)


def test_a_trusted_license_is_credited_when_the_order_is_placed(session: Session) -> None:
    license_ = make_license(session, credits=0)
    license_.is_trusted = True
    order = draft(session, license_)
    po.set_billing(session, order, BILLING, now=NOW)
    for _ in range(2):
        po.place(session, order.id, invoice_days=30, by="manager", actor=Actor("person", "somebody"), now=NOW)
    assert order.status == "fulfilled"
    assert credited(session, order) == [(100, "person")]


def test_a_price_that_expired_is_not_placed(session: Session) -> None:
    order = draft(session)
    po.set_billing(session, order, BILLING, now=NOW)
    with pytest.raises(PriceExpired):
        po.place(session, order.id, invoice_days=30, by="manager", now=order.expires_at)
    with pytest.raises(PriceExpired):
        po.set_billing(session, order, BILLING, now=order.expires_at)


def test_cancelling_ends_what_brought_no_credits_and_nothing_else(session: Session) -> None:
    order = place(session, draft(session))
    for _ in range(2):
        po.cancel(session, order.id, by="operator", now=NOW)
    assert (order.status, order.closed_by) == ("cancelled", "operator")
    with pytest.raises(OrderClosed):
        po.approve(session, order.id, now=NOW)
    with pytest.raises(OrderClosed):
        po.place(session, order.id, invoice_days=30, by="office", now=NOW)
    done = po.approve(session, place(session, draft(session)).id, now=NOW)
    with pytest.raises(OrderClosed):
        po.cancel(session, done.id, by="manager", now=NOW)
    assert credited(session, order) == []


def test_the_operator_does_not_approve_what_a_card_is_to_pay(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0), method="card")
    with pytest.raises(NotByPurchaseOrder):
        po.approve(session, order.id, now=NOW)
    assert credited(session, order) == []


def test_money_by_bank_is_noted_once_and_pays_the_order(session: Session) -> None:
    order = place(session, draft(session))
    for credit in (100, 0):
        settled = po.record_payment(session, order.id, amount=5_000, reference=" TRN 42 ", now=NOW)
        assert settled == Settled(order, credit)
    [payment] = payments.of_order(session, order.id)
    assert (payment.provider, payment.reference, payment.amount, payment.status) == ("bank", "TRN 42", 5_000, "paid")
    other = place(session, draft(session))
    for order_id, amount in ((order.id, 4_999), (other.id, 5_000)):
        with pytest.raises(ReferenceUsed):
            po.record_payment(session, order_id, amount=amount, reference="TRN 42", now=NOW)
    for field, amount, reference in (
        ("amount", 0, "T"),
        ("amount", 10**14, "T"),
        ("reference", 1, " "),
        ("reference", 1, "a\0"),
    ):
        with pytest.raises(Invalid) as refused:
            po.record_payment(session, order.id, amount=amount, reference=reference, now=NOW)
        assert refused.value.figures["field"] == field
    assert open_problems(session) == []


def test_a_part_of_the_money_is_listed_until_the_rest_came(session: Session) -> None:
    order = po.approve(session, place(session, draft(session)).id, now=NOW)
    for amount, reference, listed in (
        (1_000, "A", [("partial", f"Order {order.number} is paid in part: $10.00 of $50.00.")]),
        (1_500, "B", [("partial", f"Order {order.number} is paid in part: $25.00 of $50.00.")]),
        (1_500, "B", [("partial", f"Order {order.number} is paid in part: $25.00 of $50.00.")]),
        (2_500, "C", []),
    ):
        po.record_payment(session, order.id, amount=amount, reference=reference, now=NOW)
        assert open_problems(session) == listed
    assert credited(session, order) == [(100, "operator")]


@pytest.mark.parametrize("was", ["cancelled", "draft"])
def test_what_was_paid_without_being_placed_waits_for_the_operator(session: Session, was: str) -> None:
    order = draft(session)
    if was == "cancelled":
        po.cancel(session, order.id, by="manager", now=NOW)
    po.record_payment(session, order.id, amount=5_000, reference="A", now=NOW)
    assert credited(session, order) == []
    assert [code for code, _ in open_problems(session)] == ["paid_after_cancel"]
    for _ in range(2):
        po.approve(session, order.id, now=NOW)
    assert credited(session, order) == [(100, "operator")]
    assert (order.status, order.placed_by, open_problems(session)) == ("fulfilled", "operator", [])
    [figures] = pools.totals(session, order.license_id, now_us=0)
    assert figures.issued == 100


def test_a_quote_that_the_bank_paid_is_credited_when_it_is_placed(session: Session) -> None:
    order = draft(session)
    po.record_payment(session, order.id, amount=5_000, reference="A", now=NOW)
    assert [code for code, _ in open_problems(session)] == ["paid_after_cancel"]
    place(session, order)
    assert (order.status, credited(session, order), open_problems(session)) == ("fulfilled", [(100, "system")], [])


def test_money_that_was_given_back_does_not_pay_for_a_cancelled_order(session: Session) -> None:
    cancelled = make_order(session, make_license(session, credits=0), status="cancelled")
    make_payment(session, cancelled, refunded=1)
    fulfilment.settle(session, cancelled.id, now=NOW)
    with pytest.raises(OrderClosed):
        po.approve(session, cancelled.id, now=NOW)
    assert credited(session, cancelled) == []


def test_what_was_given_back_of_a_placed_order_is_not_credited_by_approving_it(session: Session) -> None:
    order = place(session, draft(session))
    make_payment(session, order, amount=2_500, refunded=2_500)
    po.approve(session, order.id, now=NOW)
    assert (credited(session, order), order.refunded_units) == ([(100, "operator")], 50)
