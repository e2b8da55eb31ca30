"""What people see of this LMS: who they can be, and a course with the tool in its frame."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, render_template, url_for

from lti_tool.demo.courses import Course, Part
from lti_tool.demo.people import Person
from lti_tool.demo.school import (
    Place,
    School,
    course_or_404,
    pickers_for,
    place_or_404,
    this_school,
    visitor_or_404,
    ways_for,
)

MOST_STUDENTS_SHOWN = 100

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


@dataclass(frozen=True)
class Door:
    """A link of a course's menu."""

    slug: str
    title: str
    group: str = ""


@routes.get("/")
def front() -> str:
    """Choose a person and a course."""
    school = this_school()
    courses = [(course, _groups(school, course)) for course in school.courses.values()]
    return render_template("front.html", courses=courses, has_schools=len(school.family.schools) > 1)


@routes.get("/storage")
def storage() -> str:
    """What an LMS shows unseen beside the tool, if that is where it keeps a tool's short texts."""
    return render_template("storage.html")


@routes.get("/courses/<course_key>/as/<person_key>", defaults={"slug": "navigation"})
@routes.get("/courses/<course_key>/as/<person_key>/<slug>")
def course_page(course_key: str, person_key: str, slug: str) -> str:
    """The course as that person sees it, with the tool opened from one of its places."""
    school = this_school()
    course = course_or_404(course_key)
    person, enrollment = visitor_or_404(course, person_key)
    place = place_or_404(course, slug, enrollment)
    others = [each for each in school.courses.values() if each is not course and each.enrollment(person.key)]
    ways = [Door(way.slug, way.title, way.group) for way in ways_for(enrollment)]
    launch = url_for("authorization.initiate_login", course_key=course.key, person_key=person.key, slug=slug)
    return render_template(
        "course.html",
        course=course,
        school=school.school_of(course),
        person=person,
        part=school.casting(enrollment).label if enrollment else "Administrator, not in this course",
        place=place,
        title=_title(place),
        doors=[_door(link.slug, link.title) for link in course.links.values() if not link.is_plain],
        plain_links=[link for link in course.placed if link.is_plain],
        pickers=pickers_for(enrollment),
        ways=_grouped(ways),
        launch_url=launch,
        other_courses=others,
    )


def _title(place: Place) -> str:
    special = place.way or place.picker
    return special.title if special else _door(place.link.slug, place.link.title).title


def _door(slug: str, title: str) -> Door:
    titles = {"navigation": "Creditroll", "assignment": f"Assignment: {title}"}
    return Door(slug, titles.get(slug, title))


def _grouped(ways: Iterable[Door]) -> list[tuple[str, list[Door]]]:
    return [(group, list(members)) for group, members in groupby(ways, key=lambda way: way.group)]


def _groups(school: School, course: Course) -> list[Group]:
    order = (Part.TEACHER, Part.ASSISTANT, Part.STUDENT, Part.OBSERVER, Part.STUDENT_VIEW)
    groups = [_group(school, course, part) for part in order if part in school.family.castings]
    administrators = [Seat(each, "not in the course") for each in school.people.values() if each.is_administrator]
    return [group for group in (*groups, Group("Administrator", administrators)) if group.seats]


def _group(school: School, course: Course, part: Part) -> Group:
    casting = school.family.castings[part]
    members = [each for each in course.roster if each.part is part]
    shown = members[:MOST_STUDENTS_SHOWN]
    namesakes = Counter(school.people[each.person].name for each in shown)
    seats = []
    for member in shown:
        person = school.people[member.person]
        observed = " and ".join(school.people[key].shown_as for key in member.observes)
        note = casting.note.format(observed=observed)
        seats.append(Seat(person, note or (person.email if namesakes[person.name] > 1 else "")))
    return Group(casting.label, seats, left_out=len(members) - len(shown))
