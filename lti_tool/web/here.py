"""Whose page it is, at the foot of each page of a visit: on a shared computer that is the first thing to know."""

import hashlib
from dataclasses import dataclass

from flask import Flask, g

from lti_tool.db import Sql, db
from lti_tool.language import N_, _
from lti_tool.lti.roles import Role
from lti_tool.members.people import pseudonym
from lti_tool.web.session import Visit

_ROLES = {
    Role.TEACHER: N_("teacher"),
    Role.TA: N_("teaching assistant"),
    Role.DESIGNER: N_("course designer"),
    Role.ADMIN: N_("administrator"),
    Role.LEARNER: N_("student"),
    Role.OBSERVER: N_("observer"),
}


@dataclass(frozen=True)
class Here:
    """The person by name or pseudonym, what they are in the course, and the course; None for no course.

    An observer without a name has no pseudonym either: no list has them, and it would tell nobody anything.
    """

    name: str | None
    role: str
    course: str | None


def register(app: Flask) -> None:
    """Gives templates `here()`."""
    app.jinja_env.globals["here"] = here


def alias(platform_id: str, subject: str | None, role: Role) -> str:
    """What somebody is called of whom nothing is kept: the same at each launch. Staff are no learners, and observers
    need no name: "you are here as observer" says what is so of them."""
    if role is Role.OBSERVER:
        return ""
    name = pseudonym(hashlib.sha256(f"{platform_id} {subject}".encode()).hexdigest())
    return name.replace("Learner", "Visitor") if role.is_staff else name


_NAMES = Sql(
    """
    select (select name from people where id = :person_id),
           (select coalesce(title, label, context_id) from contexts where id = :context_id)
    """
)


def is_named(name: str | None, course: str | None) -> None:
    """Spares `here()` its own look: for pages that read person and course in any case."""
    g.here = (name, course)


def here() -> Here | None:
    """Who this request's visit is of; None outside one."""
    visit: Visit | None = g.get("visit")
    if visit is None:
        return None
    name, course = g.get("here") or _names(visit)
    by_id = pseudonym(visit.person_id) if visit.person_id else visit.alias
    return Here(name or by_id or None, _(_ROLES[visit.role]), course)


def _names(visit: Visit) -> tuple[str | None, str | None]:
    name, course = _NAMES.run(db.session(), person_id=visit.person_id, context_id=visit.context_id).one()
    return name, course
