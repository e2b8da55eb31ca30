"""The launch log in words, for whoever mends an LMS's set-up: what each check asks, why one failed, what helps."""

from collections.abc import Iterator

from lti_tool.lti.launch_log import OK
from lti_tool.lti.refusals import LaunchRefused

CHECKS = {
    "parameters": "The login says who is coming from where",
    "lms": "The LMS let the launch go on",
    "state": "The launch answers a login of the last ten minutes",
    "browser": "The same browser began the login",
    "token": "The message can be read, and is signed with RS256",
    "platform": "The LMS is registered, and switched on",
    "key": "The LMS’s key set has the key that signed it",
    "signature": "The signature is right",
    "issuer": "It comes from the LMS that the login was for",
    "audience": "It is meant for this client",
    "expiry": "It is still valid",
    "issued_at": "It was issued a moment ago, by both clocks",
    "nonce": "It carries the nonce of its login",
    "version": "It is LTI 1.3",
    "message_type": "It is a kind of link that Creditroll answers",
    "target": "The link leads to this Creditroll",
    "claims": "Every claim is there, and of the right type",
    "person": "It says who is here",
    "message": "It has all that its kind of link must have",
    "first_use": "It was not used before",
    "admitted": "The LMS is still switched on",
    "deployment": "This installation is approved",
}
"""What each check asks, by its name."""

_CLOCKS = "Set the clocks of both servers by the network; the skew says how far they are apart."
_REGISTRATION = "Compare issuer and client id in the LMS with the registration here, letter by letter."
_KEYS = "Check the registration’s key set URL, and that this server can reach it."
_AGAIN = "It was reloaded, opened by the back button, or saved. Open it again from the course."
_MENDS = {
    "LTI-LOGIN": "The LMS’s login URL for Creditroll is opened by something else than a launch.",
    "LTI-TARGET": "In the LMS, set the tool’s URL and every link to this Creditroll’s address.",
    "LTI-PLATFORM-UNKNOWN": _REGISTRATION,
    "LTI-PLATFORM-PENDING": "The operator approves it: creditroll platform approve.",
    "LTI-PLATFORM-DISABLED": "The operator switched it off; creditroll platform approve switches it on again.",
    "LTI-DEPLOYMENT-PENDING": "The operator approves it: creditroll platform approve with --deployment-id.",
    "LTI-LMS-ERROR": "Mostly the person’s session in the LMS had ended, or the page was reloaded. Open it again there.",
    "LTI-STATE-MISSING": "The LMS posts launches without a login first: set its login URL, and LTI 1.3.",
    "LTI-STATE-UNKNOWN": _AGAIN,
    "LTI-STATE-EXPIRED": _AGAIN,
    "LTI-NONCE-USED": _AGAIN,
    "LTI-ALG": "Let the LMS sign with RS256; Blackboard can be set to another.",
    "LTI-VERSION": "Add the tool as LTI 1.3, not 1.1.",
    "LTI-MESSAGE-TYPE": "Take the placements off that send another kind of link.",
    "LTI-CLAIM": "The LMS sends a claim that is too long, or no text where one belongs; see what came.",
    "LTI-STATE-BROWSER": "The browser keeps no cookies for Creditroll in the LMS’s frame. Open it in a new tab.",
    "LTI-KID-UNKNOWN": _KEYS,
    "LTI-KEYS": _KEYS,
    "LTI-SIGNATURE": _REGISTRATION,
    "LTI-ISS": _REGISTRATION,
    "LTI-AUD": _REGISTRATION,
    "LTI-AZP": _REGISTRATION,
    "LTI-EXPIRED": _CLOCKS,
    "LTI-IAT": _CLOCKS,
    "LTI-CLAIM-MISSING": "The LMS leaves out a claim, or sends its variable unresolved; see what came.",
    "LTI-ANONYMOUS": "In the LMS, let Creditroll know the user’s id; public courses open without one.",
}

_ROLES = {"ta": "TA", "learner": "student", "test_user": "test user"}


def why(code: str) -> str:
    """The code in a sentence."""
    return "Let in." if code == OK else _SAYS.get(code, "Refused.")


def mend(code: str) -> str:
    """What most likely helps; "" where nothing need be mended."""
    return _MENDS.get(code, "")


def role(kept: object) -> str:
    """What somebody was in the course, as the pages call it; "" where that was not reached."""
    return _ROLES.get(str(kept), str(kept or ""))


def _every(kind: type[LaunchRefused]) -> Iterator[type[LaunchRefused]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _every(below)


_SAYS = {kind.code: kind.says for kind in _every(LaunchRefused)}
