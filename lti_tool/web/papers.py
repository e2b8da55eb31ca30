"""/papers/{token}: the quote, invoice and receipt of an order, and the seller's tax form, as PDFs to keep.

The address is the key: signed by us, for one document, for two hours. So a download works in a new tab and where no
cookie is sent; each page that shows such links makes fresh ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup

from lti_tool import clock, language
from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.language import N_, _
from lti_tool.licenses import licenses
from lti_tool.purchasing import payments
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.papers import facts
from lti_tool.purchasing.payments import Payment
from lti_tool.settings import Settings
from lti_tool.web import errors, words
from lti_tool.web.access import Rule, only
from lti_tool.web.sentences import marked

blueprint = Blueprint("papers", __name__, url_prefix="/papers")

HOLDER = Rule(
    "whoever has the link: its signature is checked, and that it is two hours old at most", is_by_address=True
)

TAX_FORM = "tax-form"
_LASTS = timedelta(hours=2)
_TITLES = {facts.QUOTE: "Quote", facts.INVOICE: "Invoice", facts.RECEIPT: "Receipt", TAX_FORM: "W-9"}
_LABELS = {
    facts.QUOTE: N_("Quote %(number)s"),
    facts.INVOICE: N_("Invoice %(number)s"),
    facts.RECEIPT: N_("Receipt %(number)s"),
}
_ENDED = errors.Words(N_("This link has expired"), N_("Open the order again and download it from there."))


@dataclass(frozen=True)
class Link:
    """To download, in a new tab: `label` "Quote Q-2026-7F3A9KQX", `note` "PDF, $50.00, valid until Dec 20"."""

    kind: str
    label: str
    note: Markup
    url: str


def links(order: Order, came: Sequence[Payment] | None = None) -> list[Link]:
    """What the order has to download by now, in the order in which a school gets it; `came` saves reading payments."""
    if came is None:
        came = payments.of_order(db.session(), order.id)
    found = [
        Link(kind, _(_LABELS[kind], number=facts.number(order, kind)), _note(order, kind), _url(order, kind))
        for kind in facts.kinds(order, came)
    ]
    if _settings().catalog.seller_tax_form:
        found.append(Link(TAX_FORM, _TITLES[TAX_FORM], Markup("PDF"), _url(order, TAX_FORM)))
    return found


@blueprint.get("/<token>")
@only(HOLDER)
def download(token: str) -> ResponseReturnValue:
    """The document of the token. Raises NotFound where the order has no such paper any more."""
    try:
        order_id, kind, locale = _signer().loads(token, max_age=int(_LASTS.total_seconds()))
    except BadData:
        return errors.page(_ENDED, code="link_expired", status=410)
    order = db.session().get(Order, order_id)
    if order is None:
        raise NotFound(_("There is no such order."))
    if kind == TAX_FORM:
        return _sent(_tax_form(), "W-9.pdf")
    return _sent(_drawn(order, kind, locale), f"{_TITLES[kind]}-{facts.number(order, kind)}.pdf")


def _drawn(order: Order, kind: str, locale: str) -> bytes:
    from lti_tool.purchasing.papers import draw  # it brings fonts with it, which most workers never need

    settings = _settings()
    with language.speaking(locale):  # of the page with the link; a download may be asked for by another program
        told = facts.read(
            order,
            payments.of_order(db.session(), order.id),
            kind,
            license_name=licenses.find(db.session(), order.license_id).name,
            resource=settings.resources.get(order.resource),
            catalog=settings.catalog,
            takes_cards=settings.takes_cards,
            locale=locale,
            now=clock.now(),
        )
    return draw.pdf(told)


def _tax_form() -> bytes:
    try:
        return Path(_settings().catalog.seller_tax_form).read_bytes()
    except OSError as error:
        raise NotFound(_("The tax form is not there at the moment. Ask the seller for it.")) from error


def _sent(pdf: bytes, name: str) -> Response:
    response = make_response(pdf)
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _note(order: Order, kind: str) -> Markup:
    total = words.money(order.total, order.currency)
    if kind == facts.QUOTE and order.status in ("draft", "expired"):
        return marked(N_("PDF, %(total)s, valid until %(day)s"), total=total, day=words.when(order.expires_at, "day"))
    if order.status == "cancelled" and kind != facts.RECEIPT:
        return marked(N_("PDF, cancelled"))
    if kind == facts.INVOICE and order.due_at is not None:
        return marked(N_("PDF, %(total)s, due %(day)s"), total=total, day=words.when(order.due_at, "day"))
    return marked(N_("PDF, %(total)s"), total=total)


def _url(order: Order, kind: str) -> str:
    return url_for("papers.download", token=_signer().dumps([order.id, kind, language.tag()]))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_settings().secret_key, salt="paper")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
