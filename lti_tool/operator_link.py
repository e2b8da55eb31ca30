"""The operator's way to the pages: a link that the command line makes, good for ten minutes and once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from lti_tool.db import micros, moment
from lti_tool.ids import new_id

LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Link:
    """What a link's token says: `once` is what may count once, before `ends_at`."""

    once: str
    ends_at: datetime


def make(secret_key: str, *, now: datetime) -> str:
    """A fresh token. Whoever has the secret key may make one: who sets the tool up is its operator."""
    return str(_signer(secret_key).dumps([new_id(), micros(now + LASTS)]))


def read(secret_key: str, token: str, *, now: datetime) -> Link | None:
    """The link that `make` made the token for; None for a forged or late one. Whether it was used, the caller asks."""
    try:
        number, ends_us = _signer(secret_key).loads(token)
    except BadData:
        return None
    link = Link(f"operator-link {number}", moment(ends_us))
    return link if now < link.ends_at else None


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret_key, salt="operator-link", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )
