"""Where the running app keeps its door, and its settings, for the views of this room."""

from typing import cast

from flask import current_app, g, request

from lti_tool.jobs import JOBS, Jobs
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.door import DOOR, Door
from lti_tool.settings import Settings


def door() -> Door:
    """The door of this app."""
    return cast(Door, current_app.extensions[DOOR])


def jobs() -> Jobs:
    """The background work of this app."""
    return cast(Jobs, current_app.extensions[JOBS])


def settings() -> Settings:
    """The settings of this app."""
    return cast(Settings, current_app.extensions["creditroll"])


def begin_attempt(steps: tuple[str, ...], *, is_login: bool = False) -> Attempt:
    """Notes that this request is a login or launch, so that its refusal is found in the launch log."""
    begun = g.attempt = Attempt(steps, is_login=is_login)
    return begun


def attempt() -> Attempt | None:
    """The login or launch that this request is, if it is one."""
    found: Attempt | None = g.get("attempt")
    return found


def once(name: str) -> str | None:
    """The form's value of that name; None if it came not at all, or twice: nobody can say which one would count."""
    values = request.form.getlist(name)
    return values[0] if len(values) == 1 else None
