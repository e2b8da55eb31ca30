"""Two courses, who is in them as what, and the places from which the tool is opened."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import Enum

from lti_tool.demo import people


class Part(Enum):
    """The part somebody plays in a course. What a family of LMSs calls it, and with which roles, is `Casting`."""

    TEACHER = "teacher"
    ASSISTANT = "assistant"
    STUDENT = "student"
    OBSERVER = "observer"
    STUDENT_VIEW = "student view"


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
    url: str | None = None
    """Where deep linking said that it leads; None is the tool's own start."""
    custom: tuple[tuple[str, str], ...] = ()
    opens_window: bool = False
    """Whether it asked for a window of its own."""
    is_plain: bool = False
    """A link like any other on the web, which launches nothing."""


@dataclass(frozen=True, kw_only=True)
class CourseIds:
    """A course as a family of LMSs names it; `service` is how the roster's address does."""

    context: str
    service: str
    navigation: str
    assignment: str


NameCourse = Callable[[str, int], CourseIds]
"""The ids for a course's key and number."""


@dataclass(kw_only=True)
class Course:
    """`roster` is replaced as a whole, never changed in place, so that a reader needs no lock."""

    key: str
    number: int
    label: str
    title: str
    assignment_title: str
    ids: CourseIds
    school: str = ""
    """Where one LMS serves several schools: which; else the LMS's own name is meant."""
    history: tuple[str, ...] = ()
    """The contexts it was copied from, newest first."""
    roster: tuple[Enrollment, ...] = ()
    placed: tuple[ResourceLink, ...] = ()
    """What teachers added by deep linking."""
    _last_number: int = field(default=0, repr=False)

    @property
    def context_id(self) -> str:
        """The `id` of the context claim."""
        return self.ids.context

    @property
    def links(self) -> dict[str, ResourceLink]:
        """Every place that opens the tool, by slug: the course's navigation, one assignment, and what was placed."""
        return {link.slug: link for link in (self.navigation, self.assignment, *self.placed)}

    @property
    def navigation(self) -> ResourceLink:
        """The course's own menu."""
        return ResourceLink(slug="navigation", id=self.ids.navigation, title=self.title, placement="course_navigation")

    @property
    def assignment(self) -> ResourceLink:
        """An assignment that opens the tool."""
        return ResourceLink(
            slug="assignment",
            id=self.ids.assignment,
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


def timetable(name_course: NameCourse, parts: Collection[Part]) -> dict[str, Course]:
    """Both courses as they are at the start, by key: 28 students, three of them in both; `parts` that there are."""
    early = Course(
        key="period-2",
        number=101,
        label="BIO9-P2",
        title="Biology 9, Period 2",
        assignment_title="Cell video essay",
        ids=name_course("period-2", 101),
    )
    late = Course(
        key="period-5",
        number=102,
        label="BIO9-P5",
        title="Biology 9, Period 5",
        assignment_title="Pond life podcast",
        ids=name_course("period-5", 102),
    )
    halves = (people.STUDENTS[:16], people.STUDENTS[13:])
    for course, students, student_view in zip((early, late), halves, people.STUDENT_VIEWS, strict=True):
        course.enroll(people.TEACHER, part=Part.TEACHER)
        if Part.ASSISTANT in parts:
            course.enroll(people.ASSISTANT, part=Part.ASSISTANT)
        course.enroll(*students, part=Part.STUDENT)
        if Part.STUDENT_VIEW in parts:
            course.enroll(student_view, part=Part.STUDENT_VIEW)
    if Part.OBSERVER in parts:
        early.enroll(people.OBSERVER, part=Part.OBSERVER, observes=("mateo-ruiz", "lucia-ruiz"))
    return {course.key: course for course in (early, late)}
