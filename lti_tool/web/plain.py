"""Pages for launches that are valid but have nothing to show: they say what is missing and who can mend it."""

from flask import render_template

from lti_tool.web.forms import Form


def no_course() -> str:
    """Opened outside any course, as from an app menu."""
    return render_template("plain/no_course.html")


def not_set_up() -> str:
    """A student's course that no licence belongs to yet (R23)."""
    return render_template("plain/not_set_up.html")


def how_to_set_up(form: Form) -> str:
    """The same, to a teacher: how the course gets its licence; `form` is the field for the licence code."""
    return render_template("plain/how_to_set_up.html", form=form)


def connected(license_name: str) -> str:
    """A teacher's course has its licence now; the next launch lets everybody in."""
    return render_template("plain/connected.html", name=license_name)
