"""The access code with which an LMS's own administrator reads the launch log of their platform.

No role of a launch opens it: a role belongs to a course, and the log to a whole platform (docs/decisions/0008).
"""

import hashlib
import hmac
import secrets

from sqlalchemy.orm import Session

from lti_tool.lti import platforms
from lti_tool.lti.platforms import Platform

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are read for one another


def renew(session: Session, platform_id: str) -> str:
    """A fresh code for this platform, told this once; the one before ends, with all visits by it. Raises NotFound."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(16))
    platforms.find(session, platform_id).log_code_hash = _hash(letters)
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def opens(session: Session, platform_id: str, code: str) -> str | None:
    """What stands for the right code of this platform, to be kept by the browser; None for any other."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    return _if_in_force(session, platform_id, _hash(letters))


def still_opens(session: Session, platform_id: str, kept: str) -> bool:
    """Whether the code that `kept` stands for is in force."""
    return _if_in_force(session, platform_id, kept) is not None


def _if_in_force(session: Session, platform_id: str, given: str) -> str | None:
    platform = session.get(Platform, platform_id)
    in_force = platform.log_code_hash if platform else None
    return given if in_force is not None and hmac.compare_digest(in_force, given) else None


def _hash(letters: str) -> str:
    # 80 bits of chance: a slow hash would protect nothing more.
    return hashlib.sha256(letters.encode()).hexdigest()
