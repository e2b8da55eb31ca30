"""POST /register: what the LMS gave back becomes a registration that waits, or is admitted where all are welcome.

Nobody is signed in here, so the form acts for nobody, and another site that sent it would gain nothing; it is refused
all the same, and each address may send only so many.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import transaction
from lti_tool.errors import Invalid
from lti_tool.language import N_, _
from lti_tool.lti import by_hand
from lti_tool.lti.by_hand import Typed
from lti_tool.lti.families import FAMILIES, Endpoints, Family
from lti_tool.lti.platforms import AlreadyRegistered, TooManyWaiting
from lti_tool.lti.registration_refusals import Closed
from lti_tool.web import errors
from lti_tool.web.access import ADMINISTRATOR, NotYours, only
from lti_tool.web.forms import Form
from lti_tool.web.pace import TooOften, keep_pace
from lti_tool.web.register import guide

_MISSING = N_("Fill this in.")
_LONGEST_NAME = 100


def routes(blueprint: Blueprint) -> None:
    """Adds what the form posts to."""
    blueprint.add_url_rule("", "propose", propose, methods=["POST"])


@only(ADMINISTRATOR)
def propose() -> ResponseReturnValue:
    """Keeps the registration and goes on to its own page; or says beside each field what is wrong."""
    settings = guide.settings()
    family = FAMILIES.get(request.form.get("lms", ""))
    if family is None:
        return redirect(url_for("register.guide"), 303)
    if settings.registration == "closed":
        return _closed()
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise NotYours(_("This form was sent by another site."))
    form = Form.posted("name", "environment", *(asked.field for asked in family.guide.asks))
    typed = _parse(family, form)
    if typed is not None:
        try:
            keep_pace("form")
            with transaction() as books:
                kept = by_hand.register(
                    books,
                    typed,
                    is_admitted=settings.registration == "open",
                    allow_private_hosts=settings.allow_private_hosts,
                    now=clock.now(),
                )
            return redirect(url_for("register.look", platform_id=kept.id, new=1), 303)
        except Invalid as refused:
            field = str(refused.figures["field"])
            form.wrong[field if field in form.values else "form"] = refused.detail
        except AlreadyRegistered as refused:
            form.wrong["client_id"] = f"{refused.detail} {_('Nothing was changed.')}"
        except (TooManyWaiting, TooOften) as refused:
            form.wrong["form"] = refused.detail
            return guide.page(family, form), refused.status
    return guide.page(family, form), 422


def _parse(family: Family, form: Form) -> Typed | None:
    """What was typed; None, and the form says where, if something is missing."""
    needed = [asked.field for asked in family.guide.asks if not asked.is_optional]
    form.wrong.update({field: _(_MISSING) for field in needed if not form.values[field]})
    endpoints = _endpoints(family, form)
    if form.wrong or endpoints is None:
        return None
    return Typed(
        family=family,
        name=form.values["name"] or _name(family, form),
        client_id=form.values["client_id"],
        endpoints=endpoints,
        deployment_id=form.values.get("deployment_id") or None,
        auth_audience=form.values.get("auth_audience") or None,
    )


def _name(family: Family, form: Form) -> str:
    """What tells it from others in a list, where nobody said what to call it."""
    return f"{family.title} {form.values['client_id'] if family.constant else form.values['issuer']}"[:_LONGEST_NAME]


def _endpoints(family: Family, form: Form) -> Endpoints | None:
    if not family.constant:
        named = ("issuer", "auth_login_url", "auth_token_url", "jwks_url")
        return Endpoints(**{field: form.values[field] for field in named})
    chosen = form.values["environment"] or family.constant[0].title
    found = next((one for one in family.constant if one.title == chosen), None)
    if found is None:
        form.wrong["environment"] = _("Choose one of the list.")
    return found


def _closed() -> ResponseReturnValue:
    closed = Closed()
    return errors.page(errors.Words(closed.title, closed.detail, closed.steps), code=closed.code, status=closed.status)
