"""Every reason to refuse a registration: a stable code, an HTTP status, and plain words for an LMS administrator."""

from typing import ClassVar

from lti_tool.errors import Refusal
from lti_tool.language import N_, _

_AGAIN = N_("Go back to your LMS, and add Creditroll there once more by its registration address.")
_BY_HAND = N_("If it comes again, register Creditroll by hand: its page /register has all that you paste.")


class RegistrationRefused(Refusal):
    """Nothing was kept of the registration. `says` may be followed by `detail`, which holds no secret."""

    code: ClassVar[str] = "REG-REFUSED"
    status: ClassVar[int] = 400
    title: ClassVar[str] = N_("Creditroll was not registered")
    says: ClassVar[str] = N_("This registration cannot go on.")
    steps: ClassVar[tuple[str, ...]] = (_AGAIN, _BY_HAND)

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{_(self.says)} {detail}".strip())


class Closed(RegistrationRefused):
    """The operator's setting `registration` is "closed"."""

    code = "REG-CLOSED"
    status = 403
    says = N_("Whoever runs Creditroll here adds each LMS by hand.")
    steps = (N_("Ask them to add your LMS."),)


class Busy(RegistrationRefused):
    """As many registrations are under way as this process carries at once, or came to nothing from one address."""

    code = "REG-BUSY"
    status = 429
    title = N_("Wait a minute, then try again")
    says = N_("Creditroll has many registrations to look at in this moment.")
    steps = (_AGAIN,)


class AddressMissing(RegistrationRefused):
    """`openid_configuration` is missing or came twice, or the token is nothing that could be one."""

    code = "REG-START"
    says = N_("Only an LMS can open this address: it adds where its own configuration is.")
    steps = (
        N_("Copy the address of this page up to “register”."),
        N_("In your LMS, paste it where a tool is added by Dynamic Registration."),
    )


class AddressRefused(RegistrationRefused):
    """An address of the LMS that cannot be right, or that may not be called."""

    code = "REG-ADDRESS"
    says = N_("Your LMS names an address that Creditroll cannot use.")


class HostsDisagree(RegistrationRefused):
    """Somebody may be speaking for an LMS that is not theirs."""

    code = "REG-HOSTS"
    says = N_("The addresses that your LMS names do not belong together, so anybody could have written them.")


class LmsUnreachable(RegistrationRefused):
    """The LMS could not be reached, or its answer broke off."""

    code = "REG-UNREACHABLE"
    status = 502
    title = N_("Creditroll cannot reach your LMS")
    says = N_("It could not read what your LMS wanted to tell it.")
    steps = (N_("Make sure that your LMS can be reached from the internet."), _AGAIN)


class LmsTooSlow(LmsUnreachable):
    """The LMS took longer than a registration may."""

    code = "REG-TIMEOUT"
    status = 504
    says = N_("Your LMS took too long to answer.")


class ConfigurationUnreadable(RegistrationRefused):
    """What is at `openid_configuration` is no configuration of an LTI 1.3 platform."""

    code = "REG-CONFIGURATION"
    status = 502
    says = N_("What your LMS tells about itself cannot be read.")


class InvitationRefused(RegistrationRefused):
    """The LMS did not take the registration token when it was asked for its configuration."""

    code = "REG-TOKEN"
    says = N_("Your LMS no longer knows this registration: its time is over, or it was used.")
    steps = (_AGAIN,)


class CannotServe(RegistrationRefused):
    """The LMS lacks something that LTI 1.3 needs."""

    code = "REG-UNSUPPORTED"
    says = N_("Your LMS cannot do what LTI 1.3 needs.")


class PageTooOld(RegistrationRefused):
    """The form was not made here, or more than an hour ago."""

    code = "REG-PAGE"
    title = N_("This page is too old")
    says = N_("It was opened more than an hour ago, so nothing was registered.")
    steps = (_AGAIN,)


class AlreadyUsed(RegistrationRefused):
    """The same registration was sent before; a second one would leave a second tool in the LMS."""

    code = "REG-USED"
    status = 409
    title = N_("This registration was sent already")
    says = N_("Creditroll takes each of them once, so that your LMS does not list it twice.")
    steps = (
        N_("Look in your LMS whether Creditroll is in its list of tools."),
        N_("If it is not, begin there once more."),
    )


class LmsRefused(RegistrationRefused):
    """The LMS answered the registration with something else than yes."""

    code = "REG-LMS"
    status = 502
    title = N_("Your LMS did not register Creditroll")
    says = N_("It refused the registration.")


class AnswerUnreadable(RegistrationRefused):
    """The LMS said yes, but not by which client id it knows us."""

    code = "REG-ANSWER"
    status = 502
    says = N_("The answer of your LMS cannot be read, so Creditroll does not know its own number there.")
    steps = (N_("In your LMS, remove Creditroll from the list of tools if it is there."), _AGAIN, _BY_HAND)


class KnownOtherwise(RegistrationRefused):
    """Issuer and client are registered with other addresses; a registration never changes those."""

    code = "REG-KNOWN"
    status = 409
    says = N_("Your LMS is registered already, with other addresses. They are kept as they are.")
    steps = (N_("Ask whoever runs Creditroll to compare them with those that your LMS shows now."),)


class ClientOfAnother(RegistrationRefused):
    """Another LMS is registered by this client id: what we sign for one could be used at the other."""

    code = "REG-CLIENT"
    status = 409
    says = N_("Another LMS is registered here by the client id that yours has given.")
    steps = (N_("In your LMS, remove Creditroll from the list of tools."), _AGAIN)
