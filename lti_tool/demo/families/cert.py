"""The certification suite of 1EdTech: its people, its course, and each of its bad and good payloads to send."""

from collections.abc import Callable
from functools import partial
from typing import Any

from lti_tool.demo.courses import Course, CourseIds, Part
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import CLAIM, plain
from lti_tool.demo.families.family import Family, Launch, Login, Message, Picker, RosterRules, Way
from lti_tool.demo.families.ways import NAMES, drop, put
from lti_tool.demo.people import Person

TEACHER = "lauren-hutton"
STUDENT = "carrie-lowell"
COURSE = "bio-adventures"
_REFUSED = "Payloads to refuse"
_TEACHERS = "Payloads of a teacher, to accept"
_STUDENTS = "Payloads of a student, to accept"


def name_course(key: str, number: int) -> CourseIds:
    """The suite's own course is the first."""
    context = str(8893482 + number)
    return CourseIds(
        context=context, service=context, navigation="a3d5f0c27b1e4f68902c6d7e8b9f1a05", assignment="a3d5f0c2" * 4
    )


def _cast() -> dict[str, Person]:
    teacher = Person(
        key=TEACHER,
        sub="39890",
        number=1,
        given="Lauren",
        family="Hutton",
        name="Lauren Colleen Hutton",
        email="l.hutton@district1.com",
        locale="en-US",
    )
    student = Person(
        key=STUDENT,
        sub="40899",
        number=2,
        given="Carrie",
        family="Lowell",
        name="Carrie A Lowell",
        email="c.lowell@district1.com",
        locale="en-US",
    )
    return {TEACHER: teacher, STUDENT: student}


def _timetable() -> dict[str, Course]:
    course = Course(
        key=COURSE,
        number=1,
        label="Biology 102",
        title="Bio Adventures",
        assignment_title="Introduction Assignment",
        ids=name_course(COURSE, 1),
    )
    course.enroll(TEACHER, part=Part.TEACHER)
    course.enroll(STUDENT, part=Part.STUDENT)
    return {course.key: course}


def claims(launch: Launch) -> dict[str, Any]:
    """As the suite sends them: no tool_platform, five minutes."""
    body = plain(launch, product="", context_type=f"{roles.LIS}course#CourseSection")
    del body[f"{CLAIM}tool_platform"]
    title = launch.link.title if launch.link.placement is None else "Introduction Assignment"
    link = {"id": launch.link.id, "title": title, "description": "This is the introduction assignment"}
    return {**body, f"{CLAIM}resource_link": link, "locale": launch.person.locale}


def _without(*names: str) -> Callable[[Message], None]:
    return lambda message: drop(message, *names)


def _with(**values: Any) -> Callable[[Message], None]:
    return lambda message: put(message, **values)


def _headers(**headers: str) -> Callable[[Message], None]:
    def alter(message: Message) -> None:
        message.headers = headers

    return alter


def _is_no_lti(message: Message) -> None:
    message.headers, message.claims = {}, {"name": "badltilaunch"}


def _as_it_is(message: Message) -> None:
    """The standard payload."""


def _way(group: str, parts: tuple[Part, ...], case: str, title: str, alter: Callable[[Message], None]) -> Way:
    return Way(slug=case.lower(), title=f"{case} {title}", alter=alter, group=group, parts=parts)


_bad = partial(_way, _REFUSED, ())
_teacher = partial(_way, _TEACHERS, (Part.TEACHER,))
_student = partial(_way, _STUDENTS, (Part.STUDENT,))
_UNKNOWN = f"{roles.LIS}unknown/unknown#Helper"
_MISSPELT = f"{roles.LIS}uknownrole/unknown#Unknown"
_STAFF = (f"{roles.LIS}institution/person#Staff", f"{roles.LIS}institution/person#Other")
_BEYOND = (roles.STUDENT, f"{roles.LIS}institution/person#Mentor")
_PLACES = ("context",)
_WAYS = (
    _bad("B1", "No kid", _headers(badtestonly="12345")),
    _bad("B2", "Unknown kid", _headers(kid="imstester_66067")),
    _bad("B3", "Wrong version", _with(version="11.3")),
    _bad("B4", "No version", _without("version")),
    _bad("B5", "Not LTI at all", _is_no_lti),
    _bad("B6", "Claims of LTI missing", _without("message_type", "version", "roles")),
    _bad("B7", "Times of 1970", _with(iat=11111, exp=22222)),
    _bad("B8", "No message_type", _without("message_type")),
    _bad("B9", "No roles", _without("roles")),
    _bad("B10", "No deployment_id", _without("deployment_id")),
    _bad("B11", "No resource_link", _without("resource_link")),
    _bad("B12", "Empty sub", _with(sub="")),
    _teacher("T1", "Standard", _as_it_is),
    _teacher("T2", "Several roles", _with(roles=[roles.INSTRUCTOR, *_STAFF])),
    _teacher("T3", "Short role", _with(roles=["Instructor"])),
    _teacher("T4", "Unknown role", _with(roles=[_UNKNOWN])),
    _teacher("T5", "Empty role", _with(roles=[""])),
    _teacher("T6", "E-mail without names", _without(*NAMES)),
    _teacher("T7", "Names without e-mail", _without("email")),
    _teacher("T8", "No personal data", _without(*NAMES, "email")),
    _teacher("T9", "E-mail without course", _without(*NAMES, *_PLACES)),
    _student("S1", "Standard", _as_it_is),
    _student("S2", "Several roles", _with(roles=[roles.LEARNER, *_BEYOND])),
    _student("S3", "Short role", _with(roles=["Learner"])),
    _student("S4", "Unknown role", _with(roles=[roles.LEARNER, _MISSPELT])),
    _student("S5", "Empty role", _with(roles=[""])),
    _student("S6", "E-mail without names", _without(*NAMES)),
    _student("S7", "Names without e-mail", _without("email")),
    _student("S8", "No personal data", _without(*NAMES, "email")),
    _student("S9", "E-mail without course", _without(*NAMES, *_PLACES)),
    _student("S10", "Resource link only", _without(*NAMES, "email", "lis", "launch_presentation", "custom")),
)

_CASTINGS = {
    Part.TEACHER: roles.casting("Instructor", roles.INSTRUCTOR),
    Part.STUDENT: roles.casting("Learner", roles.LEARNER),
}

FAMILY = Family(
    name="cert",
    title="the certification suite",
    registered_as="other",
    issuer="https://ltiadvantagevalidator.imsglobal.org",
    client_id="imstester_4dd76cd",
    schools={"Lincoln High": "testdeploy"},
    authorize_path="/ltitool/oidcauthurl.html",
    token_path="/ltitool/authcodejwt.html",  # noqa: S106 - an address, not a password
    keys_path="/jwks",
    roster=RosterRules(path="/ltitool/namesandroles.html?memberships={course}"),
    login=Login(),
    life_s=300,
    cast=_cast,
    name_course=name_course,
    timetable=_timetable,
    castings=_CASTINGS,
    administrator=(),
    claims=claims,
    ways=_WAYS,
    pickers=(
        Picker(
            slug="deep-linking",
            title="Deep linking request",
            accept_types=("link", "file", "html", "ltiResourceLink"),
            accept_multiple=True,
            auto_create=True,
            extra={
                "accept_media_types": "image/*,text/html",
                "title": "This is the default title",
                "text": "This is the default text",
            },
        ),
    ),
)
