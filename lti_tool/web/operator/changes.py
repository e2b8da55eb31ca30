"""What the operator changes is written down, as the requests that read are not: what it was, and of what."""

import logging

from lti_tool.web import access

_log = logging.getLogger(__name__)


def note(what: str, of: str) -> None:
    """One line of the log, after the change took effect; `what` is ours, `of` an id. Visits tell people apart."""
    _log.info("operator %s %s by visit %s", what, of, access.operator().id)
