"""The last self-test of an LMS, whoever ran it: its administrator, or the operator."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool import last_results
from lti_tool.last_results import LastResult
from lti_tool.lti.self_test import Result, Step


@dataclass(frozen=True)
class LastTest:
    """When it ended, and each of its steps."""

    at: datetime
    steps: Sequence[Step]

    @property
    def failed(self) -> int:
        """How many steps are to be mended."""
        return sum(step.result is Result.FAILED for step in self.steps)


def keep(session: Session, platform_id: str, steps: Sequence[Step], *, began_at: datetime, now: datetime) -> None:
    """Keeps a test in the place of the one before."""
    told = {"steps": [asdict(step) for step in steps]}
    last_results.keep(session, _name(platform_id), told, began_at=began_at, now=now)


def of(session: Session, platform_ids: Collection[str]) -> dict[str, LastTest]:
    """The last test of each of these LMSs that was ever tested, by the platform's id."""
    kept = last_results.many(session, [_name(one) for one in platform_ids])
    return {one: _read(kept[_name(one)]) for one in platform_ids if _name(one) in kept}


def _name(platform_id: str) -> str:
    return f"self-test {platform_id}"


def _read(kept: LastResult) -> LastTest:
    steps = [Step(**one | {"result": Result(one["result"])}) for one in kept.facts["steps"]]
    return LastTest(kept.touched_at, steps)
