"""The operator's pages: what needs them, and all that the command line does by hand, for whoever has that.

They show what an office would see of a purchase, and nothing of any pupil.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.language import _
from lti_tool.purchasing import payments
from lti_tool.web import access, errors, operator_visit
from lti_tool.web.access import NoOperator
from lti_tool.web.csrf import FormOfAnotherVisit
from lti_tool.web.operator import (
    audit,
    correct,
    decisions,
    entry,
    granting,
    health,
    launches,
    license,
    licenses,
    money_in,
    order,
    orders,
    platform,
    platforms,
    problems,
    rosters,
    start,
    webhook,
    webhooks,
)
from lti_tool.webhooks import endpoints

blueprint = Blueprint("operator", __name__, url_prefix="/operator")

_REFUSAL = "operator/refusal.html"


_PLATFORMS = (platforms, platform, correct, rosters, launches)
_LICENSES = (licenses, license, granting)
_MONEY = (orders, order, decisions, money_in, problems)
_TOOL = (webhooks, webhook, audit, health)

for part in (entry, start, *_PLATFORMS, *_LICENSES, *_MONEY, *_TOOL):
    part.routes(blueprint)


@blueprint.context_processor
def _of_every_page() -> dict[str, object]:
    """What the pages of a visit need: their forms' own field, and how many problems wait."""
    if access.rule() is not access.OPERATOR:
        return {}
    return {
        "form_field": operator_visit.FIELD,
        "form_of_visit": lambda: access.operator().form,
        "problem_count": _problem_count,
    }


def _problem_count() -> int:
    session = db.session()
    return sum(payments.open_problems(session).values()) + len(endpoints.ended(session))


@blueprint.errorhandler(NoOperator)
def nobody(refusal: NoOperator) -> ResponseReturnValue:
    """The page for who has no visit, or whose visit is over."""
    words = errors.Words(
        _("These are the operator’s pages"),
        _("Your visit has ended, or you have none in this browser. A visit lasts four hours. Nothing was done."),
        (
            _("Run “creditroll operator link” where Creditroll runs."),
            _("Open the address that it prints, in this browser."),
        ),
    )
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL)


@blueprint.errorhandler(FormOfAnotherVisit)
def old_form(refusal: FormOfAnotherVisit) -> ResponseReturnValue:
    """The page for a form that another visit, or another site, sent."""
    words = errors.Words(
        _("This form is from an earlier visit"),
        _("It was not opened in your present visit as operator, so nothing was done. Do it again from its page."),
    )
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL, has_visit=True)


@blueprint.errorhandler(NotFound)
def nothing_there(refusal: NotFound) -> ResponseReturnValue:
    """The page for an order or a problem that does not exist."""
    text = _("%(what)s Nothing was changed.", what=refusal.detail)
    words = errors.Words(_("There is nothing here"), text)
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL, has_visit=True)
