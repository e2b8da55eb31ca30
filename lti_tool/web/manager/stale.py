"""A form that was opened before somebody else's change: who changed what and when, and both values side by side."""

from dataclasses import dataclass
from datetime import datetime

from lti_tool.db import db
from lti_tool.licenses.setting_changes import Change
from lti_tool.members import reach
from lti_tool.web import access


@dataclass(frozen=True)
class Stale:
    """What a refused form is told; `theirs` is in force, `mine` was typed. `name` is empty for the operator."""

    name: str
    is_mine: bool
    """The same person changed it, on another page."""
    at: datetime
    theirs: str
    mine: str


def stale(change: Change | None, *, theirs: str, mine: str) -> Stale:
    """The change that came between, as the visit's person may read it."""
    assert change is not None, "a form is stale only after a change"
    actor = change.actor
    names = reach.person_names(db.session(), [actor.id]) if actor.kind == "person" and actor.id else {}
    is_mine = actor.kind == "person" and actor.id == access.visit().person_id
    return Stale(next(iter(names.values()), ""), is_mine, change.at, theirs, mine)
