"""/manager/purchase/{order}/payment: by purchase order or by card, whom to bill, and whether tax is due."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.purchasing import by_purchase_order, certificates, checkout, orders
from lti_tool.purchasing.billing import FIELDS, Billing, BillingInvalid
from lti_tool.purchasing.catalog import tax_on
from lti_tool.purchasing.certificates import Certificate, CertificateUnfit
from lti_tool.purchasing.orders import CARD, PURCHASE_ORDER, Order
from lti_tool.purchasing.refusals import OrderClosed, PriceExpired
from lti_tool.web import access
from lti_tool.web import certificates as uploads
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done, takes_file
from lti_tool.web.manager.desk import Desk, license_of, open_desk
from lti_tool.web.manager.purchase.shop import catalog_of, find_draft, page_of, settings_of


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what keeps its answer."""
    blueprint.add_url_rule("/purchase/<order_id>/payment", "purchase_payment", form)
    blueprint.add_url_rule("/purchase/<order_id>/payment", "purchase_payment_save", save, methods=["POST"])


@only(MANAGER)
def form(order_id: str) -> ResponseReturnValue:
    """The ways to pay, with what the order says already, or else what the licence's last invoice said."""
    desk = open_desk(db.session())
    order = find_draft(desk, order_id)
    if order is None:
        return done(page_of(order_id))
    return _page(desk, order, _as_kept(desk, order))


@only(MANAGER)
@takes_file
def save(order_id: str) -> ResponseReturnValue:
    """Keeps it on the draft and goes on to the review; or says beside each field what is wrong, and keeps nothing."""
    desk = open_desk(db.session())
    if find_draft(desk, order_id) is None:
        return done(page_of(order_id))
    posted = Form.posted("method", *FIELDS, "exempt")
    certificate = _certificate(desk, posted)
    billing = _billing(posted)
    if posted.values["method"] == PURCHASE_ORDER:
        if billing is not None and not posted.wrong:
            return _keep(order_id, billing, certificate)
    elif posted.values["method"] == CARD and settings_of().takes_cards:
        return _keep(order_id, None, None)
    else:
        posted.wrong = {"method": _("Choose how this order is paid.")}
    desk = open_desk(db.session())  # the certificate may have ended what was read before
    return _page(desk, orders.find(db.session(), desk.license.id, order_id), posted), 422


def _keep(order_id: str, billing: Billing | None, certificate: Certificate | None) -> ResponseReturnValue:
    now = clock.now()
    try:
        with transaction() as session:
            order = orders.locked_of(session, license_of(access.visit()), order_id)
            if billing is None:
                checkout.choose(session, order, now=now)
            else:
                exemption = certificate.id if certificate else None
                by_purchase_order.set_billing(session, order, billing, certificate_id=exemption, now=now)
    except (OrderClosed, PriceExpired):
        return done(page_of(order_id))
    return done(url_for("manager.purchase_review", order_id=order_id))


def _billing(posted: Form) -> Billing | None:
    """What was typed; without a number yet, the office is to complete it, so all of it may be missing."""
    try:
        return Billing.read(posted.values, is_whole=bool(posted.values["po_number"]))
    except BillingInvalid as refused:
        posted.wrong |= refused.wrong
        return None


def _certificate(desk: Desk, posted: Form) -> Certificate | None:
    """The certificate that exempts the order; a file that came is kept whatever else is wrong."""
    if posted.values["method"] != PURCHASE_ORDER or not posted.values["exempt"]:
        return None
    try:
        sent = uploads.receive(desk.license.id, uploaded_by=desk.visit.person_id)
    except CertificateUnfit as refused:
        posted.wrong["certificate"] = refused.detail
        return None
    found = sent or certificates.newest(db.session(), desk.license.id)
    if found is None:
        posted.wrong["certificate"] = _("Choose the certificate, or untick the box above: the order is then with tax.")
    return found


def _as_kept(desk: Desk, order: Order) -> Form:
    kept = {field: getattr(order, field) or "" for field in FIELDS}
    if not any(kept.values()):
        last = orders.last_billed(db.session(), desk.license.id)
        kept |= {field: getattr(last, field) or "" for field in FIELDS if last and field != "po_number"}
    method = order.method or ("" if settings_of().takes_cards else PURCHASE_ORDER)
    return Form(kept | {"method": method, "exempt": "1" if order.tax_exempt else ""})


def _page(desk: Desk, order: Order, shown: Form) -> str:
    return render_template(
        "manager/purchase/payment.html",
        desk=desk,
        order=order,
        form=shown,
        catalog=catalog_of(),
        tax_due=tax_on(order.goods, order.tax_rate),
        takes_cards=settings_of().takes_cards,
        certificate=certificates.newest(db.session(), desk.license.id),
        accept=uploads.ACCEPT,
        was_refused=request.method == "POST",
    )
