"""What the domain raises when it says no: one class a reason, with a stable code and the figures a person needs."""

from typing import ClassVar


class Refusal(Exception):
    """A request that was understood and cannot be granted; nothing was changed.

    `code` is stable (those that programs get are in docs/api.md); `status` is the HTTP status the edges answer with;
    `detail` is one sentence for a person; `figures` are the numbers behind it (machine API problem members).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, detail: str, **figures: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.figures = figures


class NotFound(Refusal):
    """The thing does not exist, or is behind another licence's wall (which must look the same)."""

    code = "not_found"
    status = 404


class Unavailable(Refusal):
    """The database cannot answer now: gone, full or overwhelmed. Whether a write took effect is known by its key.

    `figures["retry_after"]` is when to try again, in seconds.
    """

    code = "unavailable"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            "The books cannot be reached at this moment. Send it again with the same key: it takes effect once.",
            retry_after=5,
        )


class Invalid(Refusal):
    """A field holds a value that cannot be taken; `figures["field"]` names it."""

    code = "invalid"
    status = 422
