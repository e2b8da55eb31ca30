"""POST /manager/purchase/{order}/office: the link for the school's office, made or closed; and what its panel shows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import transaction
from lti_tool.purchasing import office_links, orders
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import OrderClosed, PriceExpired
from lti_tool.web import access, office_address
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import done
from lti_tool.web.manager.desk import license_of


@dataclass(frozen=True)
class Sent:
    """A link that counts: its whole address, a mailto address with a ready text, and until when it works."""

    address: str
    letter: str
    until: datetime


def routes(blueprint: Blueprint) -> None:
    """Adds what the panel's two buttons post to."""
    blueprint.add_url_rule("/purchase/<order_id>/office", "office", send_or_close, methods=["POST"])


def sent(session: Session, order: Order) -> Sent | None:
    """What `manager/_office.html` shows of the order's link; None if it has none."""
    link = office_links.current(session, order.id, now=clock.now())
    if link is None:
        return None
    return Sent(office_address.address(link), office_address.letter(link, order), link.expires_at)


@only(MANAGER)
def send_or_close(order_id: str) -> ResponseReturnValue:
    """Makes the order's link, or shows the one that it has; with `close` in the form, ends it."""
    visit = access.visit()
    with suppress(OrderClosed, PriceExpired), transaction() as session:  # the order's page says it
        order = orders.locked_of(session, license_of(visit), order_id)
        if "close" in request.form:
            office_links.close(session, order, now=clock.now())
        else:
            office_links.make(session, order, person_id=visit.person_id, now=clock.now())
    return done(url_for("manager.order", order_id=order_id, _anchor="office"))
