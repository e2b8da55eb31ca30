"""The operator's pages: orders, payments and problems of every licence, for whoever has the command line.

They show what an office would see of a purchase, and nothing of any pupil.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.purchasing import payments
from lti_tool.web import access, errors, operator_visit
from lti_tool.web.access import NoOperator
from lti_tool.web.csrf import FormOfAnotherVisit
from lti_tool.web.operator import decisions, entry, money_in, order, orders, problems
from lti_tool.webhooks import endpoints

blueprint = Blueprint("operator", __name__, url_prefix="/operator")

_REFUSAL = "operator/refusal.html"


for part in (entry, orders, order, decisions, money_in, problems):
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
        "These are the operator’s pages",
        "Your visit has ended, or you have none in this browser. A visit lasts four hours. Nothing was done.",
        ("Run “creditroll operator link” where Creditroll runs.", "Open the address that it prints, in this browser."),
    )
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL)


@blueprint.errorhandler(FormOfAnotherVisit)
def old_form(refusal: FormOfAnotherVisit) -> ResponseReturnValue:
    """The page for a form that another visit, or another site, sent."""
    words = errors.Words(
        "This form is from an earlier visit",
        "It was not opened in your present visit as operator, so nothing was done. Do it again from its page.",
    )
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL, has_visit=True)


@blueprint.errorhandler(NotFound)
def nothing_there(refusal: NotFound) -> ResponseReturnValue:
    """The page for an order or a problem that does not exist."""
    words = errors.Words("There is nothing here", f"{refusal.detail} Nothing was changed.")
    return errors.page(words, code=refusal.code, status=refusal.status, template=_REFUSAL, has_visit=True)
