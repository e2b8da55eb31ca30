"""GET and POST /office/{token}: the quote, and the form that places it with the school's purchase order.

Pressed twice, it is placed once: the order is locked and can be placed only once, so that the form needs no key of its
own. What it does need is `seen`: the quantity and price that the office had before its eyes.
"""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import N_, _
from lti_tool.purchasing import by_purchase_order, certificates, orders
from lti_tool.purchasing import checkout as checkouts
from lti_tool.purchasing.billing import FIELDS, Billing, BillingInvalid
from lti_tool.purchasing.certificates import CertificateUnfit
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import OrderClosed, PriceExpired
from lti_tool.settings import Settings
from lti_tool.web import papers, words
from lti_tool.web.access import OFFICE, only
from lti_tool.web.certificates import ACCEPT, receive
from lti_tool.web.forms import Form, takes_file
from lti_tool.web.office.desk import Desk, Stale, open_desk, order_of, require_seen

_NO_CERTIFICATE = N_("Choose the certificate of exemption, or untick that the school is exempt.")


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what its form posts to."""
    blueprint.add_url_rule("/<token>", "quote", look)
    blueprint.add_url_rule("/<token>", "place", place, methods=["POST"])


@only(OFFICE)
def look(token: str) -> str:
    """The quote, or how far the order has come."""
    desk = open_desk(db.session(), token)
    return page(desk, as_kept(desk.order), is_just_placed="placed" in request.args)


@only(OFFICE)
@takes_file
def place(token: str) -> ResponseReturnValue:
    """Places the order with what was typed, or says beside each field what is wrong; then nothing was ordered."""
    order = order_of(db.session(), token)
    posted = Form.posted(*FIELDS, "exempt", "seen")
    billing = _read(posted, order.license_id, is_open=order.status == "draft")
    status = 422
    if billing is not None:
        try:
            with transaction() as session:
                _place(session, token, posted, billing)
            return redirect(url_for("office.quote", token=token, placed=1), 303)
        except (Stale, OrderClosed, PriceExpired) as refused:
            posted.wrong["form"], status = refused.detail, refused.status
    return page(open_desk(db.session(), token), posted), status


def as_kept(order: Order) -> Form:
    """The form with what the manager has filled in already."""
    kept = {field: getattr(order, field) or "" for field in FIELDS}
    return Form(kept | {"exempt": "1" if order.tax_exempt else ""})


def page(desk: Desk, form: Form, *, is_just_placed: bool = False) -> str:
    """The page as it is now, with what was typed."""
    order = desk.order
    return render_template(
        "office/quote.html",
        desk=desk,
        order=order,
        form=form,
        is_just_placed=is_just_placed,
        papers=papers.links(order),
        accept=ACCEPT,
        each=words.each(order.goods, order.quantity, order.currency),
        catalog=_settings().catalog,
        pay_at=checkouts.open_url(db.session(), order.id, now=clock.now()) if desk.takes_cards else None,
    )


def _read(posted: Form, license_id: str, *, is_open: bool) -> Billing | None:
    """What was typed; None, and the form says where, if something is wrong. A file that can be taken is filed first.

    Once the order is placed, its link files nothing more: the next order's tax would follow from it.
    """
    try:
        if is_open and receive(license_id, uploaded_by=None) is not None:
            posted.values["exempt"] = "1"  # whoever sends a certificate means it to count
        elif posted.values["exempt"] and certificates.newest(db.session(), license_id) is None:
            posted.wrong["certificate"] = _(_NO_CERTIFICATE)
    except CertificateUnfit as unfit:
        posted.wrong["certificate"] = unfit.detail
    try:
        billing = Billing.read(posted.values)
    except BillingInvalid as refused:
        posted.wrong.update(refused.wrong)
        return None
    return None if posted.wrong else billing


def _place(session: Session, token: str, posted: Form, billing: Billing) -> None:
    now = clock.now()
    order = orders.locked(session, order_of(session, token).id)
    require_seen(order, posted.values["seen"])
    certificate = certificates.newest(session, order.license_id) if posted.values["exempt"] else None
    by_purchase_order.set_billing(
        session, order, billing, certificate_id=certificate.id if certificate is not None else None, now=now
    )
    by_purchase_order.place(session, order.id, invoice_days=_settings().catalog.invoice_days, by="office", now=now)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
