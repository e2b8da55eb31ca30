"""What an administrator can do where a call of the self-test brought a fault: one or two sentences a fault."""

from collections.abc import Mapping

from lti_tool.lti.service_calls import Fault

_CORRECT = "Compare it with the LMS’s; whoever runs Creditroll can correct it (creditroll platform correct)."
LOGIN = f"The login (authentication) address of this registration may be wrong. {_CORRECT}"
KEYS = f"The keyset (JWKS) address of this registration may be wrong. {_CORRECT}"
REACHABLE = "Make sure that the LMS can be reached from where Creditroll runs."
SWITCH_ON = "Switch on Names and Role Provisioning for Creditroll in the LMS, then open Creditroll from a course once."
PRIVATE = (
    "The LMS is on a private network: whoever runs Creditroll must add its host to CREDITROLL_ALLOW_PRIVATE_HOSTS."
)
CLOCKS = "Let both servers set their clocks by themselves (NTP)."
_LATER = "Check again in some minutes. If it stays so, ask the LMS’s support."

_TOKEN = {
    Fault.TOKEN_REFUSED: (
        "Compare the client id and the access token address with the LMS’s, and the keyset address that the LMS has of"
        " us with {jwks}."
    ),
    Fault.FORBIDDEN: SWITCH_ON,
    Fault.PRIVATE_ADDRESS: PRIVATE,
    Fault.UNREACHABLE: f"{REACHABLE} The access token address of this registration may be wrong. {_CORRECT}",
}
_ROSTER = {
    Fault.TOKEN_REFUSED: SWITCH_ON,
    Fault.FORBIDDEN: SWITCH_ON,
    Fault.NOT_FOUND: "The course may be gone: open Creditroll once from another course, then check again.",
    Fault.PRIVATE_ADDRESS: PRIVATE,
}


def of_token(fault: Fault, *, jwks_url: str) -> str:
    """Where the LMS gave no access token."""
    return _TOKEN.get(fault, _LATER).format(jwks=jwks_url)


def of_roster(fault: Fault) -> str:
    """Where the roster could not be read."""
    return _ROSTER.get(fault, _LATER)


def of_approval(platform_id: str, *, of_deployment: bool = False) -> str:
    """Whom to ask, and what they type."""
    which = " --deployment-id …" if of_deployment else ""
    return f"Ask whoever runs Creditroll to approve it: creditroll platform approve {platform_id}{which}"


def in_words_of(family_mends: Mapping[str, str], step: str, mend: str) -> str:
    """The mend, and where in this kind of LMS that is done."""
    return f"{mend} {family_mends.get(step, '')}".strip()
