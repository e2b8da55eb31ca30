"""Licences as an operator looks through them: the newest first, found by name, code or id."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lti_tool.licenses.licenses import License


def listed(session: Session, text: str = "", *, before: str = "", limit: int) -> Sequence[License]:
    """One page, newest first; `before` is the id of the last one seen."""
    query = select(License).order_by(License.id.desc()).limit(limit)
    if before:
        query = query.where(License.id < before)
    if text:
        typed = text.lower()
        letters = "".join(letter for letter in text.upper() if letter.isalnum())
        code = func.replace(License.code, "-", "") == letters
        query = query.where(or_(func.lower(License.name).contains(typed, autoescape=True), License.id == typed, code))
    return session.scalars(query).all()
