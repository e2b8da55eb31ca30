"""The list of the pictures in docs/: which state of the gallery each shows, how wide, and which part of the page."""

from dataclasses import dataclass
from typing import Literal

from tests.browser.gallery.states import STATES, State

_STATES = {state.name: state for state in STATES}
WIDE, NARROW, PHONE = 1000, 760, 400


@dataclass(frozen=True)
class Picture:
    """`name` is the file's. `of` selects what is shown, with `margin` around it; what is below `tallest` is cut off."""

    name: str
    state: State
    width: int = WIDE
    of: str = "main"
    margin: int = 0
    tallest: int = 900
    screen: int = 900
    scheme: Literal["light", "dark"] = "light"


def _part(name: str, state: str, of: str, width: int = WIDE) -> Picture:
    """One panel of a page, with a little air."""
    return Picture(name, _STATES[state], width, of, margin=8)


PICTURES = [
    Picture("overview", _STATES["overview"], of="body", tallest=672),
    Picture("overview-dark", _STATES["overview"], of="body", tallest=672, scheme="dark"),
    Picture("first-steps", _STATES["first-steps"], NARROW),
    _part("waiting", "overview", "section:has(> .panel-head #waiting)"),
    Picture("selected", _STATES["members-selected"], of="body", tallest=560, screen=560),
    Picture("add", _STATES["add-dialog"], of="dialog[open]"),
    Picture("second-look", _STATES["add-second-look"], of="dialog[open]"),
    Picture("requests", _STATES["requests"], NARROW),
    Picture("file", _STATES["file-checked"], NARROW),
    _part("settings", "settings", "form:has(#allocation)"),
    _part("messages", "settings", "form:has(#messages)", NARROW),
    Picture("purchase", _STATES["purchase-chosen"]),
    _part("low", "overview-short", "main > .notice, main > section:first-of-type"),
    Picture("history", _STATES["history"], tallest=420),
    Picture("past-day", _STATES["history-past-day"], tallest=440),
    _part("student", "student", ".purse", PHONE),
    _part("student-none", "student-none", ".purse", PHONE),
    _part("student-asked", "student-asked", ".purse", PHONE),
    Picture("register", _STATES["register-canvas"], NARROW, tallest=480),
]
"""All of them. Each is used in docs/ or README.md, and was taken by `make docs-pictures`."""
