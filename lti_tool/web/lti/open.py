"""POST /lti/open: a launch goes on in a tab of its own, because the person whom it names pressed the button.

What the button posts is the launch itself, good until the token or the state of its login ends, and once: the nonce is
spent with the launch's effects. Another site can bring a browser to the button, below a name, but can neither press it
nor frame it below something else that is pressed.
"""

import structlog
from flask import request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.lti import launches
from lti_tool.lti.launches import Posted
from lti_tool.web import errors, headers, languages
from lti_tool.web.access import PLATFORM, only
from lti_tool.web.errors import Words
from lti_tool.web.lti import own_page
from lti_tool.web.lti.doors import begin_attempt, once
from lti_tool.web.lti.launch import enter, verify


def offer(words: Words, claims: object, *, code: str, status: int, support_id: str) -> ResponseReturnValue:
    """The page with the button, and the name of who will be there after it; nothing was done so far."""
    headers.lets_only_known_lmss_frame_it()
    return errors.page(
        words,
        code=code,
        status=status,
        support_id=support_id,
        template="lti/open.html",
        claims=claims,
        posted={name: once(name) for name in ("id_token", "state")},
    )


@only(PLATFORM)
def open_new_tab() -> ResponseReturnValue:
    """Lets the person in, or raises LaunchRefused."""
    now = clock.now()
    attempt = begin_attempt(launches.STEPS)
    structlog.contextvars.bind_contextvars(support_id=attempt.support_id)
    attempt.reached = "browser"
    own_page.require()
    posted = Posted(id_token=once("id_token"), state=once("state"), cookies=request.cookies, is_chosen=True)
    verified = verify(posted, attempt, now)
    languages.speak_to(verified.claims.locale or "")
    return enter(verified, attempt, now)
