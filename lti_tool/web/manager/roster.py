"""The class list as the LMS has it: when it was read, how a reading goes, and the buttons that ask for one."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.jobs import JOBS
from lti_tool.language import _
from lti_tool.lti.platforms import Platform
from lti_tool.members import census, roster_faults, roster_reads
from lti_tool.members.census import Heads
from lti_tool.members.counts import Counts
from lti_tool.members.roster_reads import RosterRead
from lti_tool.web import access
from lti_tool.web.access import STAFF, TEACHER, only
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import Desk, open_desk


@dataclass(frozen=True)
class Course:
    """One course's list: its newest reading, and in words why that failed."""

    context_id: str
    title: str
    read: RosterRead | None
    why_not: str


@dataclass(frozen=True)
class Roster:
    """The lists of all courses within reach."""

    counts: Heads | Counts
    courses: list[Course]
    lms: str
    reread: bool
    """A reading that this page watched has just ended: the list may be newer than the page."""

    @property
    def under_way(self) -> list[Course]:
        """Courses whose list is being read now."""
        return [course for course in self.courses if course.read and course.read.is_under_way]

    @property
    def people_read(self) -> int:
        """How many people the readings under way have seen so far."""
        return sum(course.read.people_read for course in self.under_way if course.read)

    @property
    def complete_at(self) -> datetime | None:
        """Since when every list is known completely; None while one has never been read."""
        ended = [course.read.complete_at if course.read else None for course in self.courses]
        return None if None in ended else min((moment for moment in ended if moment), default=None)


def routes(blueprint: Blueprint) -> None:
    """Adds the line that moves and the button that asks for a reading."""
    blueprint.add_url_rule("/members/roster", "roster", line)
    blueprint.add_url_rule("/members/roster", "roster_read", read_again, methods=["POST"])


def state(
    session: Session,
    desk: Desk,
    *,
    counts: Counts | Heads | None = None,
    active: int | None = None,
    reread: bool = False,
) -> Roster:
    """How the lists stand now; `counts` of everybody within reach, or how many of the whole license are `active`, where
    the page has them already.
    """
    platform = session.get(Platform, desk.visit.platform_id)
    reads = roster_reads.newest(session, desk.within.courses)
    courses = [(key, title, reads.get(key)) for key, title in desk.within.courses.items()]
    return Roster(
        counts=counts or census.heads(session, desk.within, desk.resource.name, known=active),
        courses=[Course(key, title, read, _why_not(read)) for key, title, read in courses],
        lms=platform.name if platform else _("the LMS"),
        reread=reread,
    )


@only(STAFF)
def line() -> str:
    """Only the roster's line, for the page that watches a reading."""
    desk = open_desk(db.session())
    return render_template("manager/_roster.html", desk=desk, roster=state(db.session(), desk, reread=True))


@only(TEACHER)
def read_again() -> ResponseReturnValue:
    """Asks for a reading of one course, or of all within reach; `confirm` is the teacher's word of R25."""
    visit = access.visit()
    wanted = request.form.get("course", "")
    with transaction() as session:
        courses = desks.courses_of(session, visit).courses
        asked = [
            context_id
            for context_id in courses
            if wanted in ("", context_id)
            and roster_reads.request_read(
                session,
                context_id,
                requested_by=visit.person_id,
                now=clock.now(),
                confirm=bool(request.form.get("confirm")) and wanted == context_id,
            )
        ]
    for context_id in asked:
        current_app.extensions[JOBS].read_roster(context_id)
    return redirect(url_for("manager.members"), 303)


def _why_not(read: RosterRead | None) -> str:
    return roster_faults.why(read.error_code or "") if read and read.status == "failed" else ""
