"""/operator/licenses/{license}/grant: credits for a licence, typed, looked at, and then granted once.

They cannot be taken back, so a large number has to be ticked, too.
"""

from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger import issuing, pools
from lti_tool.ledger.movements import OPERATOR as BY_OPERATOR
from lti_tool.ledger.refusals import AmountInvalid, FormReused
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses import licenses
from lti_tool.licenses.licenses import License
from lti_tool.settings import Resource, Settings
from lti_tool.web import forms
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.forms import Form
from lti_tool.web.operator import changes

_ALWAYS_LARGE = 10_000
_FIELDS = ("resource", "credits", "note")


def routes(blueprint: Blueprint) -> None:
    """Adds the form, and what grants."""
    blueprint.add_url_rule("/licenses/<license_id>/grant", "grant", ask)
    blueprint.add_url_rule("/licenses/<license_id>/grant", "grant_save", save, methods=["POST"])


@dataclass(frozen=True)
class Sum:
    """The licence's total before, and what is added; `is_large` where that is to be said twice."""

    resource: Resource
    before: int
    amount: int

    @property
    def total(self) -> int:
        """The licence's total after it."""
        return self.before + self.amount

    @property
    def is_large(self) -> bool:
        """More than the licence ever had, or more than any class needs."""
        return self.amount >= _ALWAYS_LARGE or (self.before > 0 and self.amount > self.before)


@only(OPERATOR)
def ask(license_id: str) -> ResponseReturnValue:
    """The form. Raises NotFound."""
    settings: Settings = current_app.extensions["creditroll"]
    return _page(licenses.find(db.session(), license_id), Form({"resource": settings.resource.name}))


@only(OPERATOR)
def save(license_id: str) -> ResponseReturnValue:
    """Shows the sum first, and grants when that was confirmed. Raises NotFound."""
    found, posted, step = licenses.find(db.session(), license_id), Form.posted(*_FIELDS), request.form.get("step")
    settings: Settings = current_app.extensions["creditroll"]
    resource = settings.resources.get(posted.values["resource"])
    amount = posted.whole("credits")
    if resource is None:
        posted.wrong["resource"] = _("Choose what to grant.")
    try:
        if amount is not None:
            issuing.check_grant(amount, posted.values["note"])
    except AmountInvalid as refusal:
        posted.wrong[str(refusal.figures["field"])] = refusal.detail
    if posted.wrong or resource is None or amount is None:
        return _page(found, posted, status=422)
    if step == "change":
        return _page(found, posted)
    total = _sum(found.id, resource, amount)
    if step == "grant" and total.is_large and request.form.get("sure") != "yes":
        posted.wrong["sure"] = _("Nothing was granted yet. Tick this, too, if the number is right.")
        return _page(found, posted, total=total, status=422)
    if step == "grant":
        return _grant(found.id, posted, total)
    return _page(found, posted, total=total)


def granted(session: Session, license_id: str, batch_id: str) -> Batch | None:
    """The grant that a page was come from, if it is one of this licence."""
    batch = session.scalar(select(Batch).where(Batch.license_id == license_id, Batch.id == batch_id))
    return batch if batch is not None and batch.kind == "grant" else None


def _grant(license_id: str, posted: Form, total: Sum) -> ResponseReturnValue:
    key = forms.request_key()
    try:
        with transaction() as session:
            batch_id = issuing.grant(
                session,
                license_id,
                total.resource,
                amount=total.amount,
                actor=BY_OPERATOR,
                now=clock.now(),
                note=posted.values["note"] or None,
                request_key=key,
            ).batch_id
        changes.note(f"granted {total.amount} {total.resource.name}", license_id)
    except FormReused:  # pressed twice, or loaded again: what it granted then stands
        batch_id = issuing.batch_of(db.session(), license_id, key)
    return redirect(url_for("operator.license", license_id=license_id, granted=batch_id), 303)


def _sum(license_id: str, resource: Resource, amount: int) -> Sum:
    kept = pools.of_licenses(db.session(), [license_id])[license_id]
    return Sum(resource, next((pool.issued for pool in kept if pool.resource == resource.name), 0), amount)


def _page(found: License, form: Form, *, total: Sum | None = None, status: int = 200) -> ResponseReturnValue:
    settings: Settings = current_app.extensions["creditroll"]
    key = request.form.get("request_key") if "sure" in form.wrong else None
    return (
        render_template(
            "operator/grant.html",
            license=found,
            form=form,
            sum=total,
            choices=[(one.name, one.title) for one in settings.resources.values()],
            request_key=key or new_id(),
        ),
        status,
    )
