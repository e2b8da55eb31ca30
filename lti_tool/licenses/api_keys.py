"""Keys of the machine API: shown once, kept only as a hash, good until revoked."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.licenses import licenses

READ = "read"
SPEND = "spend"
SCOPES = (READ, SPEND)

_PREFIX = "crk_"  # lets scanners of leaked secrets, and people, know one when they see it
_LONGEST_NAME = 200


class ApiKey(Base):
    """A program's key; without a licence it reaches all of them. Scope "spend" includes "read"."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    """As granted, in the order of `SCOPES`, with a space between."""
    license_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("licenses.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Caller:
    """The program behind a key that is good: what it may do, and how far it reaches."""

    key_id: str
    scopes: frozenset[str]
    license_id: str | None

    def may(self, scope: str) -> bool:
        """Whether the key was granted the scope; "spend" includes "read"."""
        return scope in self.scopes or (scope == READ and SPEND in self.scopes)

    def reaches(self, license_id: str) -> bool:
        """Whether the licence is on this side of the key's wall; a key without a licence reaches all."""
        return self.license_id is None or self.license_id == license_id


def create(
    session: Session, *, name: str, scopes: Collection[str], license_id: str | None, now: datetime
) -> tuple[ApiKey, str]:
    """A new key, and its secret: the only time that anybody sees it. Raises Invalid, NotFound (the licence)."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(f"A key needs a name of at most {_LONGEST_NAME} characters.", field="name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid(f"A key's scopes are {' or '.join(SCOPES)}.", field="scopes")
    if license_id is not None:
        licenses.find(session, license_id)
    secret = _PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=new_id(),
        name=name,
        secret_hash=hashed(secret),
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        license_id=license_id,
        created_at=now,
        revoked_at=None,
    )
    session.add(key)
    session.flush()
    return key, secret


def every(session: Session) -> Sequence[ApiKey]:
    """All keys, revoked ones too, oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id)).all()


def reaching(session: Session, license_id: str, *, limit: int) -> Sequence[ApiKey]:
    """The newest keys that reach the licence, or once did: its own, and those of all licences."""
    query = select(ApiKey).where(or_(ApiKey.license_id == license_id, ApiKey.license_id.is_(None)))
    return session.scalars(query.order_by(ApiKey.id.desc()).limit(limit)).all()


def revoke(session: Session, key_id: str, *, now: datetime) -> ApiKey:
    """Ends a key at once and for good; one that was revoked before keeps its time. Raises NotFound."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("There is no such key; `creditroll api-key list` shows all.")
    key.revoked_at = key.revoked_at or now
    session.flush()
    return key


# 256 random bits need no salt and no slow hash: nobody can try them out, and equal hashes are found by an index.
_IN_FORCE = Sql("select id, scopes, license_id from api_keys where secret_hash = :secret_hash and revoked_at is null")


def caller(engine: Engine, secret_hash: str) -> Caller | None:
    """Whose secret this is; None for an unknown or revoked one, which look the same.

    That it is in force is true for the moment; all else stays true for ever. A transaction of its own.
    """
    rows = _IN_FORCE.alone(engine, secret_hash=secret_hash)
    return Caller(rows[0][0], frozenset(rows[0][1].split()), rows[0][2]) if rows else None


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
