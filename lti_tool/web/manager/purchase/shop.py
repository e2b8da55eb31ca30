"""What the steps share: the catalogue, the draft that they are about, and where an order's page is."""

from flask import current_app, url_for

from lti_tool import clock
from lti_tool.db import db
from lti_tool.price_list import Catalog
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from lti_tool.web.manager.desk import Desk


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
    return order if order.status == "draft" and not order.is_over(clock.now()) else None


def page_of(order_id: str) -> str:
    """The address of the order's own page, which knows every state."""
    return url_for("manager.order", order_id=order_id)
