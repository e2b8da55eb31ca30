"""How a student's last request stands, as their page tells it: open, declined, or met, and by what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.members.sheets import Asked, Happened, Sheet

_TOLD = timedelta(days=14)
"""How long the page says what the answer was."""


@dataclass(frozen=True)
class Answer:
    """What became of `asked`: `kind` is "open", "declined" or "given", and then `gift` is what came first."""

    kind: str
    asked: Asked
    gift: Happened | None = None


def answer_on(sheet: Sheet, *, now: datetime) -> Answer | None:
    """The answer that the sheet's first page tells; None where nothing was asked, or it was long ago."""
    asked = sheet.asked
    if asked is None or sheet.is_frozen or asked.answer == "withdrawn":
        return None
    if sheet.standing.received > asked.received:
        gift = _first_since(asked, sheet)
        return Answer("given", asked, gift) if gift and gift.at > now - _TOLD else None
    if asked.answer is None:
        return Answer("open", asked)
    is_told = asked.closed_at is not None and asked.closed_at > now - _TOLD
    return Answer("declined", asked) if is_told else None


def _first_since(asked: Asked, sheet: Sheet) -> Happened | None:
    # Counted back from today's figure: whatever the clocks said, it is what brought them above what they had then.
    received = sheet.standing.received
    for happened in sheet.transfers:
        if happened.kind != "spend":
            received -= happened.amount
            if received <= asked.received:
                return happened
    return None
