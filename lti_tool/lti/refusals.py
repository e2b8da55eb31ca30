"""Every reason to refuse a login or a launch: a stable code, an HTTP status, and plain words for the person."""

from typing import ClassVar

from lti_tool.errors import Refusal
from lti_tool.language import N_


class LaunchRefused(Refusal):
    """A login or launch that is not let in; most are mended by opening it again.

    `figures` say for the log which registration it was about.
    """

    is_counted: ClassVar[bool] = True
    """Whether many of them from one address are held back."""

    code: ClassVar[str] = "LTI-REFUSED"
    status: ClassVar[int] = 401
    title: ClassVar[str] = N_("Open it again from your course")
    says: ClassVar[str] = N_("This launch cannot be let in.")
    steps: ClassVar[tuple[str, ...]] = (N_("Go back to your course page."), N_("Choose Creditroll in the course menu."))

    def __init__(self, **figures: object) -> None:
        super().__init__(self.says, **figures)


class SetUpWrong(LaunchRefused):
    """What only the administrator of the LMS, or ours, can mend."""

    title = N_("Creditroll is not set up right here")
    steps = (N_("Ask your LMS administrator to check how Creditroll is set up."),)


class NotAdmitted(LaunchRefused):
    """Known, and not let in by a person's decision or for want of one."""

    status = 403
    title = N_("Creditroll is not switched on here")
    steps = (N_("Ask your administrator to approve it."), N_("Then open it again from your course."))


class LoginIncomplete(LaunchRefused):
    """`iss`, `login_hint` or `target_link_uri` is missing (Security Framework 1.0 #step-1)."""

    code = "LTI-LOGIN"
    status = 400
    says = N_("The LMS did not say who is coming from where.")


class TargetElsewhere(SetUpWrong):
    """`target_link_uri` is on another origin: following it would make us an open redirect."""

    code = "LTI-TARGET"
    status = 400
    says = N_("The link leads to another address than Creditroll's.")


class PlatformUnknown(SetUpWrong):
    """No registration has that issuer and client, or several share the issuer and no client was named."""

    code = "LTI-PLATFORM-UNKNOWN"
    says = N_("Creditroll does not know this LMS.")


class PlatformPending(NotAdmitted):
    """The registration waits for the operator."""

    code = "LTI-PLATFORM-PENDING"
    says = N_("This LMS is registered, and waits to be approved.")


class PlatformDisabled(NotAdmitted):
    """The operator switched the registration off."""

    code = "LTI-PLATFORM-DISABLED"
    says = N_("Creditroll is switched off for this LMS.")


class DeploymentPending(NotAdmitted):
    """An installation that nobody approved yet; it is kept, so that the operator can."""

    code = "LTI-DEPLOYMENT-PENDING"
    says = N_("Creditroll was added here, and waits to be approved.")


class LmsRefused(LaunchRefused):
    """The LMS answered with an OIDC error instead of a launch (OpenID Connect Core #AuthError)."""

    code = "LTI-LMS-ERROR"
    says = N_("The LMS did not let the launch go on.")


class StateMissing(LaunchRefused):
    """No `state`, or more than one."""

    code = "LTI-STATE-MISSING"
    status = 400
    says = N_("This launch did not begin with a login.")


class StateUnknown(LaunchRefused):
    """The `state` is not one that we signed."""

    code = "LTI-STATE-UNKNOWN"
    says = N_("This launch did not begin here.")


class StateExpired(LaunchRefused):
    """The login was more than ten minutes ago."""

    code = "LTI-STATE-EXPIRED"
    says = N_("Too much time passed since you opened it.")


class StateOfAnotherBrowser(LaunchRefused):
    """The browser does not hold the secret that the login gave it."""

    code = "LTI-STATE-BROWSER"
    says = N_("This launch began in another browser, or this one keeps no cookies for Creditroll.")


class NothingKept(StateOfAnotherBrowser):
    """The browser shows nothing at all, as where it keeps no cookies: only its person can say that it is their launch.

    `figures["claims"]` say whom the LMS means. A whole school may have such browsers, so it is not counted as refused.
    """

    is_counted = False
    title = N_("Open Creditroll in a new tab")
    says = N_("Inside your LMS this browser keeps nothing for Creditroll. In a tab of its own it works.")


class TokenMissing(LaunchRefused):
    """No `id_token`, or more than one."""

    code = "LTI-TOKEN-MISSING"
    status = 400
    says = N_("The LMS sent no launch.")


class TokenTooLarge(SetUpWrong):
    """The token is longer than any LMS makes it."""

    code = "LTI-TOKEN-SIZE"
    status = 400
    says = N_("The LMS sent more than a launch can hold.")


class TokenMalformed(LaunchRefused):
    """Not three parts of base64url, the first two of them JSON objects (RFC 7515)."""

    code = "LTI-TOKEN"
    status = 400
    says = N_("The launch that the LMS sent cannot be read.")


class AlgorithmRefused(SetUpWrong):
    """Not RS256, or with header parameters that must be understood (`crit`)."""

    code = "LTI-ALG"
    says = N_("The launch is not signed in the way that LTI asks for (RS256).")


class KidMissing(SetUpWrong):
    """The header does not name its key."""

    code = "LTI-KID-MISSING"
    says = N_("The launch does not say which key signed it.")


class KidUnknown(SetUpWrong):
    """The LMS's key set has no usable key of that name."""

    code = "LTI-KID-UNKNOWN"
    says = N_("The launch was signed with a key that this LMS does not show.")


class KeysUnreadable(LaunchRefused):
    """The LMS's key set cannot be read, and none is remembered."""

    code = "LTI-KEYS"
    title = N_("Wait a minute, then open it again")
    says = N_("The keys of your LMS cannot be read just now.")


class SignatureWrong(LaunchRefused):
    """The key did not make this signature."""

    code = "LTI-SIGNATURE"
    says = N_("The launch was changed on its way, or another LMS signed it.")


class IssuerWrong(LaunchRefused):
    """`iss` is not the LMS that the login was for."""

    code = "LTI-ISS"
    says = N_("The launch is from another LMS than the one that began it.")


class AudienceWrong(SetUpWrong):
    """`aud` does not hold our client id."""

    code = "LTI-AUD"
    says = N_("The launch is meant for another tool.")


class AuthorizedPartyWrong(SetUpWrong):
    """`azp` is another client, or is missing beside several audiences."""

    code = "LTI-AZP"
    says = N_("The launch is meant for another tool.")


class Expired(LaunchRefused):
    """`exp` is past, missing, or more than a day ahead."""

    code = "LTI-EXPIRED"
    says = N_("This launch is no longer valid.")


class IssuedAtWrong(LaunchRefused):
    """`iat` is missing, in the future, or more than a day ago; or `nbf` is in the future."""

    code = "LTI-IAT"
    says = N_("The clock of the LMS and ours do not agree about this launch.")


class NonceWrong(LaunchRefused):
    """The nonce is not the one that our login sent."""

    code = "LTI-NONCE"
    says = N_("This launch does not answer the login that it came with.")


class NonceUsed(LaunchRefused):
    """The same launch was let in before."""

    code = "LTI-NONCE-USED"
    says = N_("This launch was used already.")


class VersionWrong(SetUpWrong):
    """Not LTI 1.3.0."""

    code = "LTI-VERSION"
    status = 400
    says = N_("The LMS speaks another version of LTI than 1.3.")


class MessageTypeWrong(SetUpWrong):
    """A message other than LtiResourceLinkRequest and LtiDeepLinkingRequest."""

    code = "LTI-MESSAGE-TYPE"
    status = 400
    says = N_("Creditroll cannot answer this kind of link yet. Add it to the course as an ordinary link.")


class PickerNotForRole(LaunchRefused):
    """Somebody without a staff role here would place a link: the LMS let them ask, and should not have."""

    code = "LTI-PICKER-ROLE"
    status = 403
    title = N_("Only teachers add Creditroll to a course")
    says = N_("Your LMS does not say that you teach in this course. Nothing was added.")
    steps = (N_("Close this window."), N_("To see your credits, choose Creditroll in the course menu."))


class PickerExpired(LaunchRefused):
    """The picker's page is more than an hour old, or not as we made it."""

    code = "LTI-PICKER"
    status = 400
    title = N_("Choose it again in your course")
    says = N_("This page was open for too long. Nothing was added.")
    steps = (N_("Close this window."), N_("Choose Creditroll again where you wanted to add it."))


class ClaimMissing(SetUpWrong):
    """A claim that every launch must have is not there; `figures["claim"]` names it."""

    code = "LTI-CLAIM-MISSING"
    status = 400
    says = N_("The launch lacks something that LTI asks for.")


class ClaimMalformed(SetUpWrong):
    """A claim is of the wrong type or too long; `figures["claim"]` names it."""

    code = "LTI-CLAIM"
    status = 400
    says = N_("Something in the launch cannot be read.")


class Anonymous(LaunchRefused):
    """No `sub`: the LMS does not say who it is, so nothing could be kept for them."""

    code = "LTI-ANONYMOUS"
    status = 403
    title = N_("We do not know who you are")
    says = N_("The LMS does not tell us who opened this, so nothing could be kept for you.")
    steps = (N_("Sign in to your LMS."), N_("Open Creditroll from your course."))


class NoticesUnreadable(LaunchRefused):
    """Not `{"notices": [{"jwt": …}]}`, or more of them than any LMS sends at once."""

    code = "LTI-NOTICES"
    status = 400
    title = N_("These notices cannot be read")
    says = N_("Creditroll takes a list of at most 20 signed notices.")
    steps = ()


class TooManyRefused(LaunchRefused):
    """More refused logins and launches came from this address than `launch_rate_limit`."""

    code = "LTI-TOO-MANY"
    status = 429
    title = N_("Wait a minute, then open it again")
    says = N_("Too many launches from here were refused.")
