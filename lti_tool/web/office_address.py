"""The address of an office link: its id, signed, so that nobody finds one by trying."""

import hashlib
from urllib.parse import quote

from babel.dates import format_date
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from lti_tool.language import _, locale
from lti_tool.purchasing.office_links import OfficeLink
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from lti_tool.web import words


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
    price = words.money(order.total, order.currency)
    if order.status == "draft":
        named = {"credits": wanted, "quote": f"Q-{order.stem}", "price": price}
        subject = _("Purchase order for %(credits)s (quote %(quote)s, %(price)s)", **named)
        wish = _("I would like us to buy %(credits)s for Creditroll (quote %(quote)s, %(price)s).", **named)
        page = _("This page has the quote, and takes our purchase order number:")
    else:
        named = {"credits": wanted, "order": order.number, "price": price}
        subject = _("Papers for %(credits)s (order %(order)s, %(price)s)", **named)
        wish = _("We have ordered %(credits)s for Creditroll (order %(order)s, %(price)s).", **named)
        page = _("This page has the papers, and shows how far the order is:")
    works = _(
        "It works until %(day)s, without an account. Whoever has the address can open it.",
        day=format_date(link.expires_at, "long", locale=locale()),
    )
    body = f"{_('Hello,')}\n\n{wish}\n\n{page}\n{address(link)}\n\n{works}\n"
    return f"mailto:?subject={quote(subject, safe='')}&body={quote(body.replace(chr(10), chr(13) + chr(10)), safe='')}"


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(
        settings.secret_key,
        salt="office-link",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
