"""What a person may do in this course: decided from this context's membership roles, and from nothing else."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """One role a launch or roster row; where several were sent, the first that applies in `resolve`'s order."""

    TEST_USER = "test_user"
    TA = "ta"
    TEACHER = "teacher"
    DESIGNER = "designer"
    ADMIN = "admin"
    OBSERVER = "observer"
    LEARNER = "learner"
    NONE = "none"

    @property
    def is_staff(self) -> bool:
        """Staff outrank a Learner row of the roster (R26) and never receive bundles by themselves (R7)."""
        return self in (Role.TEACHER, Role.TA, Role.DESIGNER, Role.ADMIN)

    @property
    def has_account(self) -> bool:
        """Student View, observers and people without a role here never open an account."""
        return self.is_staff or self is Role.LEARNER


def resolve(roles: Iterable[str]) -> Role:
    """The role that the sent role URIs give in this course. Unknown and empty ones grant nothing."""
    raise NotImplementedError(tuple(roles))
