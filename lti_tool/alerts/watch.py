"""Looks how low each pool is whose managers asked to be told, and writes a letter for each level that was crossed.

The letter and that it was written are one transaction, and a second look at the same moment finds it written: so
nothing is lost with a process, and nothing told twice. A level is told again only after it was seen to have recovered.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.alerts import letters, wishes
from lti_tool.alerts.levels import Level
from lti_tool.alerts.wishes import Key, Wish
from lti_tool.ledger import policies
from lti_tool.ledger.pools import Pool
from lti_tool.members import census, reach
from lti_tool.members.selection import Terms
from lti_tool.settings import Resource


def watched(session: Session) -> Sequence[tuple[str, str]]:
    """Each licence and resource whose managers asked for anything."""
    rows = session.execute(select(Wish.license_id, Wish.resource).where(Wish.events != "").distinct())
    return [(license_id, resource) for license_id, resource in rows]


def level(session: Session, license_id: str, resource: Resource) -> Level:
    """How low the pool is, with all who wait in any course of the licence."""
    pool = session.get_one(Pool, (license_id, resource.name), populate_existing=True)
    maximum = policies.current(session, license_id, resource.name).maximum
    terms = Terms(resource.name, resource.bundle, maximum, pool.balance)
    waiting = census.count_waiting(session, reach.of_license(session, license_id), terms)
    return Level(pool.balance, pool.issued, waiting, resource.bundle)


def changed(session: Session, license_id: str, found: Level, resource: str) -> list[Wish]:
    """The wishes for whom the level is not what it was when last looked."""
    of = (Wish.license_id == license_id, Wish.resource == resource, Wish.events != "")
    return list(session.scalars(select(Wish).where(*of, Wish.low != " ".join(found.low))))


def tell(session: Session, wish: Wish, found: Level, *, now: datetime) -> bool:
    """Keeps what holds now, and writes a letter of the most urgent thing that did not hold before, if any was wanted.

    False where somebody else was first, and nothing was done.
    """
    mine = (Wish.license_id == wish.license_id, Wish.resource == wish.resource, Wish.person_id == wish.person_id)
    kept = update(Wish).where(*mine, Wish.low == wish.low, Wish.events == wish.events).values(low=" ".join(found.low))
    if session.execute(kept.returning(Wish.person_id)).first() is None:
        return False
    crossed = [event for event in found.low if event in wish.wanted and event not in wish.low.split()]
    if crossed and wishes.may_be_told(session, wish.license_id, wish.person_id):
        letters.write(session, Key(wish.license_id, wish.resource, wish.person_id), crossed[0], found, now=now)
    return True
