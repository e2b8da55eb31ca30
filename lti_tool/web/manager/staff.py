"""/manager/members/staff: who counts as staff of a course although the LMS calls them a student, said once (R26).

Only for teachers by the LMS's own word: what a mark or a setting gives cannot be passed on.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.members import directory, marks
from lti_tool.members.marks import NotInCourse, OwnMark, Standing
from lti_tool.web import access
from lti_tool.web.access import LMS_TEACHER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.members import address_of, wish_from

_MOST = 50
"""A class has few co-teachers: more at once are a slip of the hand on "Select all"."""


def routes(blueprint: Blueprint) -> None:
    """Adds the form and what saves it."""
    blueprint.add_url_rule("/members/staff", "staff", form)
    blueprint.add_url_rule("/members/staff", "staff_save", save, methods=["POST"])


@only(LMS_TEACHER)
def form() -> ResponseReturnValue:
    """What the mark would mean for those picked, or for whom is marked already, taking it back."""
    desk = open_desk(db.session())
    ids = request.args.getlist("member")
    if request.args.get("all"):
        ids = directory.whole(db.session(), desk.within, desk.terms, wish_from(request.args), now=desk.now)
    course = next(iter(desk.within.courses)) if len(desk.within.courses) == 1 else request.args.get("course", "")
    return _show(desk, ids, Form({"course": course}), status=200)


@only(LMS_TEACHER)
def save() -> ResponseReturnValue:
    """Marks, or takes the mark back, in one course of the teacher's; or says why not, and nothing changed."""
    posted = Form.posted("course", "standing")
    ids = request.form.get("members", "").split()
    is_staff = posted.values["standing"] == "staff"
    visit = access.visit()
    if not posted.values["course"]:
        posted.wrong["course"] = _("Choose the course.")
    else:
        try:
            with transaction() as session:
                if posted.values["course"] not in desks.courses_of(session, visit).courses or len(set(ids)) > _MOST:
                    raise NotInCourse(_("Somebody you picked is not in that course."))
                marks.mark(
                    session,
                    desks.license_of(visit),
                    posted.values["course"],
                    ids,
                    is_staff=is_staff,
                    by_member=visit.member_id or "",
                )
        except (NotInCourse, OwnMark) as refused:
            posted.wrong["form"] = _("%(why)s Nothing was changed.", why=refused.detail)
        else:
            return done(address_of(wish_from(request.args), marked="staff" if is_staff else "student"))
    return _show(open_desk(db.session()), ids, posted, status=422)


def _show(desk: Desk, ids: list[str], shown: Form, *, status: int) -> ResponseReturnValue:
    wanted = set(ids) - {desk.visit.member_id}
    found = marks.standings(db.session(), desk.within, wanted) if len(wanted) <= _MOST else []
    if not found:
        shown.wrong.setdefault("form", _nobody(len(wanted), is_self=bool(ids) and not wanted))
        status = 422
    # Whoever is marked everywhere can only be unmarked; of others the marks are set.
    is_taking_back = bool(found) and all(one.is_marked for one in found)
    concerned = [one for one in found if one.is_marked is is_taking_back]
    page = render_template(
        "manager/staff.html",
        desk=desk,
        form=shown,
        is_taking_back=is_taking_back,
        names=list({one.member_id: one.name for one in concerned}.values()),
        ids=list(dict.fromkeys(one.member_id for one in concerned)),
        courses=_courses(desk, concerned),
        back_to=address_of(wish_from(request.args)),
    )
    return page, status


def _courses(desk: Desk, concerned: list[Standing]) -> dict[str, str]:
    """The courses in which all of them can be marked, by the id; where there is one, it needs no choice."""
    everybody = {one.member_id for one in concerned}
    return {
        key: title
        for key, title in desk.within.courses.items()
        if {one.member_id for one in concerned if one.context_id == key} == everybody
    }


def _nobody(count: int, *, is_self: bool) -> str:
    if is_self:
        return _("You cannot say of yourself whether you are staff.")
    if count > _MOST:
        return _("Pick at most %(most)s people.", most=_MOST)
    return _("Pick somebody whom your LMS calls a student.") if count else _("Pick at least one person in the list.")
