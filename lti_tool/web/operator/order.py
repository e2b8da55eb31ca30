"""GET /operator/orders/{order}: everything about one order, and what may be done with it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy.orm import Session

from lti_tool import clock, money
from lti_tool.db import database_now, db, micros
from lti_tool.errors import NotFound
from lti_tool.language import _
from lti_tool.ledger import pools
from lti_tool.licenses import licenses
from lti_tool.licenses.licenses import License
from lti_tool.members import reach
from lti_tool.purchasing import certificates, order_list, orders, payments
from lti_tool.purchasing.describing import describe
from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.settings import Resource, Settings
from lti_tool.web import papers
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import words

_DONE = {"approved": ("fulfilled",), "cancelled": ("cancelled",), "recorded": order_list.STATUSES}
"""What a page that was come from did, and in which states of the order that is true."""

_SUMS = ("amount", "returned")


def routes(blueprint: Blueprint) -> None:
    """Adds the page and the certificate's download."""
    blueprint.add_url_rule("/orders/<order_id>", "order", order)
    blueprint.add_url_rule("/orders/<order_id>/certificate", "certificate", certificate)


@dataclass(frozen=True)
class Shown:
    """An order with what surrounds it; `facts` is it as programs read it, `issued` the licence's total as it is now."""

    order: Order
    facts: dict[str, Any]
    license: License
    resource: Resource
    issued: int
    twins: Sequence[Order]
    """The licence's other orders with the same purchase order's number."""

    @property
    def missing(self) -> int:
        """What has not been paid yet, in minor units."""
        return max(0, int(self.facts["total"]) - int(self.facts["paid"]))

    @property
    def issued_after(self) -> int:
        """The licence's total once this order is credited."""
        return self.issued + (0 if self.order.status == "fulfilled" else self.order.quantity)

    @property
    def may_approve(self) -> bool:
        """Whether approving would credit it: a purchase order that waits, or what was paid all the same."""
        is_waiting = self.order.status == "placed" and self.order.method == PURCHASE_ORDER
        return self.order.status != "fulfilled" and (is_waiting or bool(self.facts["is_paid"]))

    @property
    def may_cancel(self) -> bool:
        """Whether it can still be ended without credits."""
        return self.order.status in ("draft", "placed")


def shown(session: Session, order_id: str) -> Shown:
    """The order as pages show it. Raises NotFound."""
    settings: Settings = current_app.extensions["creditroll"]
    found = orders.by_number(session, order_id)
    [facts] = describe(session, [found])
    totals = pools.totals(session, found.license_id, now_us=micros(database_now(session)))
    issued = next((one.issued for one in totals if one.resource == found.resource), 0)
    resource = settings.sold(found.resource)
    twins = order_list.with_same_number(session, found)
    return Shown(found, facts, licenses.find(session, found.license_id), resource, issued, twins)


@only(OPERATOR)
def order(order_id: str) -> str:
    """Amounts, who pays, papers, payments, what the provider said, and problems. Raises NotFound."""
    session = db.session()
    found = shown(session, order_id)
    done = request.args.get("done", "")
    return render_template(
        "operator/order.html",
        shown=found,
        buyer=_name(session, found.order.buyer_id),
        certificate=_certificate(session, found.order),
        papers=papers.links(found.order),
        events=[(event, _told(event.summary)) for event in payments.events_of(session, found.order.id)],
        problems=payments.problems_of(session, found.order.id),
        words=words,
        now=clock.now(),
        done=done if found.order.status in _DONE.get(done, ()) else "",
    )


@only(OPERATOR)
def certificate(order_id: str) -> Response:
    """The certificate of exemption as a file; it may hold anything, so no browser is to show it. Raises NotFound."""
    settings: Settings = current_app.extensions["creditroll"]
    kept = _certificate(db.session(), orders.by_number(db.session(), order_id))
    if kept is None:
        raise NotFound(_("This order has no certificate of exemption."))
    response = Response(certificates.content(settings.files_dir, kept), mimetype=kept.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=kept.file_name)
    return response


def _certificate(session: Session, order: Order) -> certificates.Certificate | None:
    return certificates.find(session, order.certificate_id) if order.certificate_id else None


def _name(session: Session, person_id: str | None) -> str | None:
    return reach.person_names(session, {person_id}).get(person_id) if person_id else None


def _told(summary: str) -> Sequence[tuple[str, str]]:
    """What a provider's message said, in order; which order it is about, the page says already."""
    said: dict[str, Any] = json.loads(summary)
    currency = said.get("currency")
    return [
        (name.replace("_", " "), money.shown(value, currency) if name in _SUMS and currency else str(value))
        for name, value in said.items()
        if value is not None and name not in ("order_id", "currency")
    ]
