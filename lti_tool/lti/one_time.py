"""What may count once: nonces of launches, and registrations; kept until nothing that carries them is still valid."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.lti.refusals import NonceUsed
from lti_tool.sending import Sent


class SpentNonce(Base):
    """A nonce that was used: its row is what makes a second use fail."""

    __tablename__ = "spent_nonces"

    nonce: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)


_SPEND = Sql(
    "insert into spent_nonces (nonce, expires_at) values (:nonce, :expires_at) on conflict do nothing returning nonce"
)


def spend(session: Session, nonce: str, *, expires_at: datetime) -> None:
    """Spends the nonce with the transaction; of any number at once, one commits. Raises NonceUsed."""
    require_first(spending(session, nonce, expires_at=expires_at))


def spending(session: Session, nonce: str, *, expires_at: datetime) -> Sent:
    """Sends what spends the nonce; `require_first` reads its answer."""
    return _SPEND.send(session, nonce=nonce, expires_at=micros(expires_at))


def require_first(spent: Sent) -> None:
    """Raises NonceUsed if the nonce that `spending` spent was spent before."""
    if spent.first() is None:
        raise NonceUsed()


_IS_SPENT = Sql("select 1 from spent_nonces where nonce = :nonce")


def is_spent(session: Session, nonce: str) -> bool:
    """Whether it was used before: for a friendly word beforehand; only `spend` decides."""
    return _IS_SPENT.run(session, nonce=nonce).first() is not None


_FORGET = Sql(
    "delete from spent_nonces where nonce in (select nonce from spent_nonces where expires_at < :now limit :most)"
)


def forget_expired(session: Session, *, now: datetime, most: int = 10_000) -> int:
    """Forgets nonces whose logins are over, at most so many; how many they were. For the sweeper."""
    return _FORGET.run(session, now=micros(now), most=most).rowcount
