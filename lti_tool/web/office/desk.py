"""The one order that an office's request is about."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.errors import NotFound, Refusal
from lti_tool.language import _
from lti_tool.licenses import licenses
from lti_tool.members.people import Person
from lti_tool.purchasing import certificates, office_links, payments
from lti_tool.purchasing.catalog import tax_on
from lti_tool.purchasing.orders import CARD, Order
from lti_tool.settings import Resource, Settings
from lti_tool.web import office_address
from lti_tool.web.pace import keep_pace


@dataclass(frozen=True)
class Desk:
    """The order with what an office may know of it: never balances, members or other orders."""

    token: str
    order: Order
    resource: Resource
    license_name: str
    buyer: str | None
    """Who asked, by name: an office has to know whose wish it pays. Only teachers can ask (R24): it is no pupil."""
    has_certificate: bool
    tax_due: int
    """What the tax is without an exemption, in minor units."""
    takes_cards: bool
    is_paid: bool

    @property
    def seen(self) -> str:
        """What the page's forms are made for: a quote that was changed meanwhile is not placed unseen."""
        return seen_of(self.order)


class Stale(Refusal):
    """The quote was changed after the office had opened it; nothing was ordered."""

    code = "quote_changed"


def require_seen(order: Order, seen: str) -> None:
    """Stops an order for something else than the office had before its eyes. Raises Stale."""
    if order.status == "draft" and seen != seen_of(order):
        raise Stale(_("The quote was changed after you had opened this page. Nothing was ordered: look again first."))


def seen_of(order: Order) -> str:
    """What a form is made for."""
    return f"{order.quantity} {order.goods} {order.currency}"


def order_of(session: Session, token: str) -> Order:
    """The order that the token opens. Raises NotFound, or TooOften where an address keeps on trying."""
    try:
        found = office_address.link_id(token)
        if found is None:
            raise NotFound(_("This link does not work, or no longer."))
        link = office_links.follow(session, found, now=clock.now())
    except NotFound:
        keep_pace("office")
        raise
    return session.get_one(Order, link.order_id)


def open_desk(session: Session, token: str) -> Desk:
    """The order with what its page shows. Raises NotFound, TooOften."""
    settings: Settings = current_app.extensions["creditroll"]
    order = order_of(session, token)
    return Desk(
        token=token,
        order=order,
        resource=settings.sold(order.resource),
        license_name=licenses.find(session, order.license_id).name,
        buyer=_name(session, order.buyer_id),
        has_certificate=certificates.newest(session, order.license_id) is not None,
        tax_due=tax_on(order.goods, order.tax_rate),
        takes_cards=settings.takes_cards and _may_be_paid_by_card(order),
        is_paid=payments.paid(payments.of_order(session, order.id), order.currency) >= order.total,
    )


def _may_be_paid_by_card(order: Order) -> bool:
    return order.status == "draft" or (order.method == CARD and order.status in ("placed", "refused"))


def _name(session: Session, person_id: str | None) -> str | None:
    """None where the LMS sent no name: a pseudonym would tell the office nothing."""
    person = session.get(Person, person_id) if person_id else None
    return person.name if person is not None else None
