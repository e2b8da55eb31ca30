"""Ids that may leave the house: UUIDv7 as text, so that no sequential number is ever shown; and ids to read aloud."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils import uuid7

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none is read for another


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as 36 characters; ordered by creation time to the millisecond."""
    return str(uuid7())


def first_id_at(moment: datetime) -> str:
    """The smallest UUIDv7 of that moment: every id made later is larger (RFC 9562 5.7: it begins with milliseconds)."""
    milliseconds = max(0, (moment - _EPOCH) // timedelta(milliseconds=1))
    return str(UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62))


def new_support_id() -> str:
    """Eight letters, as "7F3A-9KQX": what a person reads to a help desk, who find with it what happened."""
    chance = secrets.randbits(40)
    letters = "".join(_LETTERS[chance >> shift & 31] for shift in range(0, 40, 5))
    return f"{letters[:4]}-{letters[4:]}"
