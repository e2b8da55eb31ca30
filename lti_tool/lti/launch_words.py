"""The launch log in words, for whoever mends an LMS's set-up: what each check asks, why one failed, what helps."""

from collections.abc import Iterator

from lti_tool.language import N_, _
from lti_tool.lti.launch_log import OK
from lti_tool.lti.refusals import LaunchRefused

CHECKS = {
    "parameters": N_("The login says who is coming from where"),
    "lms": N_("The LMS let the launch go on"),
    "state": N_("The launch answers a login of the last ten minutes"),
    "browser": N_("The same browser began the login"),
    "token": N_("The message can be read, and is signed with RS256"),
    "platform": N_("The LMS is registered, and switched on"),
    "key": N_("The LMS’s key set has the key that signed it"),
    "signature": N_("The signature is right"),
    "issuer": N_("It comes from the LMS that the login was for"),
    "audience": N_("It is meant for this client"),
    "expiry": N_("It is still valid"),
    "issued_at": N_("It was issued a moment ago, by both clocks"),
    "nonce": N_("It carries the nonce of its login"),
    "version": N_("It is LTI 1.3"),
    "message_type": N_("It is a kind of link that Creditroll answers"),
    "target": N_("The link leads to this Creditroll"),
    "claims": N_("Every claim is there, and of the right type"),
    "person": N_("It says who is here"),
    "message": N_("It has all that its kind of link must have"),
    "first_use": N_("It was not used before"),
    "admitted": N_("The LMS is still switched on"),
    "deployment": N_("This installation is approved"),
}
"""What each check asks, by its name."""

_CLOCKS = N_("Set the clocks of both servers by the network; the skew says how far they are apart.")
_REGISTRATION = N_("Compare issuer and client id in the LMS with the registration here, letter by letter.")
_KEYS = N_("Check the registration’s key set URL, and that this server can reach it.")
_AGAIN = N_("It was reloaded, opened by the back button, or saved. Open it again from the course.")
_APPROVAL = N_("The operator approves it, on the page of this LMS or by creditroll platform approve.")
_MENDS = {
    "LTI-LOGIN": N_("The LMS’s login URL for Creditroll is opened by something else than a launch."),
    "LTI-TARGET": N_("In the LMS, set the tool’s URL and every link to this Creditroll’s address."),
    "LTI-PLATFORM-UNKNOWN": _REGISTRATION,
    "LTI-PLATFORM-PENDING": _APPROVAL,
    "LTI-PLATFORM-DISABLED": N_("The operator switched it off; creditroll platform approve switches it on again."),
    "LTI-DEPLOYMENT-PENDING": _APPROVAL,
    "LTI-LMS-ERROR": N_(
        "Mostly the person’s session in the LMS had ended, or the page was reloaded. Open it again there."
    ),
    "LTI-STATE-MISSING": N_("The LMS posts launches without a login first: set its login URL, and LTI 1.3."),
    "LTI-STATE-UNKNOWN": _AGAIN,
    "LTI-STATE-EXPIRED": _AGAIN,
    "LTI-NONCE-USED": _AGAIN,
    "LTI-ALG": N_("Let the LMS sign with RS256; Blackboard can be set to another."),
    "LTI-VERSION": N_("Add the tool as LTI 1.3, not 1.1."),
    "LTI-MESSAGE-TYPE": N_("Take the placements off that send another kind of link."),
    "LTI-CLAIM": N_("The LMS sends a claim that is too long, or no text where one belongs; see what came."),
    "LTI-STATE-BROWSER": N_("The browser keeps no cookies for Creditroll in the LMS’s frame. Open it in a new tab."),
    "LTI-KID-UNKNOWN": _KEYS,
    "LTI-KEYS": _KEYS,
    "LTI-SIGNATURE": _REGISTRATION,
    "LTI-ISS": _REGISTRATION,
    "LTI-AUD": _REGISTRATION,
    "LTI-AZP": _REGISTRATION,
    "LTI-EXPIRED": _CLOCKS,
    "LTI-IAT": _CLOCKS,
    "LTI-CLAIM-MISSING": N_("The LMS leaves out a claim, or sends its variable unresolved; see what came."),
    "LTI-ANONYMOUS": N_("In the LMS, let Creditroll know the user’s id; public courses open without one."),
}

WANTS_APPROVAL = ("LTI-PLATFORM-PENDING", "LTI-PLATFORM-DISABLED", "LTI-DEPLOYMENT-PENDING")
"""What the operator mends by approving."""

_ROLES = {
    "teacher": N_("teacher"),
    "ta": N_("TA"),
    "designer": N_("designer"),
    "admin": N_("admin"),
    "learner": N_("student"),
    "observer": N_("observer"),
    "test_user": N_("test user"),
}


def why(code: str) -> str:
    """The code in a sentence."""
    return _("Let in.") if code == OK else _(_SAYS.get(code, N_("Refused.")))


def mend(code: str) -> str:
    """What most likely helps; "" where nothing need be mended."""
    return _(_MENDS[code]) if code in _MENDS else ""


def role(kept: object) -> str:
    """What somebody was in the course, as the pages call it; "" where that was not reached."""
    known = _ROLES.get(str(kept))
    return _(known) if known else str(kept or "")


def check(name: str) -> str:
    """What a check asks."""
    return _(CHECKS[name]) if name in CHECKS else name


def codes() -> list[str]:
    """Every code that a row of the log may have."""
    return [OK, *sorted(code for code in _SAYS if code.startswith("LTI-"))]


def _every(kind: type[LaunchRefused]) -> Iterator[type[LaunchRefused]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _every(below)


_SAYS = {kind.code: kind.says for kind in _every(LaunchRefused)}
