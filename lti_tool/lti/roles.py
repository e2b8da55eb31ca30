"""What a person may do in this course: decided from this context's membership roles, and from nothing else."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType


class Role(StrEnum):
    """One role a launch or roster row; where several were sent, the first that applies in `resolve`'s order."""

    TEST_USER = "test_user"
    TA = "ta"
    TEACHER = "teacher"
    DESIGNER = "designer"
    ADMIN = "admin"
    LEARNER = "learner"
    OBSERVER = "observer"
    NONE = "none"

    @property
    def is_staff(self) -> bool:
        """Staff outrank a Learner row of the roster (R26) and never receive bundles by themselves (R7)."""
        return self in (Role.TEACHER, Role.TA, Role.DESIGNER, Role.ADMIN)

    @property
    def has_account(self) -> bool:
        """Student View, observers and people without a role here never open an account."""
        return self.is_staff or self is Role.LEARNER


# Canvas' TAs carry Instructor too, so TA comes before teacher; Student View carries Learner, so it comes first.
# A student who also mentors others in the course is a student; who only mentors is an observer.
_RANK = tuple(Role)

_LONGEST = 255
"""Characters of a role that may mean something: what an LMS sends is remembered, and must not fill the memory."""

# LTI Core 1.3 #lis-vocabulary-for-context-roles. Manager, Member and Officer are roles of groups and give nothing.
_PRINCIPAL = {
    "instructor": Role.TEACHER,
    "teachingassistant": Role.TA,  # a principal role of its own in LTI 1.1: urn:lti:role:ims/lis/TeachingAssistant
    "contentdeveloper": Role.DESIGNER,
    "administrator": Role.ADMIN,
    "learner": Role.LEARNER,
    "mentor": Role.OBSERVER,
}

# Sub-roles that make less of their principal role; all others are as their principal is.
_LESS = {
    ("instructor", "grader"): Role.TA,
    ("instructor", "teachingassistant"): Role.TA,
    ("instructor", "teachingassistantgroup"): Role.TA,
    ("instructor", "teachingassistantoffering"): Role.TA,
    ("instructor", "teachingassistantsection"): Role.TA,
    ("instructor", "teachingassistantsectionassociation"): Role.TA,
    ("instructor", "teachingassistanttemplate"): Role.TA,
}

# Every spelling of a context role that an LMS was seen to send (platforms.md 0.4). Anything else is not of this course.
_SPELLINGS = (
    re.compile(r"https?://purl\.imsglobal\.org/vocab/lis/v2/membership#(?P<principal>\w+)"),
    re.compile(r"https?://purl\.imsglobal\.org/vocab/lis/v2/membership/(?P<principal>\w+)#(?P<sub>\w+)"),
    re.compile(r"urn:lti:role:ims/lis/(?P<principal>\w+)(?:/(?P<sub>\w+))?"),
    re.compile(r"(?P<principal>\w+)(?:/(?P<sub>\w+))?"),
)
_TEST_USER = re.compile(r"https?://purl\.imsglobal\.org/vocab/(lti|lis/v2)/system/person#TestUser")


def resolve(roles: Iterable[str], own: Mapping[str, Role] = MappingProxyType({})) -> Role:
    """The role that the sent roles give in this course. Unknown and empty ones grant nothing.

    `own` are texts of the LMS's family beside the vocabulary (`Family.roles`).
    """
    return strongest(own.get(role) or _one(role) for role in roles if len(role) <= _LONGEST)


def strongest(roles: Iterable[Role]) -> Role:
    """The one of several roles that counts."""
    return min(roles, key=_RANK.index, default=Role.NONE)


@lru_cache(maxsize=512)  # an LMS sends the same few texts for ever
def _one(role: str) -> Role:
    if _TEST_USER.fullmatch(role):
        return Role.TEST_USER
    for spelling in _SPELLINGS:
        if match := spelling.fullmatch(role):
            parts = match.groupdict()
            principal, sub = parts["principal"].lower(), (parts.get("sub") or "").lower()
            return _LESS.get((principal, sub)) or _PRINCIPAL.get(principal, Role.NONE)
    return Role.NONE
