"""A teacher claims a licence for their course with its code."""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.licenses import bindings, licenses
from lti_tool.licenses.licenses import License


def claim(session: Session, *, code: str, deployment_id: str, context_id: str, now: datetime) -> License:
    """Binds the course to the licence with this code (R23). Raises NotFound for a wrong code, AlreadyBound."""
    found = licenses.by_code(session, code)
    bindings.bind(session, found.id, deployment_id, context_id, now=now)
    return found
