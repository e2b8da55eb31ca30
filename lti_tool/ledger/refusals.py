"""Why the books say no: one class a reason, each with its code and its figures."""

from lti_tool.errors import Refusal
from lti_tool.language import _


class PoolShort(Refusal):
    """The licence has fewer units left than a batch needs; nobody got anything (R16)."""

    code = "pool_short"

    def __init__(self, *, needed: int, pool: int) -> None:
        super().__init__("The license has too few left.", needed=needed, pool=pool, missing=needed - pool)
        self.needed = needed
        self.pool = pool
        self.missing = needed - pool


class InsufficientCredits(Refusal):
    """The member has too few, and maximum and pool do not allow enough bundles (R12)."""

    code = "insufficient_credits"

    def __init__(self, *, available: int, max_per_member: int, received: int, pool: int) -> None:
        super().__init__(
            "The member has too few available, and no further bundles can be allotted.",
            available=available,
            max_per_member=max_per_member,
            received=received,
            pool=pool,
        )


class NotActive(Refusal):
    """A member who left every course keeps the balance and can't receive, hold or spend (R15, R20)."""

    code = "member_not_active"


class TooManyHolds(Refusal):
    """The member has as many open holds as one may have; capture or release some first."""

    code = "too_many_holds"


class HoldNotOpen(Refusal):
    """The hold was captured, released, or ran out before."""

    code = "hold_not_open"


class StaleSetting(Refusal):
    """Somebody else saved the setting after this form was opened; nothing changed."""

    code = "stale_setting"


class FormReused(Refusal):
    """This form was saved before, with other figures; that first batch stands and nothing was added (R17)."""

    code = "form_reused"

    def __init__(self) -> None:
        super().__init__(_("This form was saved before. What it gave then stands; open it again to give more."))


class AmountInvalid(Refusal):
    """The amount is not a whole number in the allowed range."""

    code = "invalid"
    status = 422


class MaximumInvalid(Refusal):
    """The maximum is not 0 or a multiple of the bundle; `nearest` are the two allowed neighbours (R6)."""

    code = "invalid"
    status = 422
