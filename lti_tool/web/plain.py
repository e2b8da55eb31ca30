"""Pages for launches that are valid but have nothing to show: they say what is missing and who can mend it."""

from flask import render_template


def no_course() -> str:
    """Opened outside any course, as from an app menu."""
    return render_template("plain/no_course.html")


def not_set_up() -> str:
    """A student's course that no licence belongs to yet (R23)."""
    return render_template("plain/not_set_up.html")


def connected(license_name: str) -> str:
    """A teacher's course has its licence now; the next launch lets everybody in."""
    return render_template("plain/connected.html", name=license_name)
