"""Ids that may leave the house: UUIDv7 as text, so that no sequential number is ever shown."""

from uuid_utils.compat import uuid7


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as 36 characters; ordered by creation time to the millisecond."""
    return str(uuid7())
