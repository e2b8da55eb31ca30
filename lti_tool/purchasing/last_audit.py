"""The last audit of everything: when, how long, how far it is, and the first of its faults."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool import last_results
from lti_tool.ledger import audit as books
from lti_tool.ledger.audit import Audited, Fault
from lti_tool.purchasing import audit as purchases

CHECKS = (*books.CHECKS, *purchases.CHECKS)
"""All that an audit does, in its order."""
LEASE = timedelta(minutes=15)
"""Longer than any one check takes: an audit without a sign of life for so long was lost with its process."""
_NAME = "audit"
_MOST = 200
"""Faults that are kept: of a damaged database there may be millions, and the command prints them all."""


@dataclass
class Tally:
    """Counts the faults of one audit, and keeps the first."""

    number: int = 0
    first: list[Fault] = field(default_factory=list)

    def watch(self, found: Iterable[Fault]) -> Iterator[Fault]:
        """The same faults, counted as they pass."""
        for fault in found:
            self.number += 1
            if len(self.first) < _MOST:
                self.first.append(fault)
            yield fault


@dataclass(frozen=True)
class LastAudit:
    """How it stands; `audited` is None until it ended well."""

    began_at: datetime
    touched_at: datetime
    ended_at: datetime | None
    done: int
    """Of `CHECKS`."""
    number: int
    faults: Sequence[Fault]
    audited: Audited | None

    @property
    def is_broken(self) -> bool:
        """Whether it ended before it had looked at everything."""
        return self.ended_at is not None and self.audited is None

    def is_under_way(self, now: datetime) -> bool:
        """Whether somebody works at it; else it ended, or was lost."""
        return self.ended_at is None and now - self.touched_at < LEASE


def ask(session: Session, *, now: datetime) -> bool:
    """Asks for an audit; False where one is under way. Wake the jobs after the commit."""
    return last_results.begin(session, _NAME, lease=LEASE, now=now)


def keep(
    session: Session,
    tally: Tally,
    *,
    done: int,
    audited: Audited | None = None,
    is_over: bool = False,
    began_at: datetime,
    now: datetime,
) -> None:
    """Writes down how far it came, or with `is_over` how it ended."""
    told = {
        "done": done,
        "number": tally.number,
        "faults": [asdict(fault) for fault in tally.first],
        "audited": asdict(audited) if audited else None,
    }
    last_results.keep(session, _NAME, told, began_at=began_at, now=now, is_over=is_over)


def find(session: Session) -> LastAudit | None:
    """The last audit of everything, as it stands now."""
    kept = last_results.find(session, _NAME)
    if kept is None:
        return None
    facts = kept.facts
    return LastAudit(
        kept.began_at,
        kept.touched_at,
        kept.ended_at,
        facts.get("done", 0),
        facts.get("number", 0),
        [Fault(**one) for one in facts.get("faults", ())],
        Audited(**facts["audited"]) if facts.get("audited") else None,
    )
