"""Whether a message is Stripe's, and fresh: its signature over the raw body, by one of the secrets that count now."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from lti_tool.errors import Refusal

_TOLERANCE_S = 300
# "t=1492774577,v1=5257a8…,v0=6ffbb5…" (docs.stripe.com/webhooks#verify-manually). One time only, so that the time which
# is checked is the one that was signed.
_HEADER = re.compile(r"t=(\d{1,12})((,v\d{1,3}=[0-9A-Za-z]{1,200}){1,20})", re.ASCII)


class NotFromStripe(Refusal):
    """The message is not signed, or by a secret that does not count (any more)."""

    code: ClassVar[str] = "signature_wrong"
    status: ClassVar[int] = 400


class NotFresh(Refusal):
    """The message was signed too long ago, or for a time to come: somebody may have kept it."""

    code: ClassVar[str] = "signature_not_fresh"
    status: ClassVar[int] = 400


def verify(body: bytes, header: str, secrets: Iterable[str], *, now: datetime) -> None:
    """Lets Stripe's own messages pass. Raises NotFromStripe, NotFresh.

    The SDK refuses old times alone; a message that is dated ahead could be sent again until its time has come.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        raise NotFromStripe("There is no such signature.")
    if abs(now.timestamp() - int(found[1])) > _TOLERANCE_S:
        raise NotFresh("The signature is too old, or from the future.")
    if not any(_is_signed(body, header, secret) for secret in secrets):
        raise NotFromStripe("The signature does not match.")


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    from stripe import SignatureVerificationError, WebhookSignature

    try:
        WebhookSignature.verify_header(body, header, secret, _TOLERANCE_S)
    except (SignatureVerificationError, UnicodeDecodeError):  # Stripe writes UTF-8
        return False
    return True
