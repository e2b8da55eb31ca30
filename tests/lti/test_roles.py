"""Authority comes from this course's membership roles alone."""

import pytest

from lti_tool.lti import roles
from lti_tool.lti.roles import Role, resolve

L = "http://purl.imsglobal.org/vocab/lis/v2/"
MEMBER = f"{L}membership#"
INSTITUTION = f"{L}institution/person#"
SYSTEM = f"{L}system/person#"

SPELLINGS = {
    f"{MEMBER}Learner": Role.LEARNER,
    f"{MEMBER}Instructor": Role.TEACHER,
    f"{MEMBER}ContentDeveloper": Role.DESIGNER,
    f"{MEMBER}Administrator": Role.ADMIN,
    f"{MEMBER}Mentor": Role.OBSERVER,
    f"{L}membership/Instructor#TeachingAssistant": Role.TA,
    f"{L}membership/instructor#TeachingAssistant": Role.TA,
    f"{L}membership/Instructor#TeachingAssistantSection": Role.TA,
    f"{L}membership/Instructor#Grader": Role.TA,
    f"{L}membership/Instructor#PrimaryInstructor": Role.TEACHER,
    f"{L}membership/Learner#GuestLearner": Role.LEARNER,
    f"{L}membership/Learner#Instructor": Role.LEARNER,
    f"{L}membership/Mentor#Advisor": Role.OBSERVER,
    f"{L}membership/Administrator#Support": Role.ADMIN,
    "Learner": Role.LEARNER,
    "Instructor": Role.TEACHER,
    "TeachingAssistant": Role.TA,
    "Instructor/TeachingAssistant": Role.TA,
    "urn:lti:role:ims/lis/Learner": Role.LEARNER,
    "urn:lti:role:ims/lis/Instructor": Role.TEACHER,
    "urn:lti:role:ims/lis/TeachingAssistant": Role.TA,
    "urn:lti:role:ims/lis/Instructor/TeachingAssistant": Role.TA,
    "http://purl.imsglobal.org/vocab/lti/system/person#TestUser": Role.TEST_USER,
}


@pytest.mark.parametrize("role", SPELLINGS)
def test_every_spelling_of_a_course_role_is_understood(role: str) -> None:
    assert resolve([role]) is SPELLINGS[role]


POWERLESS = (
    "",
    " ",
    f"{L}unknown/unknown#Helper",
    f"{L}person#Administrator",
    f"{INSTITUTION}Administrator",
    f"{INSTITUTION}Faculty",
    f"{INSTITUTION}Instructor",
    f"{INSTITUTION}Student",
    f"{INSTITUTION}Mentor",
    f"{SYSTEM}Administrator",
    f"{SYSTEM}SysAdmin",
    f"{SYSTEM}None",
    f"{MEMBER}Manager",
    f"{MEMBER}Member",
    f"{MEMBER}Officer",
    "urn:lti:instrole:ims/lis/Instructor",
    "urn:lti:sysrole:ims/lis/Administrator",
    f"{L}anything#Instructor",
    f"{L}membershipx#Instructor",
    f"{L}membership#Instructor#Learner",
    f"{MEMBER}Instructor/",
    f"{MEMBER}Instructor\n",
    f"https://evil.example/?{MEMBER}Instructor",
    "http://purl.imsglobal.org.evil.example/vocab/lis/v2/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lti/system/person#TestUsers",
)


@pytest.mark.parametrize("role", POWERLESS)
def test_a_role_of_elsewhere_or_unknown_gives_nothing(role: str) -> None:
    assert resolve([role]) is Role.NONE


COMBINED = {
    "nothing": ([], Role.NONE),
    "canvas_ta": ([f"{MEMBER}Instructor", f"{L}membership/Instructor#TeachingAssistant"], Role.TA),
    "canvas_student_view": (
        [f"{MEMBER}Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
        Role.TEST_USER,
    ),
    "student_who_is_faculty_elsewhere": ([f"{INSTITUTION}Faculty", f"{MEMBER}Learner"], Role.LEARNER),
    "teacher_who_studies_elsewhere": ([f"{INSTITUTION}Student", f"{MEMBER}Instructor"], Role.TEACHER),
    "administrator_not_enrolled": ([f"{INSTITUTION}Administrator", f"{SYSTEM}User"], Role.NONE),
    "moodle_administrator": (
        [f"{INSTITUTION}Administrator", f"{MEMBER}Instructor", f"{SYSTEM}Administrator"],
        Role.TEACHER,
    ),
    "enrolled_twice": ([f"{MEMBER}Learner", f"{MEMBER}Instructor"], Role.TEACHER),
    "parent": ([f"{MEMBER}Mentor", f"{SYSTEM}User"], Role.OBSERVER),
    "student_who_mentors": ([f"{MEMBER}Mentor", f"{MEMBER}Learner"], Role.LEARNER),
    "designer": ([f"{INSTITUTION}Instructor", f"{MEMBER}ContentDeveloper"], Role.DESIGNER),
}


@pytest.mark.parametrize("case", COMBINED)
def test_of_several_roles_the_telling_one_counts_in_any_order(case: str) -> None:
    roles, expected = COMBINED[case]
    assert resolve(roles) is expected
    assert resolve(reversed(roles)) is expected


def test_a_role_longer_than_any_is_none_and_is_not_remembered() -> None:
    flood = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner" + "x" * 100_000
    remembered = roles._one.cache_info().currsize
    assert resolve([flood]) is Role.NONE
    assert roles._one.cache_info().currsize == remembered
