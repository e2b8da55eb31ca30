"""A purchase order that several people press at the same moment happens once, on both databases (R27, R29)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Transfer
from lti_tool.licenses import licenses
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import certificates, checkout, office_links, orders, overdue, payments
from lti_tool.purchasing.audit import faults
from lti_tool.purchasing.catalog import goods_price
from lti_tool.purchasing.certificates import Certificate, Upload
from lti_tool.purchasing.office_links import OfficeLink
from lti_tool.purchasing.orders import Order
from tests.conftest import Books
from tests.factories import NOW, SHOP, make_license, make_order
from tests.purchasing.test_by_purchase_order import BILLING

_AT_ONCE = 6
Deed = Callable[[Session], object]


def race(books: Books, deeds: list[Deed]) -> list[object]:
    """Each deed in a thread and transaction of its own, all at once; what each returned, or its refusal's code."""
    start = Barrier(len(deeds))

    def run(deed: Deed) -> object:
        start.wait(30)
        try:
            with books() as session:
                return deed(session)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


def ready(books: Books, *, is_trusted: bool = False) -> tuple[str, str]:
    """A licence without credits and its draft, with whom to bill; their ids."""
    with books() as session:
        license_ = make_license(session, credits=0)
        licenses.trust(session, license_.id, is_trusted)
        order = make_order(session, license_, method=None, status="draft")
        po.set_billing(session, order, BILLING, now=NOW)
        return license_.id, order.id


def purchases(books: Books, license_id: str) -> tuple[int, int]:
    """How many purchases the books have, and what is in the pool."""
    with books() as session:
        query = select(func.count()).where(Transfer.license_id == license_id, Transfer.kind == "purchase")
        return session.scalars(query).one(), session.get_one(Pool, (license_id, "export-credits")).balance


def test_of_many_approvals_at_once_one_credits(books: Books) -> None:
    license_id, order_id = ready(books)
    with books() as session:
        po.place(session, order_id, invoice_days=30, by="manager", now=NOW)
    outcomes = race(books, [lambda session: po.approve(session, order_id, now=NOW).status] * _AT_ONCE)
    assert outcomes == ["fulfilled"] * _AT_ONCE
    assert purchases(books, license_id) == (1, 100)


def test_placed_by_office_and_manager_at_once_it_is_placed_by_one_of_them(books: Books) -> None:
    license_id, order_id = ready(books, is_trusted=True)

    def place(by: str) -> Deed:
        billing = replace(BILLING, po_number=f"PO of the {by}")

        def deed(session: Session) -> object:
            po.set_billing(session, orders.locked(session, order_id), billing, now=NOW)
            return po.place(session, order_id, invoice_days=30, by=by, now=NOW).po_number

        return deed

    outcomes = race(books, [place("office"), place("manager")] * (_AT_ONCE // 2))
    with books() as session:
        order = session.get_one(Order, order_id)
        assert order.po_number == f"PO of the {order.placed_by}"
    assert Counter(outcomes) == {order.po_number: _AT_ONCE // 2, "order_closed": _AT_ONCE // 2}
    assert purchases(books, license_id) == (1, 100)


def test_cancelled_and_approved_at_once_it_is_one_of_the_two(books: Books) -> None:
    license_id, order_id = ready(books)
    with books() as session:
        po.place(session, order_id, invoice_days=30, by="manager", now=NOW)
    deeds: list[Deed] = [
        lambda session: po.approve(session, order_id, now=NOW).status,
        lambda session: po.cancel(session, order_id, by="manager", now=NOW).status,
    ]
    outcomes = set(race(books, deeds * (_AT_ONCE // 2)))
    assert outcomes in ({"fulfilled", "order_closed"}, {"cancelled", "order_closed"})
    assert purchases(books, license_id) == ((1, 100) if "fulfilled" in outcomes else (0, 0))


def test_a_quote_that_everybody_pulls_at_is_sold_once_at_one_price(books: Books) -> None:
    license_id, order_id = ready(books, is_trusted=True)
    later = NOW + timedelta(days=SHOP.quote_days)

    def by_purchase_order(session: Session) -> object:
        po.set_billing(session, orders.locked(session, order_id), BILLING, now=NOW)
        return po.place(session, order_id, invoice_days=30, by="office", now=NOW).method

    def by_card(session: Session) -> object:
        checkout.choose(session, orders.locked(session, order_id), now=NOW)
        checkout.place(session, order_id, by="manager", now=NOW)
        return checkout.begin_payment(session, order_id, now=NOW)[1].attempt

    deeds: list[Deed] = [
        by_purchase_order,
        by_card,
        lambda session: orders.change_quantity(session, orders.locked(session, order_id), SHOP, 25, now=NOW),
        lambda session: po.record_payment(session, order_id, amount=5_000, reference="TRN 1", now=NOW).credited,
        lambda session: po.cancel(session, order_id, by="manager", now=NOW).status,
        lambda session: overdue.expire(session, now=later),
    ]
    race(books, deeds * 2)
    with books() as session:
        order = session.get_one(Order, order_id)
        sold = (1, order.quantity) if order.status == "fulfilled" else (0, 0)
        assert order.goods == goods_price(SHOP, order.resource, order.quantity)
        assert list(faults(session, license_id)) == []
    assert purchases(books, license_id) == sold


def test_money_noted_by_many_at_once_is_noted_once(books: Books) -> None:
    license_id, order_id = ready(books)
    with books() as session:
        po.place(session, order_id, invoice_days=30, by="manager", now=NOW)

    def pay(session: Session) -> object:
        return po.record_payment(session, order_id, amount=5_000, reference="TRN 1", now=NOW).credited

    assert sorted(map(str, race(books, [pay] * _AT_ONCE))) == ["0"] * (_AT_ONCE - 1) + ["100"]
    with books() as session:
        assert [one.amount for one in payments.of_order(session, order_id)] == [5_000]
    assert purchases(books, license_id) == (1, 100)


def test_one_reference_for_two_orders_at_once_pays_one_of_them(books: Books) -> None:
    orders_ = [ready(books)[1] for _ in range(2)]

    def pay(order_id: str) -> Deed:
        return lambda session: po.record_payment(session, order_id, amount=1, reference="TRN 1", now=NOW).credited

    outcomes = race(books, [pay(order_id) for order_id in orders_])
    assert sorted(map(str, outcomes)) == ["0", "reference_used"]


def test_links_made_at_once_are_one(books: Books) -> None:
    _, order_id = ready(books)

    def make(session: Session) -> object:
        return office_links.make(session, orders.locked(session, order_id), person_id=None, now=NOW).id

    [link_id] = set(race(books, [make] * _AT_ONCE))
    with books() as session:
        assert session.scalars(select(OfficeLink.id)).all() == [link_id]


def test_one_file_sent_many_times_at_once_is_kept_once(books: Books, tmp_path: Path) -> None:
    files, upload = tmp_path / "files", Upload.read(b"%PDF-1.4", "exempt.pdf")
    license_id, _ = ready(books)

    def keep(session: Session) -> object:
        return certificates.keep(session, files, license_id, upload, uploaded_by=None, now=NOW).id

    [kept] = set(race(books, [keep] * _AT_ONCE))
    with books() as session:
        assert session.scalars(select(Certificate.id)).all() == [kept]
    assert [path.name for path in files.iterdir()] == [kept]
