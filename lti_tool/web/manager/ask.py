"""/manager/purchase/ask: staff who may give credits and may not buy them ask those who may (R24)."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.members import reach
from lti_tool.purchasing import wishes
from lti_tool.purchasing.wishes import PurchaseWish
from lti_tool.settings import Settings
from lti_tool.web import access
from lti_tool.web.access import MANAGER, TEACHER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import Desk, open_desk

_LONGEST_NUMBER = 20
_TOLD = timedelta(days=14)
"""How long the overview says what the answer was."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page, and what its buttons and the managers' post to."""
    blueprint.add_url_rule("/purchase/ask", "ask", form)
    blueprint.add_url_rule("/purchase/ask", "ask_save", save, methods=["POST"])
    blueprint.add_url_rule("/purchase/ask/withdraw", "ask_withdraw", withdraw, methods=["POST"])
    blueprint.add_url_rule("/purchase/ask/<uuid:wish_id>/not-now", "ask_not_now", not_now, methods=["POST"])


@only(TEACHER)
def form() -> ResponseReturnValue:
    """The form, with what was asked so far or the number that another page found missing; managers go and buy."""
    number = request.args.get("number", "")[:_LONGEST_NUMBER]
    if access.reaches(access.visit(), "manager.purchase"):
        return done(url_for("manager.purchase", missing=number) if number else url_for("manager.purchase"))
    desk = open_desk(db.session())
    asked = asked_by(db.session(), desk)
    is_open = asked is not None and asked.answer is None
    before = {"number": str(asked.amount or ""), "note": asked.note or ""} if asked and is_open else {}
    blank = Form({"number": "", "note": ""} | before | ({"number": number} if number else {}))
    return _page(desk, blank, asked)


@only(TEACHER)
def save() -> ResponseReturnValue:
    """Notes the wish, in place of one that is open; or says what is wrong beside its field."""
    posted = Form.posted("number", "note")
    amount = posted.whole("number") if posted.values["number"] else None
    visit = access.visit()
    assert visit.person_id is not None
    if not posted.wrong:
        settings: Settings = current_app.extensions["creditroll"]
        try:
            with transaction() as session:
                wishes.ask(
                    session,
                    desks.license_of(visit),
                    desks.resource_of().name,
                    visit.person_id,
                    amount=amount,
                    note=posted.values["note"] or None,
                    most=settings.catalog.most,
                    now=clock.now(),
                )
        except Invalid as refused:
            posted.wrong[str(refused.figures["field"])] = refused.detail
    if posted.wrong:
        desk = open_desk(db.session())
        return _page(desk, posted, asked_by(db.session(), desk)), 422
    return done(url_for("manager.ask"))


@only(TEACHER)
def withdraw() -> ResponseReturnValue:
    """Takes the wish back."""
    visit = access.visit()
    assert visit.person_id is not None
    with transaction() as session:
        wishes.withdraw(session, desks.license_of(visit), desks.resource_of().name, visit.person_id, now=clock.now())
    return done(url_for("manager.ask"))


@only(MANAGER)
def not_now(wish_id: UUID) -> ResponseReturnValue:
    """A manager's answer; whoever asked reads it."""
    visit = access.visit()
    assert visit.person_id is not None
    with transaction() as session:
        wishes.decline(session, desks.license_of(visit), str(wish_id), by=visit.person_id, now=clock.now())
    return done(url_for("manager.overview", wish="answered"))


def asked_by(session: Session, desk: Desk) -> PurchaseWish | None:
    """What this visit's person asked for last, unless they buy themselves; an old answer is told no more."""
    if desk.visit.manages or not desk.may_give:
        return None
    wish = wishes.latest(session, desk.license.id, desk.resource.name, desk.visit.person_id)
    if wish is None or (wish.closed_at is not None and wish.closed_at < desk.now - _TOLD):
        return None
    return wish


def answered_by(session: Session, wish: PurchaseWish | None) -> str:
    """The manager who said "not now"."""
    ids = [wish.closed_by] if wish is not None and wish.closed_by else []
    return next(iter(reach.person_names(session, ids).values()), "")


def _page(desk: Desk, shown: Form, asked: PurchaseWish | None) -> str:
    by = answered_by(db.session(), asked)
    return render_template("manager/ask.html", desk=desk, form=shown, asked=asked, answered_by=by)
