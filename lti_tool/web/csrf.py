"""Forms count only in the visit that they were made for: the token lives and dies with the visit."""

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.web import access, operator_visit

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_protection = CSRFProtect()


class FormOfAnotherVisit(Refusal):
    """The form's token is missing or belongs to an earlier visit; nothing was done."""

    code = "form_expired"
    status = 400


def protect(app: Flask) -> None:
    """Checks every unsafe request that acts for a visit; messages of LMSs and programs prove themselves otherwise."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # the access rule decides, so that no route can be forgotten
        WTF_CSRF_TIME_LIMIT=None,  # bound to the visit instead of a clock
        WTF_CSRF_SSL_STRICT=False,  # the token is proof enough; proxies of schools strip Referer
    )
    _protection.init_app(app)
    app.before_request(_check)


def _check() -> None:
    if request.method in _SAFE:
        return
    if access.rule() is access.OPERATOR and not operator_visit.is_own_form(access.operator()):
        raise FormOfAnotherVisit(_("This form is not from a page of your present visit, so nothing was done."))
    if not access.acts_for_a_visit():
        return
    try:
        _protection.protect()
    except CSRFError as error:
        raise FormOfAnotherVisit(
            _("This form was opened in an earlier visit, so nothing was saved. Open Creditroll again from your course.")
        ) from error
