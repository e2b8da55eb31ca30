"""The books as pages read them: newest first, by keyset, never the whole journal at once."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select, union_all
from sqlalchemy.orm import Session, aliased

from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.ledger.rules import Standing
from lti_tool.ledger.transfers import Batch, Transfer


def batches(
    session: Session, license_id: str, resource: str, *, before: int | None = None, limit: int = 25
) -> list[Batch]:
    """Batches of a pool, newest first; `before` is the `pool_version` of the last one that was seen."""
    query = select(Batch).where(Batch.license_id == license_id, Batch.resource == resource)
    if before is not None:
        query = query.where(Batch.pool_version < before)
    return list(session.scalars(query.order_by(Batch.pool_version.desc()).limit(limit)))


def batch(session: Session, license_id: str, batch_id: str) -> Batch | None:
    """One batch of this licence; None where it has none of this id."""
    return session.get(Batch, (license_id, batch_id))


def saved_by(session: Session, license_id: str, request_key: str) -> Batch | None:
    """The batch that a form with this key made before (R17)."""
    return session.scalar(select(Batch).where(Batch.license_id == license_id, Batch.request_key == request_key))


def people(
    session: Session, license_id: str, batch_ids: Collection[str], *, after: str = "", limit: int = 100
) -> dict[str, list[Transfer]]:
    """The first members' transfers of each batch, by its id; `after` is the id of the last transfer that was seen."""
    if not batch_ids:
        return {}
    parts = [
        select(Transfer)
        .where(Transfer.license_id == license_id, Transfer.batch_id == batch_id, Transfer.id > after)
        .order_by(Transfer.id)
        .limit(limit)
        .subquery()
        for batch_id in batch_ids
    ]
    # Whole rows of each part: looked up by their ids afterwards, a planner may prefer to read the whole journal.
    listed = aliased(Transfer, union_all(*(select(part) for part in parts)).subquery())
    found: dict[str, list[Transfer]] = {batch_id: [] for batch_id in batch_ids}
    for transfer in session.scalars(select(listed).order_by(listed.id)):
        if transfer.batch_id is not None:
            found[transfer.batch_id].append(transfer)
    return found


def every(session: Session, license_id: str, resource: str) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Each movement of a pool with its batch, newest batch first, read as it is asked for; in `db.snapshot()`."""
    query = (
        select(
            Batch.at,
            Batch.kind,
            Batch.pool_balance_after,
            Batch.actor_kind,
            Batch.actor_id,
            Batch.note,
            Transfer.amount,
            Transfer.member_id,
            Transfer.reference,
        )
        .join(Transfer, and_(Transfer.license_id == Batch.license_id, Transfer.batch_id == Batch.id))
        .where(Batch.license_id == license_id, Batch.resource == resource)
        .order_by(Batch.pool_version.desc(), Transfer.id)
    )
    yield from session.execute(query.execution_options(yield_per=1_000)).partitions()


def under_way(session: Session, license_id: str, resource: str, member_id: str, *, now: datetime) -> list[Hold]:
    """A member's open holds, newest first; `now` is the database's clock, and one past its time is not open (R19)."""
    query = select(Hold).where(
        Hold.license_id == license_id, Hold.resource == resource, Hold.member_id == member_id, Hold.status == "held"
    )
    return list(session.scalars(query.where(Hold.expires_at > now).order_by(Hold.at.desc(), Hold.id.desc())))


def standing(
    session: Session, license_id: str, resource: str, member_id: str, *, now: datetime
) -> tuple[Standing, bool] | None:
    """A member's figures as they stand, and whether they are frozen (R20); None without an account."""
    account = session.get(Account, (license_id, resource, member_id), populate_existing=True)
    if account is None:
        return None
    # Counted from the open holds, so that one past its time is available again though no sweeper ran (R19).
    held = sum(hold.amount for hold in under_way(session, license_id, resource, member_id, now=now))
    figures = Standing(available=account.balance - held, held=held, used=account.used, received=account.received)
    return figures, account.frozen
