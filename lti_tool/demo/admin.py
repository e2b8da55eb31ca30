"""What an administrator of this LMS does: registers the tool, copies courses, and lets things go wrong."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.demo import copies, registration
from lti_tool.demo.school import course_or_404, this_school

routes = Blueprint("admin", __name__, url_prefix="/admin")


@routes.before_request
def refuse_other_sites() -> None:
    """A page of another site must not press these buttons: browsers say where a form is from."""
    if request.method == "POST" and request.headers.get("Origin", this_school().config.url) != this_school().config.url:
        abort(403, "This form is not from here.")


@routes.get("/")
def page() -> str:
    """Everything to press."""
    school = this_school()
    return render_template("admin.html", school=school, family=school.family, here=school.config)


@routes.post("/register")
def register() -> str:
    """Opens the tool's registration page, as this family does it."""
    school = this_school()
    rules = school.family.registering or abort(404, "Tools do not register themselves here.")
    asked = request.form.get("url", "").strip()
    if not asked.startswith(school.config.tool_origin + "/"):
        abort(400, f"In this demo, tools are at {school.config.tool_origin}.")
    invitation = {
        "openid_configuration": school.config.url + rules.configuration_path,
        "registration_token": registration.invite(school),
    }
    opened = f"{asked}{'&' if urlsplit(asked).query else '?'}{urlencode(invitation)}"
    return render_template("register.html", rules=rules, opened=opened, family=school.family)


@routes.post("/use")
def use() -> Response:
    """From now on launches go to that registration of the tool."""
    school = this_school()
    wanted = request.form.get("client_id", "")
    found = next((tool for tool in school.registered if tool.client_id == wanted), None)
    with school.lock:
        school.tool = found or abort(404, "There is no such registration.")
    flash(f"{school.tool.name} is opened as client {school.tool.client_id} now.")
    return _back()


@routes.post("/copy")
def copy() -> Response:
    """A copy of a course, with the same people."""
    school = this_school()
    origin = course_or_404(request.form.get("course", ""))
    made = copies.copy(school, origin)
    status = copies.notify(school, origin, made)
    told = "" if status is None else f" The tool was told, and answered {status}."
    flash(f"{origin.title} was copied: its teacher and students are in both.{told}")
    return _back()


@routes.post("/roster")
def roster() -> Response:
    """Whether the roster lists those, too, who never opened the tool."""
    this_school().lists_everybody = request.form.get("everybody") == "yes"
    return _back()


@routes.post("/trouble")
def trouble() -> Response:
    """Something goes wrong from now on; `none` ends everything."""
    school = this_school()
    wanted = request.form.get("trouble", "")
    if wanted == "none":
        school.faults.clear()
        flash("All is well again.")
        return _back()
    found = next((each for each in school.family.troubles if each.slug == wanted), None)
    if found is None:
        abort(404, "There is no such trouble.")
    for fault in found.faults:
        school.faults.plant(fault)
    if found.students:
        with school.lock:
            school.generate_students(next(iter(school.courses.values())), found.students)
    flash(f"From now on: {found.title}")
    return _back()


def _back() -> Response:
    return redirect(url_for("admin.page"), 303)
