"""GET /student/export: where a link of the teacher's leads that goes straight to the exporting service."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.web import access, hand_off, plain
from lti_tool.web.access import LEARNER, only


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/export", "export", export)


@only(LEARNER)
def export() -> ResponseReturnValue:
    """Hands on at once; whoever cannot export is led to their own page, which says why (R14a)."""
    visit = access.visit()
    if visit.context_id is None:
        return plain.no_course()
    if visit.license_id is None or visit.member_id is None:
        return plain.not_set_up()
    handed = hand_off.prepare(visit.license_id, visit.member_id, visit.context_id)
    if handed is None:
        return redirect(url_for("student.home"), 303)
    if "HX-Request" in request.headers:
        # A page that is put into another one keeps that one's rules for forms: this one goes by way of ours.
        return render_template("student/export.html", export=hand_off.button(visit))
    return hand_off.page(handed)
