"""What the Overview says first to who manages the license: one thing at a time, the most urgent."""

from dataclasses import dataclass

from flask import request

from lti_tool.alerts.levels import Level
from lti_tool.db import db
from lti_tool.licenses import first_steps
from lti_tool.web.manager.desk import Desk


@dataclass(frozen=True)
class Notices:
    """At most one of the three is shown: what was just decided, what the license lacks, and what is undecided."""

    is_decided: bool = False
    low: str = ""
    """The most urgent of `alerts.levels.EVENTS`."""
    level: Level | None = None
    is_undecided: bool = False

    @property
    def missing(self) -> int:
        """How many units those who wait would need beyond the pool."""
        return max(0, self.level.needed - self.level.pool) if self.level else 0


def of(desk: Desk, *, waiting: int) -> Notices:
    """For this visit's Overview, whose `waiting` students are those within reach."""
    if not desk.visit.manages:
        return Notices()
    level = Level(desk.pool, desk.issued, waiting, desk.resource.bundle)
    low = next(iter(level.low), "")
    return Notices(
        is_decided="decided" in request.args and desk.setting.version > 0,
        low=low,
        level=level,
        is_undecided=not low and not desk.setting.version and _are_first_steps_due(desk),
    )


def _are_first_steps_due(desk: Desk) -> bool:
    person_id = desk.visit.person_id
    return person_id is not None and first_steps.are_due(db.session(), desk.license.id, desk.resource.name, person_id)
