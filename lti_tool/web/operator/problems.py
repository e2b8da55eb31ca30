"""/operator/problems: what about money needs a person, with what to do about each, until somebody says it is done."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.licenses import licenses
from lti_tool.purchasing import orders, payments, problem_words
from lti_tool.web.access import OPERATOR, only
from lti_tool.webhooks import endpoints

PAGE = 50


def routes(blueprint: Blueprint) -> None:
    """Adds the list, and what closes one."""
    blueprint.add_url_rule("/problems", "problems", problems)
    blueprint.add_url_rule("/problems/<problem_id>", "close_problem", close, methods=["POST"])


@only(OPERATOR)
def problems() -> ResponseReturnValue:
    """One page of problems, oldest first; `?show=all` has the closed ones too, `?after=` goes on."""
    return _page()


@only(OPERATOR)
def close(problem_id: str) -> ResponseReturnValue:
    """Closes one, with what was done about it. Raises NotFound."""
    note = request.form.get("note", "")
    try:
        with transaction() as session:
            payments.close_problem(session, problem_id, note=note, now=clock.now())
    except Invalid as refusal:
        return _page(wrong={problem_id: refusal.detail}, typed={problem_id: note}), 422
    return redirect(url_for("operator.problems", done=problem_id), 303)


def _page(*, wrong: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> str:
    session = db.session()
    with_closed = request.args.get("show") == "all"
    found = payments.problems(session, closed=with_closed, after=request.args.get("after", ""), limit=PAGE + 1)
    shown = found[:PAGE]
    ended = endpoints.ended(session)
    return render_template(
        "operator/problems.html",
        problems=shown,
        numbers=orders.numbers(session, {one.order_id for one in shown if one.order_id}),
        words=problem_words.WORDS,
        ended=ended,
        schools=licenses.names(session, {one.license_id for one in ended}),
        with_closed=with_closed,
        more=shown[-1].id if len(found) > PAGE else None,
        wrong=wrong or {},
        typed=typed or {},
        was_closed="done" in request.args,
    )
