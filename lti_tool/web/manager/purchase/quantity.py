"""/manager/purchase: how many, with price and what the licence becomes in sight before anything is asked (R28)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.purchasing import catalog, certificates, office_links, orders, unfinished
from lti_tool.purchasing.catalog import Price
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import NotForSale, OrderClosed, TooManyQuotes
from lti_tool.web import access, words
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done, request_key
from lti_tool.web.manager.desk import Desk, license_of, open_desk, resource_of
from lti_tool.web.manager.purchase.shop import catalog_of, find_draft, page_of

OTHER = "other"
_BETWEEN = re.compile(r"(\d{1,6})[.,]\d{1,9}", re.ASCII)
_FIELDS = ("pack", "quantity", "order", "for", "missing")


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what keeps its answer."""
    blueprint.add_url_rule("/purchase", "purchase", form)
    blueprint.add_url_rule("/purchase", "purchase_save", save, methods=["POST"])


@only(MANAGER)
def form() -> ResponseReturnValue:
    """The packs and any other number: for a new order, or for the draft that the address names.

    `?missing=` fills in the smallest number for sale that covers it, `?quantity=` that number.
    """
    desk = open_desk(db.session())
    shown = Form({name: request.args.get(name, "").strip() for name in _FIELDS} | {"request_key": new_id()})
    if shown.values["order"]:
        order = find_draft(desk, shown.values["order"])
        if order is None:
            return done(page_of(shown.values["order"]))
        shown.values |= _as_chosen(desk, order.quantity)
    elif shown.values["missing"]:
        _cover(desk, shown)
    elif shown.values["quantity"] and (asked := shown.whole("quantity")):
        shown.values |= _as_chosen(desk, asked)
    shown.wrong.clear()  # an address that was written by hand is no form that was refused
    return _page(desk, shown)


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Keeps the quantity as a draft and goes on; or says why not. With `look` in the form it only shows the sum."""
    posted = Form.posted(*_FIELDS)
    posted.values["request_key"] = request_key()
    quantity = _chosen(posted)
    if quantity is not None:
        try:
            catalog.goods_price(catalog_of(), resource_of().name, quantity)
            if "look" not in request.form:
                with transaction() as session:
                    order = _keep(session, posted, quantity)
                step = "manager.purchase_payment" if order.status == "draft" else "manager.order"
                return done(url_for(step, order_id=order.id))
        except (NotForSale, OrderClosed, TooManyQuotes) as refused:
            posted.wrong["quantity"] = refused.detail
    return _page(open_desk(db.session()), posted), 200 if "look" in request.form else 422


def _keep(session: Session, posted: Form, quantity: int) -> Order:
    """The form's one order, with this quantity, unless it was placed meanwhile. Raises NotForSale, OrderClosed."""
    visit, now = access.visit(), clock.now()
    license_id = license_of(visit)
    if posted.values["order"]:
        order = orders.locked_of(session, license_id, posted.values["order"])
    else:
        made = orders.draft(
            session,
            license_id,
            catalog_of(),
            resource_of().name,
            quantity,
            buyer_id=visit.person_id,
            now=now,
            allotment_id=unfinished.for_order(session, license_id, visit.person_id, posted.values["for"]),
            request_key=posted.values["request_key"],
        )
        order = orders.locked(session, made.id)
        certificate = certificates.newest(session, license_id)
        if certificate is not None and order.method is None and order.status == "draft":
            orders.exempt(order, certificate.id)
    is_open = order.status == "draft" and not order.is_over(now) and order.resource == resource_of().name
    if is_open and order.quantity != quantity:
        if office_links.current(session, order.id, now=now) is not None:
            raise OrderClosed(
                _("The school office has the link to this quote, so its quantity stays. Close the link first.")
            )
        orders.change_quantity(session, order, catalog_of(), quantity, now=now)
    return order


@dataclass(frozen=True)
class Choice:
    """What is chosen at this moment; `cheaper` has more for less."""

    price: Price
    cheaper: Price | None


def _page(desk: Desk, shown: Form) -> str:
    if desk.resource.name not in catalog_of().prices:
        return render_template("manager/purchase/not_for_sale.html", desk=desk)
    looks_wrong = "" if "look" not in request.form else shown.wrong.pop("quantity", shown.wrong.pop("pack", ""))
    return render_template(
        "manager/purchase/quantity.html",
        desk=desk,
        form=shown,
        catalog=catalog_of(),
        packs=list(catalog.packs(catalog_of(), desk.resource.name)),
        other=OTHER if catalog.sells_any_number(catalog_of(), desk.resource.name) else "",
        tiers=list(_tiers(desk)),
        choice=None if shown.wrong or looks_wrong else _choice(desk, shown),
        looks_wrong=looks_wrong,
        missing=Form(dict(shown.values)).whole("missing", empty=0) or 0,
    )


def _choice(desk: Desk, shown: Form) -> Choice | None:
    quantity = _chosen(Form(dict(shown.values)))
    if quantity is None:
        return None
    name = desk.resource.name
    is_exempt = certificates.newest(db.session(), desk.license.id) is not None
    try:
        price = catalog.price(catalog_of(), name, quantity, is_exempt=is_exempt)
    except NotForSale:
        return None
    return Choice(price, catalog.cheaper(catalog_of(), name, quantity) if quantity <= catalog_of().most else None)


def _chosen(shown: Form) -> int | None:
    """The quantity of the chosen pack, or the number that was typed; None, and `wrong` says why, if there is none."""
    typed, pack = shown.values["quantity"], shown.values["pack"]
    if pack and pack != OTHER:
        return shown.whole("pack")
    if not typed and not pack:
        shown.wrong["pack"] = _("Choose how many %(credits)s you need.", credits=resource_of().units)
        return None
    quantity = shown.whole("quantity")
    if quantity is None and (parts := _BETWEEN.fullmatch(typed)):
        less = int(parts[1])
        near = {"typed": typed, "less": less, "more": less + 1}
        shown.wrong["quantity"] = (
            _("“%(typed)s” is not a whole number. The nearest are %(less)s and %(more)s.", **near)
            if less
            else _("“%(typed)s” is not a whole number. The nearest is %(more)s.", **near)
        )
    return quantity


def _as_chosen(desk: Desk, quantity: int) -> dict[str, str]:
    sizes = [pack.quantity for pack in catalog.packs(catalog_of(), desk.resource.name)]
    return {"pack": str(quantity), "quantity": ""} if quantity in sizes else {"pack": OTHER, "quantity": str(quantity)}


def _cover(desk: Desk, shown: Form) -> None:
    """Chooses the smallest quantity that covers what is missing; nothing if none does."""
    missing = shown.whole("missing")
    least = catalog.least(catalog_of(), desk.resource.name, missing) if missing and missing > 0 else None
    if least is None:
        shown.values["missing"] = ""
    else:
        shown.values |= _as_chosen(desk, least)


def _tiers(desk: Desk) -> Iterator[str]:
    """Each tier in words, with what one costs there."""
    prices = catalog_of().prices.get(desk.resource.name)
    tiers = prices.tiers if prices else ()
    for tier, following in zip(tiers, (*tiers[1:], None), strict=True):
        each = words.money(tier.each, catalog_of().currency)
        if following:
            yield _("%(first)s to %(last)s: %(each)s each", first=tier.start, last=following.start - 1, each=each)
        else:
            yield _("%(first)s or more: %(each)s each", first=tier.start, each=each)
