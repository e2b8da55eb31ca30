"""What one running LMS remembers; every route reaches it by `this_school()`."""

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from threading import Lock
from typing import cast

from flask import abort, current_app

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.courses import Course, Enrollment, Part, ResourceLink
from lti_tool.demo.families.family import Casting, Picker, Way
from lti_tool.demo.faults import Faults
from lti_tool.demo.once import Once
from lti_tool.demo.pending import Pending
from lti_tool.demo.people import Person
from lti_tool.demo.signing_key import SigningKey
from lti_tool.demo.tools import NOTICES_SCOPE, NRPS_SCOPE, Tool

_EXTENSION = "school"
_HINT_LASTS_S = 300
_PICK_LASTS_S = 3600  # an hour, as Canvas's and Moodle's registration tokens


@dataclass(frozen=True)
class Place:
    """Where the tool is opened from, and how."""

    slug: str
    link: ResourceLink
    way: Way | None = None
    picker: Picker | None = None


@dataclass(frozen=True)
class Visit:
    """Somebody on the way into the tool, by key."""

    person: str
    course: str
    slug: str
    has_storage: bool


@dataclass(frozen=True)
class Pick:
    """What the answer to a deep linking request must fit."""

    course: str
    person: str
    picker: Picker
    deployment_id: str
    data: str | None


class School:
    """People, courses and everything in memory; `lock` is held by whoever changes something."""

    def __init__(self, config: LmsConfig) -> None:
        self.config = config
        self.family = config.shape
        self.key = SigningKey.load(config.key_path) if config.key_path else SigningKey.generate()
        self.secret = secrets.token_hex(32)
        self.faults = Faults()
        self.visits: Pending[Visit] = Pending(_HINT_LASTS_S)
        self.picks: Pending[Pick] = Pending(_PICK_LASTS_S)
        """What deep linking waits for."""
        self.registering: Pending[str] = Pending(_PICK_LASTS_S)
        """Registration tokens that nobody used yet."""
        self.assertions_used = Once()
        self.tokens: dict[str, tuple[frozenset[str], float]] = {}
        self.requests: Counter[str] = Counter()
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        """People, courses, tool and page size as at the start, and no faults."""
        self.people = self.family.cast()
        self.courses = self.family.timetable()
        self.tool = tool_at_the_start(self.config)
        self.registered = [self.tool]
        self.notice_handlers: dict[str, str] = {}
        self.page_size = self.config.page_size or self.family.roster.page_size
        self.lists_everybody = True
        self.opened: set[tuple[str, str]] = set()
        self.last_posted: dict[str, str] = {}
        self.faults.clear()

    def casting(self, enrollment: Enrollment) -> Casting:
        """What somebody is in a course, in this family's words."""
        return self.family.castings[enrollment.part]

    def school_of(self, course: Course) -> str:
        """Whose course it is."""
        return course.school or self.config.name

    def memberships_url(self, course: Course) -> str:
        """The course's roster; nothing where the tool may not read it."""
        if NRPS_SCOPE not in self.tool.scopes:
            return ""
        deployment = self.tool.deployments[self.school_of(course)]
        path = self.family.roster.path.format(
            course=course.ids.service, client=self.tool.client_id, deployment=deployment
        )
        return self.config.services_url + path

    def rename(self, key: str, *, given: str, family: str, name: str, email: str) -> Person:
        """Gives somebody another name; KeyError if there is no such person."""
        self.people[key] = replace(self.people[key], given=given, family=family, name=name, email=email)
        return self.people[key]

    def generate_students(self, course: Course, count: int) -> list[str]:
        """Adds that many new students to a course; their keys."""
        first = len(self.people) + 1
        students = [
            Person(
                key=f"student-{number}",
                sub=self.family.name_sub(f"student-{number}", number),
                number=number,
                given="Student",
                family=f"{number:05}",
                name=f"Student {number:05}",
                email=f"student{number}@lincoln.example",
            )
            for number in range(first, first + count)
        ]
        self.people |= {student.key: student for student in students}
        keys = [student.key for student in students]
        course.enroll(*keys, part=Part.STUDENT)
        return keys


def tool_at_the_start(config: LmsConfig) -> Tool:
    """The tool as an administrator has registered it by hand."""
    return Tool(
        name="Creditroll",
        client_id=config.client_id,
        deployments=config.shape.schools,
        login_url=config.tool_login_url,
        launch_url=config.tool_launch_url,
        redirect_uris=(config.tool_launch_url,),
        jwks_url=config.tool_jwks_url,
        scopes=(NRPS_SCOPE, *((NOTICES_SCOPE,) if config.shape.has_notices else ())),
        custom={"context_history": "$Context.id.history"},
    )


def open_school(config: LmsConfig) -> dict[str, School]:
    """A school as a Flask extension entry."""
    return {_EXTENSION: School(config)}


def this_school() -> School:
    """The school of the application that serves this request."""
    return cast(School, current_app.extensions[_EXTENSION])


def course_or_404(key: str) -> Course:
    """The course of that key."""
    course = this_school().courses.get(key)
    return course if course else abort(404, "There is no such course.")


def visitor_or_404(course: Course, key: str) -> tuple[Person, Enrollment | None]:
    """Somebody who may open that course: enrolled, or an administrator, who is enrolled nowhere."""
    person = this_school().people.get(key)
    if person is None:
        abort(404, "There is no such person.")
    enrollment = course.enrollment(key)
    if enrollment is None and not person.is_administrator:
        abort(404, f"{person.shown_as} is not in {course.title}.")
    return person, enrollment


def ways_for(enrollment: Enrollment | None) -> list[Way]:
    """How else than usual somebody may open the tool."""
    return [way for way in this_school().family.ways if not way.parts or (enrollment and enrollment.part in way.parts)]


def pickers_for(enrollment: Enrollment | None) -> tuple[Picker, ...]:
    """Where somebody may add something to a course."""
    return this_school().family.pickers if enrollment and enrollment.part is Part.TEACHER else ()


def place_or_404(course: Course, slug: str, enrollment: Enrollment | None) -> Place:
    """A place of that course which opens the tool, as that person may open it."""
    if slug in course.links and not course.links[slug].is_plain:
        return Place(slug, course.links[slug])
    picker = next((each for each in pickers_for(enrollment) if each.slug == slug), None)
    if picker:
        return Place(slug, course.navigation, picker=picker)
    way = next((each for each in ways_for(enrollment) if each.slug == slug), None)
    return Place(slug, course.navigation, way) if way else abort(404, "Nothing opens the tool from there.")
