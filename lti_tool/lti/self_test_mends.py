"""What an administrator can do where a call of the self-test brought a fault: one or two sentences a fault."""

from collections.abc import Mapping

from lti_tool.language import N_, _
from lti_tool.lti.service_calls import Fault

LOGIN = N_(
    "The login (authentication) address of this registration may be wrong. Compare it with the LMS’s; whoever runs"
    " Creditroll can correct it (creditroll platform correct)."
)
KEYS = N_(
    "The keyset (JWKS) address of this registration may be wrong. Compare it with the LMS’s; whoever runs Creditroll"
    " can correct it (creditroll platform correct)."
)
REACHABLE = N_("Make sure that the LMS can be reached from where Creditroll runs.")
SWITCH_ON = N_(
    "Switch on Names and Role Provisioning for Creditroll in the LMS, then open Creditroll from a course once."
)
PRIVATE = N_(
    "The LMS is on a private network: whoever runs Creditroll must add its host to CREDITROLL_ALLOW_PRIVATE_HOSTS."
)
CLOCKS = N_("Let both servers set their clocks by themselves (NTP).")
_LATER = N_("Check again in some minutes. If it stays so, ask the LMS’s support.")

_TOKEN = {
    Fault.TOKEN_REFUSED: N_(
        "Compare the client id and the access token address with the LMS’s, and the keyset address that the LMS has of"
        " us with %(jwks)s."
    ),
    Fault.FORBIDDEN: SWITCH_ON,
    Fault.PRIVATE_ADDRESS: PRIVATE,
    Fault.UNREACHABLE: N_(
        "Make sure that the LMS can be reached from where Creditroll runs. The access token address of this"
        " registration may be wrong. Compare it with the LMS’s; whoever runs Creditroll can correct it (creditroll"
        " platform correct)."
    ),
}
_ROSTER = {
    Fault.TOKEN_REFUSED: SWITCH_ON,
    Fault.FORBIDDEN: SWITCH_ON,
    Fault.NOT_FOUND: N_("The course may be gone: open Creditroll once from another course, then check again."),
    Fault.PRIVATE_ADDRESS: PRIVATE,
}


def of_token(fault: Fault, *, jwks_url: str) -> str:
    """Where the LMS gave no access token."""
    return _(_TOKEN.get(fault, _LATER), jwks=jwks_url)


def of_roster(fault: Fault) -> str:
    """Where the roster could not be read."""
    return _(_ROSTER.get(fault, _LATER))


def of_approval(platform_id: str, *, of_deployment: bool = False) -> str:
    """Whom to ask, and what they type."""
    which = " --deployment-id …" if of_deployment else ""
    command = f"creditroll platform approve {platform_id}{which}"
    return _("Ask whoever runs Creditroll to approve it: %(command)s", command=command)


def in_words_of(family_mends: Mapping[str, str], step: str, mend: str) -> str:
    """The mend, and where in this kind of LMS that is done."""
    there = family_mends.get(step)
    return f"{mend} {_(there)}" if there else mend
