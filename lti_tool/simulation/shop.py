"""The school's purchases, by the product's own doors: orders, the operator's word, the bank's and the provider's.

Each deed answers None if it was granted, else the code of its refusal, and may be done again as it is.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import checkout, orders
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.stripe import effects
from lti_tool.purchasing.stripe.effects import HeardBefore
from lti_tool.purchasing.stripe.events import read_event
from lti_tool.simulation.school import School

_BILLING = Billing("PO-1", "Springfield High", "Office", "office@school.example", "")


class Shop:
    """Orders go by the story's own names; `totals` has what each costs."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._tool = school.tool
        self._ids: dict[str, str] = {}
        self.totals: dict[str, int] = {}

    def order_by_paper(self, name: str, quantity: int) -> str | None:
        """A manager places a purchase order."""
        order_id = self._draft(name, quantity)
        with self._tool.write() as session:
            po.set_billing(session, orders.locked(session, order_id), _BILLING, now=self._tool.now)
        with self._tool.write() as session:
            po.place(session, order_id, invoice_days=30, by="manager", now=self._tool.now)
        return None

    def order_by_card(self, name: str, quantity: int) -> str | None:
        """A manager chooses a card, and is shown a page of the provider's."""
        order_id = self._draft(name, quantity)
        with self._tool.write() as session:
            checkout.place(session, order_id, by="manager", now=self._tool.now)
        with self._tool.write() as session:
            _, page = checkout.begin_payment(session, order_id, now=self._tool.now)
        with self._tool.write() as session:
            url = "https://pay.example/page"
            checkout.record_session(session, order_id, page.attempt, session_id=_page(name), url=url)
        return None

    def approve(self, name: str) -> str | None:
        """The operator approves it."""
        return self._granted(lambda session: po.approve(session, self._ids[name], now=self._tool.now))

    def cancel(self, name: str) -> str | None:
        """A manager cancels it."""
        return self._granted(lambda session: po.cancel(session, self._ids[name], by="manager", now=self._tool.now))

    def receive(self, name: str, reference: str, amount: int) -> str | None:
        """The operator notes what the bank received."""
        return self._granted(
            lambda session: po.record_payment(
                session, self._ids[name], amount=amount, reference=reference, now=self._tool.now
            )
        )

    def hear_of_payment(self, message: str, name: str, state: str) -> None:
        """The provider's message about a page: paid, pending or failed."""
        kind = "checkout.session.async_payment_failed" if state == "failed" else "checkout.session.completed"
        page = {
            "id": _page(name),
            "metadata": {"order_id": self._ids[name]},
            "payment_intent": payment(name),
            "payment_status": "paid" if state == "paid" else "unpaid",
            "amount_total": self.totals[name],
            "currency": "usd",
        }
        self._hear(message, kind, page)

    def hear_of_refund(self, message: str, name: str, returned: int) -> None:
        """The provider's message that so much went back by now."""
        charge = {
            "id": f"ch_{name}",
            "metadata": {"order_id": self._ids[name]},
            "payment_intent": payment(name),
            "amount_refunded": returned,
            "currency": "usd",
        }
        self._hear(message, "charge.refunded", charge)

    def figures(self, session: Session) -> dict[str, tuple[str, int, int]]:
        """Of each order its state, the units taken back, and those that could not be."""
        found = session.scalars(select(Order).where(Order.license_id == self._school.license_id))
        names = {order_id: name for name, order_id in self._ids.items()}
        return {names[one.id]: (one.status, one.refunded_units, one.shortfall_units) for one in found}

    def _draft(self, name: str, quantity: int) -> str:
        catalog, resource = self._tool.settings.catalog, self._school.resource.name
        where = (self._school.license_id, catalog, resource, quantity)
        with self._tool.write() as session:
            order = orders.draft(session, *where, buyer_id=None, now=self._tool.now, request_key=name)
            self._ids[name], self.totals[name] = order.id, order.total
        return order.id

    def _hear(self, message: str, kind: str, thing: Mapping[str, Any]) -> None:
        now = self._tool.now
        told = {"id": message, "type": kind, "created": int(now.timestamp()), "livemode": False}
        body = json.dumps(told | {"data": {"object": thing}}).encode()
        with suppress(HeardBefore), self._tool.write() as session:
            effects.take(session, read_event(body), takes_live=False, digest=hashlib.sha256(body).hexdigest(), now=now)

    def _granted(self, deed: Any) -> str | None:
        try:
            with self._tool.write() as session:
                deed(session)
        except Refusal as refusal:
            return refusal.code
        return None


def payment(name: str) -> str:
    """What the provider calls the payment for an order."""
    return f"pi_{name}"


def _page(name: str) -> str:
    return f"cs_{name}"
