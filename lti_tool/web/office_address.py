"""The address of an office link: its id, signed, so that nobody finds one by trying."""

import hashlib
from datetime import datetime
from urllib.parse import quote

from babel.dates import format_date
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from lti_tool import money
from lti_tool.purchasing.office_links import OfficeLink
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings


def address(link: OfficeLink) -> str:
    """The whole address, to be copied and sent."""
    settings: Settings = current_app.extensions["creditroll"]
    return f"{settings.public_url}/office/{_signer(settings).dumps(link.id)}"


def link_id(token: str) -> str | None:
    """The id that the token was made of; None if it is not one of ours."""
    settings: Settings = current_app.extensions["creditroll"]
    try:
        return str(_signer(settings).loads(token))
    except BadData:
        return None


def letter(link: OfficeLink, order: Order) -> str:
    """A mailto address that opens the manager's own mail program, with all that the office needs: we send no mail."""
    settings: Settings = current_app.extensions["creditroll"]
    wanted = settings.sold(order.resource).count(order.quantity)
    price = money.shown(order.total, order.currency)
    if order.status == "draft":
        subject = f"Purchase order for {wanted} (quote Q-{order.stem}, {price})"
        wish = f"I would like us to buy {wanted} for Creditroll (quote Q-{order.stem}, {price})."
        page = "This page has the quote, and takes our purchase order number:"
    else:
        subject = f"Papers for {wanted} (order {order.number}, {price})"
        wish = f"We have ordered {wanted} for Creditroll (order {order.number}, {price})."
        page = "This page has the papers, and shows how far the order is:"
    body = (
        f"Hello,\n\n{wish}\n\n{page}\n{address(link)}\n\n"
        f"It works until {_day(link.expires_at)}, without an account. Whoever has the address can open it.\n"
    )
    return f"mailto:?subject={quote(subject, safe='')}&body={quote(body.replace(chr(10), chr(13) + chr(10)), safe='')}"


def _day(moment: datetime) -> str:
    return format_date(moment, "MMMM d, yyyy", locale="en_US")


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(
        settings.secret_key,
        salt="office-link",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
