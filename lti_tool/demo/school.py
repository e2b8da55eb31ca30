"""What one running LMS remembers; every route reaches it by `this_school()`."""

import secrets
from collections import Counter
from dataclasses import replace
from threading import Lock
from typing import cast

from flask import abort, current_app

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.courses import Course, Enrollment, Part, timetable
from lti_tool.demo.faults import Faults
from lti_tool.demo.once import Once
from lti_tool.demo.people import Person
from lti_tool.demo.people import cast as the_cast
from lti_tool.demo.signing_key import SigningKey

_EXTENSION = "school"


class School:
    """People, courses and everything in memory; `lock` is held by whoever changes something."""

    def __init__(self, config: LmsConfig) -> None:
        self.config = config
        self.key = SigningKey.load(config.key_path) if config.key_path else SigningKey.generate()
        self.secret = secrets.token_hex(32)
        self.faults = Faults()
        self.hints_used = Once()
        self.assertions_used = Once()
        self.tokens: dict[str, tuple[frozenset[str], float]] = {}
        self.requests: Counter[str] = Counter()
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        """People, courses and page size as at the start, and no faults."""
        self.people = the_cast()
        self.courses = timetable()
        self.page_size = self.config.page_size
        self.faults.clear()

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
