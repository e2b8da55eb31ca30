"""What is done again and again, and of which only the last time matters: an audit, a self-test, a sweep."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros


class LastResult(Base):
    """The last time of one thing, by its name; `ended_at` is None while it is under way, `told` is JSON."""

    __tablename__ = "last_results"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    """The last sign of life, or its end."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    told: Mapped[str] = mapped_column(Text)

    @property
    def facts(self) -> dict[str, Any]:
        """What it found."""
        facts: dict[str, Any] = json.loads(self.told)
        return facts


_BEGIN = Sql(
    """
    insert into last_results (name, began_at, touched_at, ended_at, told) values (:name, :now, :now, null, '{}')
    on conflict (name) do update
       set began_at = excluded.began_at, touched_at = excluded.touched_at, ended_at = null, told = excluded.told
     where last_results.ended_at is not null or last_results.touched_at <= :dead
    """
)
_KEEP = Sql(
    """
    insert into last_results (name, began_at, touched_at, ended_at, told)
    values (:name, :began_at, :now, :ended_at, :told)
    on conflict (name) do update
       set began_at = excluded.began_at, touched_at = excluded.touched_at, ended_at = excluded.ended_at,
           told = excluded.told
    """
)


def begin(session: Session, name: str, *, lease: timedelta, now: datetime) -> bool:
    """Begins it; False where it is under way, and gave a sign of life within `lease`."""
    return _BEGIN.run(session, name=name, now=micros(now), dead=micros(now - lease)).rowcount == 1


def keep(
    session: Session, name: str, told: Mapping[str, Any], *, began_at: datetime, now: datetime, is_over: bool = True
) -> None:
    """What it found, or how far it came, in the place of what was kept before."""
    _KEEP.run(
        session,
        name=name,
        began_at=micros(began_at),
        now=micros(now),
        ended_at=micros(now) if is_over else None,
        told=json.dumps(told),
    )


def find(session: Session, name: str) -> LastResult | None:
    """The last time; None where there was none."""
    return session.get(LastResult, name, populate_existing=True)


def many(session: Session, names: Collection[str]) -> dict[str, LastResult]:
    """Those of these names that there are."""
    query = select(LastResult).where(LastResult.name.in_(names)).execution_options(populate_existing=True)
    return {one.name: one for one in session.scalars(query)}
