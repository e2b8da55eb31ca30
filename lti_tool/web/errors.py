"""Every refusal becomes a readable page that says what to do first, and its code last.

The only place that answers for what went wrong unexpectedly. Addresses below a prefix that `handle` is given (the
machine API) are answered by their own room.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from lti_tool.db import is_passing
from lti_tool.errors import Refusal, Unavailable
from lti_tool.ids import new_support_id
from lti_tool.language import LANGUAGES, N_, found, speaking
from lti_tool.web import access

Speaker = Callable[[Refusal | HTTPException], ResponseReturnValue]

_log = logging.getLogger(__name__)
_FROM_COURSE = (N_("Go back to your course page."), N_("Choose Creditroll in the course menu."))


@dataclass(frozen=True)
class Words:
    """What a refusal page says: a title, one or two sentences, and what to do, step by step; marked by `N_`."""

    title: str
    text: str
    steps: Sequence[str] = ()

    @property
    def spoken(self) -> "Words":
        """The same in the reader's language; what is said in it already stays."""
        return Words(found(self.title), found(self.text), [found(step) for step in self.steps])


_ENDED = Words(
    N_("Open it again from your course"),
    N_(
        "Your visit has ended, so we no longer know who you are. This happens after some hours, or when this address"
        " was saved or copied. Nothing was lost."
    ),
    _FROM_COURSE,
)

_BY_CODE = {
    "no_session": _ENDED,
    "form_expired": Words(
        N_("This form is from an earlier visit"),
        N_("Creditroll was opened again after this form, perhaps by somebody else, so nothing was saved."),
        (*_FROM_COURSE, N_("Fill in the form again.")),
    ),
    "unavailable": Words(
        N_("Creditroll cannot reach its books at this moment"),
        N_("No credit is lost. If you were saving something, look whether it was saved before you do it again."),
        (N_("Wait a minute."), *_FROM_COURSE),
    ),
    "not_allowed": Words(
        N_("This page is not for your role in the course"),
        N_("Nothing was changed. If you teach this course, ask your LMS administrator which role you have in it."),
    ),
}

_BY_STATUS = {
    404: Words(N_("There is nothing here"), N_("The address may be old, or mistyped."), _FROM_COURSE),
    405: Words(N_("This address takes no such request"), N_("Nothing was changed."), _FROM_COURSE),
    413: Words(N_("That was too much at once"), N_("The form is larger than Creditroll takes. Nothing was saved.")),
}

_BROKEN = Words(
    N_("Something went wrong on our side"),
    N_("Nothing was saved by this step. It has been written down; wait a minute, then try it again."),
)


def handle(app: Flask, *, programs: Mapping[str, Speaker] | None = None) -> None:
    """Answers each Refusal and HTTP error with a page; below a prefix in `programs`, its speaker answers instead."""
    speakers = dict(programs or {})

    def answer(error: Refusal | HTTPException) -> ResponseReturnValue:
        for prefix, speaker in speakers.items():
            if request.path.startswith(prefix):
                return speaker(error)
        return _refused(error) if isinstance(error, Refusal) else _failed(error)

    def answer_for_database(error: SQLAlchemyError) -> ResponseReturnValue:
        if not is_passing(error):
            raise error  # ours to mend: a 500, with its trace in the log
        unavailable = Unavailable()
        _log.error("%s %s: the database cannot answer: %s", request.method, where(), _first_line(error))
        answered = make_response(answer(unavailable))
        answered.headers["Retry-After"] = str(unavailable.figures["retry_after"])
        return answered

    app.register_error_handler(Refusal, answer)
    app.register_error_handler(SQLAlchemyError, answer_for_database)
    app.register_error_handler(HTTPException, answer)  # an unexpected error arrives here as 500


def where() -> str:
    """The address of this request as a log may hold it: where whoever has it may call, only its pattern."""
    declared = access.rule()
    if request.url_rule is not None and declared is not None and declared.is_by_address:
        return request.url_rule.rule
    return request.path


def _first_line(error: SQLAlchemyError) -> str:
    """What the database said, without the statement, and without the lines that may quote a row."""
    said = str(getattr(error, "orig", None) or type(error).__name__)
    return said.partition("\n")[0]


def page(
    words: Words, *, code: str, status: int, support_id: str = "", template: str = "refusal.html", **shown: object
) -> ResponseReturnValue:
    """The refusal page with a support id, a fresh one if none is given, which the log has too.

    `template` may be another page, which says more (`shown`).
    """
    support_id = support_id or new_support_id()
    level = logging.ERROR if status >= 500 else logging.INFO
    g.refusal = code  # counted by web/operations.py
    _log.log(level, "%s %s refused: %s %s support_id=%s", request.method, where(), status, code, support_id)
    others = _in_others(words)
    shown |= {"words": words.spoken, "others": others, "code": code, "support_id": support_id}
    return render_template(template, **shown), status


def _in_others(words: Words) -> Sequence[tuple[str, str, Words]]:
    """The same in each other language that has it: what was refused cannot be asked again at another address."""
    said, others = words.spoken, []
    for code, name in LANGUAGES.items():
        with speaking(code):
            if words.spoken.text != said.text:
                others.append((code, name, words.spoken))
    return others


def _refused(refusal: Refusal) -> ResponseReturnValue:
    words = (
        _BY_CODE.get(refusal.code) or _BY_STATUS.get(refusal.status) or Words(N_("That did not work"), refusal.detail)
    )
    return page(words, code=refusal.code, status=refusal.status)


def _failed(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # the router's own redirect
    if status >= 500:
        return page(_BROKEN, code="internal_error", status=status)
    words = _BY_STATUS.get(status) or Words(N_("That did not work"), N_("Nothing was changed."), _FROM_COURSE)
    answer = page(words, code=error.name.lower().replace(" ", "_"), status=status)
    assert isinstance(answer, tuple)
    return answer[0], status, {"Allow": error.get_response().headers["Allow"]} if status == 405 else {}
