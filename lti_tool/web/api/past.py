"""Questions about a past moment (`?at=`): which moments can be asked for."""

from datetime import datetime

from lti_tool.db import database_now, db
from lti_tool.errors import Invalid


def moment(at: datetime) -> datetime:
    """The moment, if it is past by the database's clock. Raises Invalid."""
    if at > database_now(db.session()):
        raise Invalid("at: This moment is still to come.", field="at")
    return at
