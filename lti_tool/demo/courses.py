"""Two courses, who is in them as what, and the places from which the tool is opened."""

from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha1
from uuid import NAMESPACE_DNS, uuid5

from lti_tool.demo import people

_LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
_MEMBERSHIP = _LIS + "membership#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
ANY_USER = _LIS + "system/person#User"
ADMINISTRATOR = _LIS + "institution/person#Administrator"


class Part(Enum):
    """The part somebody plays in a course: its words for people, in the course, and beyond it."""

    TEACHER = ("Teacher", (_MEMBERSHIP + "Instructor",), (_LIS + "institution/person#Instructor",))
    # Canvas sends a TA both roles: a tool that looks for Instructor first makes the TA a teacher.
    ASSISTANT = (
        "Teaching assistant",
        (_MEMBERSHIP + "Instructor", _LIS + "membership/Instructor#TeachingAssistant"),
        (_LIS + "institution/person#Instructor",),
    )
    STUDENT = ("Student", (_MEMBERSHIP + "Learner",), (_LIS + "institution/person#Student",))
    OBSERVER = ("Observer", (_MEMBERSHIP + "Mentor",), ())
    STUDENT_VIEW = ("Student View", (_MEMBERSHIP + "Learner",), (_LIS + "institution/person#Student", TEST_USER))

    def __init__(self, label: str, membership_roles: tuple[str, ...], other_roles: tuple[str, ...]) -> None:
        self.label = label
        self.membership_roles = membership_roles
        self.other_roles = other_roles


@dataclass(frozen=True, kw_only=True)
class Enrollment:
    """One person's place in one course; `number` counts up and is never used again, so that pages can go by it."""

    person: str
    part: Part
    number: int
    observes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceLink:
    """A place in a course that opens the tool; `slug` is its name in this LMS's addresses."""

    slug: str
    id: str
    title: str
    description: str | None = None
    placement: str | None = None


@dataclass(kw_only=True)
class Course:
    """`roster` is replaced as a whole, never changed in place, so that a reader needs no lock."""

    key: str
    number: int
    label: str
    title: str
    assignment_title: str
    roster: tuple[Enrollment, ...] = ()
    _last_number: int = field(default=0, repr=False)

    @property
    def context_id(self) -> str:
        """40 hexadecimal digits, as Canvas has them."""
        return sha1(self.key.encode(), usedforsecurity=False).hexdigest()

    @property
    def links(self) -> dict[str, ResourceLink]:
        """Every place that opens the tool, by slug: the course's navigation and one assignment."""
        return {link.slug: link for link in (self.navigation, self.assignment)}

    @property
    def navigation(self) -> ResourceLink:
        """Canvas gives a navigation launch the course's own id as its resource link."""
        return ResourceLink(slug="navigation", id=self.context_id, title=self.title, placement="course_navigation")

    @property
    def assignment(self) -> ResourceLink:
        """An assignment that opens the tool."""
        return ResourceLink(
            slug="assignment",
            id=str(uuid5(NAMESPACE_DNS, f"{self.key}.assignment.lincoln.example")),
            title=self.assignment_title,
            description="<p>Record it, watch it once, then export it.</p>",
        )

    def enrollment(self, person: str) -> Enrollment | None:
        """That person's place here, if they have one."""
        return next((each for each in self.roster if each.person == person), None)

    def enroll(self, *persons: str, part: Part, observes: tuple[str, ...] = ()) -> None:
        """Adds people at the end of the roster; somebody already here gets the new part instead."""
        kept = tuple(each for each in self.roster if each.person not in set(persons))
        first = self._last_number + 1
        added = (
            Enrollment(person=person, part=part, number=number, observes=observes)
            for number, person in enumerate(persons, start=first)
        )
        self.roster = (*kept, *added)
        self._last_number += len(persons)

    def drop(self, person: str) -> None:
        """Takes somebody off the roster; an LMS just stops naming them."""
        self.roster = tuple(each for each in self.roster if each.person != person)


def timetable() -> dict[str, Course]:
    """Both courses as they are at the start, by key: 28 students, three of them in both."""
    early = Course(
        key="period-2", number=101, label="BIO9-P2", title="Biology 9, Period 2", assignment_title="Cell video essay"
    )
    late = Course(
        key="period-5", number=102, label="BIO9-P5", title="Biology 9, Period 5", assignment_title="Pond life podcast"
    )
    halves = (people.STUDENTS[:16], people.STUDENTS[13:])
    for course, students, student_view in zip((early, late), halves, people.STUDENT_VIEWS, strict=True):
        course.enroll(people.TEACHER, part=Part.TEACHER)
        course.enroll(people.ASSISTANT, part=Part.ASSISTANT)
        course.enroll(*students, part=Part.STUDENT)
        course.enroll(student_view, part=Part.STUDENT_VIEW)
    early.enroll(people.OBSERVER, part=Part.OBSERVER, observes=("mateo-ruiz", "lucia-ruiz"))
    return {course.key: course for course in (early, late)}
