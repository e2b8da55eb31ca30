"""What the steps share: the catalogue, the draft that they are about, and where an order's page is."""

from dataclasses import replace

from flask import current_app, url_for

from lti_tool import clock
from lti_tool.db import db
from lti_tool.ledger.pools import Pool
from lti_tool.price_list import Catalog
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from lti_tool.web.manager.desk import Desk, open_desk


def settings_of() -> Settings:
    """The app's settings."""
    settings: Settings = current_app.extensions["creditroll"]
    return settings


def catalog_of() -> Catalog:
    """What is for sale."""
    return settings_of().catalog


def find_draft(desk: Desk, order_id: str) -> Order | None:
    """The licence's order, if its steps can still be changed. Raises NotFound, also for another licence's."""
    order = orders.find(db.session(), desk.license.id, order_id)
    is_open = order.status == "draft" and not order.is_over(clock.now())
    return order if is_open and order.resource == desk.resource.name else None


def open_order(order_id: str) -> tuple[Desk, Order]:
    """The licence's order, and the desk with the figures of what it buys. Raises NotFound, also for another's."""
    session = db.session()
    desk = open_desk(session)
    order = orders.find(session, desk.license.id, order_id)
    if order.resource == desk.resource.name:
        return desk, order
    pool = session.get_one(Pool, (desk.license.id, order.resource))  # an order has opened it
    resource = settings_of().sold(order.resource)
    return replace(desk, resource=resource, pool=pool.balance, issued=pool.issued), order


def page_of(order_id: str) -> str:
    """The address of the order's own page, which knows every state."""
    return url_for("manager.order", order_id=order_id)
