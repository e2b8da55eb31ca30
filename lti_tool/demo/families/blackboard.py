"""Blackboard: one issuer and one client for two schools, which differ by their deployment alone."""

from hashlib import md5
from secrets import token_urlsafe
from typing import Any

from lti_tool.demo.courses import Course, CourseIds, Part, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import CLAIM, plain
from lti_tool.demo.families.family import Casting, Family, Launch, Login, Message, Picker, RosterRules, Way
from lti_tool.demo.families.ways import drop, put, without_course
from lti_tool.demo.people import Person, cast, person

OTHER_SCHOOL = "Riverside High"
_OTHER_TEACHER = ("mary-jackson", "Mary", "Jackson", "m.jackson")
_OTHER_STUDENTS = (
    ("ada-obi", "Ada", "Obi", "a.obi"),
    ("liam-murphy", "Liam", "Murphy", "l.murphy"),
    ("sofia-rossi", "Sofia", "Rossi", "s.rossi"),
)


def name_sub(key: str, number: int) -> str:
    """32 hexadecimal digits."""
    return md5(f"bb-{key}".encode(), usedforsecurity=False).hexdigest()


def name_course(key: str, number: int) -> CourseIds:
    """32 hexadecimal digits; elsewhere a course is a number between underscores."""
    context = md5(key.encode(), usedforsecurity=False).hexdigest()
    return CourseIds(context=context, service=f"_{number - 97}_1", navigation=f"_{number}_1", assignment=f"_{number}_2")


def _cast() -> dict[str, Person]:
    people = cast(name_sub)
    rows = enumerate((_OTHER_TEACHER, *_OTHER_STUDENTS), start=len(people) + 1)
    return people | {row[0]: person(number, *row, name_sub=name_sub, host="riverside.example") for number, row in rows}


def _timetable() -> dict[str, Course]:
    courses = timetable(name_course, tuple(_CASTINGS))
    other = Course(
        key="riverside-1",
        number=301,
        label="BIO-1",
        title="Biology, Period 1",
        assignment_title="River diary",
        ids=name_course("riverside-1", 301),
        school=OTHER_SCHOOL,
    )
    other.enroll(_OTHER_TEACHER[0], part=Part.TEACHER)
    other.enroll(*(row[0] for row in _OTHER_STUDENTS), part=Part.STUDENT)
    return courses | {other.key: other}


def claims(launch: Launch) -> dict[str, Any]:
    """With a claim that is a secret, and variables of Blackboard's own that nobody resolved."""
    return {
        **plain(launch, product="BlackboardLearn", context_type=f"{roles.LIS}course#CourseOffering"),
        "locale": "en-US",
        f"{CLAIM}lis": {
            "person_sourcedid": launch.person.sis_id or "@X@user.batch_uid@X@",
            "course_section_sourcedid": launch.course.label,
        },
        "https://blackboard.com/lti/claim/one_time_session_token": token_urlsafe(48),
        "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice": {
            "scope": ["https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"],
            "context_groups_url": f"{launch.lms_url}/learn/api/v1/lti/external/groups/{launch.course.ids.service}",
            "service_versions": ["1.0"],
        },
    }


def _without_link(message: Message) -> None:
    drop(message, "resource_link")


def _from_elsewhere(message: Message) -> None:
    put(message, deployment_id="e8f9c1a4-27b3-4d60-8c5e-f1a0b9d37264")


_CASTINGS: dict[Part, Casting] = {
    Part.TEACHER: roles.casting("Instructor", roles.INSTRUCTOR, beyond=(f"{roles.LIS}institution/person#Staff",)),
    Part.ASSISTANT: roles.casting("Teaching assistant", roles.ASSISTANT, note="sees the class, changes nothing"),
    Part.STUDENT: roles.casting("Student", roles.LEARNER, beyond=(roles.STUDENT,)),
    Part.OBSERVER: roles.casting("Observer", roles.MENTOR, note="looks after {observed}, untold to the tool"),
    Part.STUDENT_VIEW: roles.casting(
        "Preview user", roles.LEARNER, roles.TEST_USER, note="a teacher’s look through a student’s eyes"
    ),
}

FAMILY = Family(
    name="blackboard",
    title="Blackboard",
    registered_as="blackboard",
    issuer="https://blackboard.com",
    client_id="2c8e47f1-90ab-4d35-b7c6-5e1f03a9d8b4",
    schools={
        "Lincoln High": "a17d3c90-64f2-4e8b-9d05-c2b86e7f1a43",
        OTHER_SCHOOL: "5b20e6d7-18c4-49f3-a6e2-0f9d7c3b8e15",
    },
    authorize_path="/api/v1/gateway/oidcauth",
    token_path="/api/v1/gateway/oauth2/jwttoken",  # noqa: S106 - an address, not a password
    keys_path="/.well-known/jwks.json",
    roster=RosterRules(path="/learn/api/v1/lti/external/namesandroles/{course}", page_size=50),
    login=Login(is_post=False, storage_target="_parent", repeats_storage_target=False),
    name_sub=name_sub,
    cast=_cast,
    name_course=name_course,
    timetable=_timetable,
    castings=_CASTINGS,
    administrator=(
        roles.ADMINISTRATOR,
        roles.SYSTEM_ADMINISTRATOR,
        f"{roles.LIS}institution/person#Staff",
    ),
    claims=claims,
    ways=(
        Way(slug="no-link", title="From a place that leaves resource_link out", alter=_without_link),
        Way(slug="system", title="From a System placement, outside any course", alter=without_course),
        Way(slug="third-school", title="From a school that nobody has approved", alter=_from_elsewhere),
    ),
    pickers=(
        Picker(
            slug="content-market",
            title="Content Market",
            accept_types=("link", "ltiResourceLink"),
            accept_multiple=True,
            extra={"accept_media_types": "*/*"},
        ),
    ),
)
