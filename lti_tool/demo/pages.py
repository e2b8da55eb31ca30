"""What people see of this LMS: who they can be, and a course with the tool in its frame."""

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for

from lti_tool.demo.courses import Course, Part
from lti_tool.demo.people import Person
from lti_tool.demo.school import School, course_or_404, this_school, visitor_or_404

MOST_STUDENTS_SHOWN = 100
STEP_IN_ORDER = (Part.TEACHER, Part.ASSISTANT, Part.STUDENT, Part.OBSERVER, Part.STUDENT_VIEW)
_HINTS = {
    Part.ASSISTANT: "sees the class, changes nothing",
    Part.OBSERVER: "looks after {observed}",
    Part.STUDENT_VIEW: "a teacher’s look through a student’s eyes",
}

routes = Blueprint("pages", __name__)


@dataclass(frozen=True)
class Seat:
    """A person in a course, as the front page offers them."""

    person: Person
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Everybody who plays one part in a course; `left_out` is how many more there are than are shown."""

    label: str
    seats: list[Seat]
    left_out: int = 0


@routes.get("/")
def front() -> str:
    """Choose a person and a course."""
    school = this_school()
    courses = [(course, _groups(school, course)) for course in school.courses.values()]
    return render_template("front.html", courses=courses)


@routes.get("/courses/<course_key>/as/<person_key>", defaults={"slug": "navigation"})
@routes.get("/courses/<course_key>/as/<person_key>/assignment", defaults={"slug": "assignment"})
def course_page(course_key: str, person_key: str, slug: str) -> str:
    """The course as that person sees it, with the tool opened from one of its places."""
    school = this_school()
    course = course_or_404(course_key)
    person, enrollment = visitor_or_404(course, person_key)
    others = [each for each in school.courses.values() if each is not course and each.enrollment(person.key)]
    launch = "authorization.initiate_login"
    return render_template(
        "course.html",
        course=course,
        person=person,
        part=enrollment.part.label if enrollment else "Administrator, not in this course",
        link=course.links[slug],
        launch_url=url_for(launch, course_key=course.key, person_key=person.key, slug=slug),
        other_courses=others,
    )


@routes.get("/storage")
def storage() -> str:
    """What an LMS shows unseen beside the tool, if that is where it keeps a tool's short texts."""
    return render_template("storage.html")


def _groups(school: School, course: Course) -> list[Group]:
    groups = [_group(school, course, part) for part in STEP_IN_ORDER]
    administrators = [Seat(each, "not in the course") for each in school.people.values() if each.is_administrator]
    return [group for group in (*groups, Group("Administrator", administrators)) if group.seats]


def _group(school: School, course: Course, part: Part) -> Group:
    members = [each for each in course.roster if each.part is part]
    shown = members[:MOST_STUDENTS_SHOWN]
    namesakes = Counter(school.people[each.person].name for each in shown)
    seats = []
    for member in shown:
        person = school.people[member.person]
        observed = " and ".join(school.people[key].shown_as for key in member.observes)
        note = _HINTS.get(part, "").format(observed=observed)
        seats.append(Seat(person, note or (person.email if namesakes[person.name] > 1 else "")))
    return Group(part.label, seats, left_out=len(members) - len(shown))
