"""Ids that may leave the house: UUIDv7 as text, so that no sequential number is ever shown; and ids to read aloud."""

import secrets

from uuid_utils.compat import uuid7

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none is read for another


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as 36 characters; ordered by creation time to the millisecond."""
    return str(uuid7())


def new_support_id() -> str:
    """Eight letters, as "7F3A-9KQX": what a person reads to a help desk, who find with it what happened."""
    chance = secrets.randbits(40)
    letters = "".join(_LETTERS[chance >> shift & 31] for shift in range(0, 40, 5))
    return f"{letters[:4]}-{letters[4:]}"
