"""Every reason to refuse a login or a launch: a stable code, an HTTP status, and one plain sentence for the person."""

from typing import ClassVar

from lti_tool.errors import Refusal

_AGAIN = "Open it again from your course."
_WRONG_SETUP = "Ask your LMS administrator to check how Creditroll is set up."


class LaunchRefused(Refusal):
    """A login or launch that is not let in; `figures` say for the log which registration it was about."""

    code: ClassVar[str] = "LTI-REFUSED"
    status: ClassVar[int] = 401
    says: ClassVar[str] = f"This launch cannot be let in. {_AGAIN}"

    def __init__(self, **figures: object) -> None:
        super().__init__(self.says, **figures)


class LoginIncomplete(LaunchRefused):
    """`iss`, `login_hint` or `target_link_uri` is missing (Security Framework 1.0 #step-1)."""

    code = "LTI-LOGIN"
    status = 400
    says = f"The LMS did not say who is coming from where. {_AGAIN}"


class TargetElsewhere(LaunchRefused):
    """`target_link_uri` is on another origin: following it would make us an open redirect."""

    code = "LTI-TARGET"
    status = 400
    says = f"The link leads to another address than Creditroll's. {_WRONG_SETUP}"


class PlatformUnknown(LaunchRefused):
    """No registration has that issuer and client, or several share the issuer and no client was named."""

    code = "LTI-PLATFORM-UNKNOWN"
    says = f"Creditroll does not know this LMS. {_WRONG_SETUP}"


class PlatformPending(LaunchRefused):
    """The registration waits for the operator."""

    code = "LTI-PLATFORM-PENDING"
    status = 403
    says = "This LMS is registered and waits to be approved. Ask your administrator to approve it."


class PlatformDisabled(LaunchRefused):
    """The operator switched the registration off."""

    code = "LTI-PLATFORM-DISABLED"
    status = 403
    says = "Creditroll is switched off for this LMS. Ask your administrator."


class DeploymentPending(LaunchRefused):
    """An installation that nobody approved yet; it is kept, so that the operator can."""

    code = "LTI-DEPLOYMENT-PENDING"
    status = 403
    says = "Creditroll was added here and waits to be approved. Ask your administrator to approve it."


class LmsRefused(LaunchRefused):
    """The LMS answered with an OIDC error instead of a launch (OpenID Connect Core #AuthError)."""

    code = "LTI-LMS-ERROR"
    says = f"The LMS did not let the launch go on. {_AGAIN}"


class StateMissing(LaunchRefused):
    """No `state`, or more than one."""

    code = "LTI-STATE-MISSING"
    status = 400
    says = f"This launch did not begin with a login. {_AGAIN}"


class StateUnknown(LaunchRefused):
    """The `state` is not one that we signed."""

    code = "LTI-STATE-UNKNOWN"
    says = f"This launch did not begin here. {_AGAIN}"


class StateExpired(LaunchRefused):
    """The login was more than ten minutes ago."""

    code = "LTI-STATE-EXPIRED"
    says = f"Too much time passed since you opened it. {_AGAIN}"


class StateOfAnotherBrowser(LaunchRefused):
    """The browser does not hold the secret that the login gave it."""

    code = "LTI-STATE-BROWSER"
    says = f"This launch began in another browser, or this one keeps no cookies for Creditroll. {_AGAIN}"


class TokenMissing(LaunchRefused):
    """No `id_token`, or more than one."""

    code = "LTI-TOKEN-MISSING"
    status = 400
    says = f"The LMS sent no launch. {_AGAIN}"


class TokenTooLarge(LaunchRefused):
    """The token is longer than any LMS makes it."""

    code = "LTI-TOKEN-SIZE"
    status = 400
    says = f"The LMS sent more than a launch can hold. {_WRONG_SETUP}"


class TokenMalformed(LaunchRefused):
    """Not three parts of base64url, the first two of them JSON objects (RFC 7515)."""

    code = "LTI-TOKEN"
    status = 400
    says = f"The launch that the LMS sent cannot be read. {_AGAIN}"


class AlgorithmRefused(LaunchRefused):
    """Not RS256, or with header parameters that must be understood (`crit`)."""

    code = "LTI-ALG"
    says = f"The launch is not signed in the way that LTI asks for (RS256). {_WRONG_SETUP}"


class KidMissing(LaunchRefused):
    """The header does not name its key."""

    code = "LTI-KID-MISSING"
    says = f"The launch does not say which key signed it. {_WRONG_SETUP}"


class KidUnknown(LaunchRefused):
    """The LMS's key set has no usable key of that name."""

    code = "LTI-KID-UNKNOWN"
    says = f"The launch was signed with a key that this LMS does not show. {_WRONG_SETUP}"


class KeysUnreadable(LaunchRefused):
    """The LMS's key set cannot be read, and none is remembered."""

    code = "LTI-KEYS"
    says = "The keys of the LMS cannot be read just now. Wait a minute, then open it again from your course."


class SignatureWrong(LaunchRefused):
    """The key did not make this signature."""

    code = "LTI-SIGNATURE"
    says = f"The launch was changed on its way, or another LMS signed it. {_AGAIN}"


class IssuerWrong(LaunchRefused):
    """`iss` is not the LMS that the login was for."""

    code = "LTI-ISS"
    says = f"The launch is from another LMS than the one that began it. {_AGAIN}"


class AudienceWrong(LaunchRefused):
    """`aud` does not hold our client id."""

    code = "LTI-AUD"
    says = f"The launch is meant for another tool. {_WRONG_SETUP}"


class AuthorizedPartyWrong(LaunchRefused):
    """`azp` is another client, or is missing beside several audiences."""

    code = "LTI-AZP"
    says = f"The launch is meant for another tool. {_WRONG_SETUP}"


class Expired(LaunchRefused):
    """`exp` is past, missing, or more than a day ahead."""

    code = "LTI-EXPIRED"
    says = f"This launch is no longer valid. {_AGAIN}"


class IssuedAtWrong(LaunchRefused):
    """`iat` is missing, in the future, or more than a day ago; or `nbf` is in the future."""

    code = "LTI-IAT"
    says = f"The clock of the LMS and ours do not agree about this launch. {_AGAIN}"


class NonceWrong(LaunchRefused):
    """The nonce is not the one that our login sent."""

    code = "LTI-NONCE"
    says = f"This launch does not answer the login that it came with. {_AGAIN}"


class NonceUsed(LaunchRefused):
    """The same launch was let in before."""

    code = "LTI-NONCE-USED"
    says = f"This launch was used already. {_AGAIN}"


class VersionWrong(LaunchRefused):
    """Not LTI 1.3.0."""

    code = "LTI-VERSION"
    status = 400
    says = f"The LMS speaks another version of LTI than 1.3. {_WRONG_SETUP}"


class MessageTypeWrong(LaunchRefused):
    """A message other than LtiResourceLinkRequest."""

    code = "LTI-MESSAGE-TYPE"
    status = 400
    says = f"Creditroll cannot answer this kind of link yet. Add it to the course as an ordinary link. {_WRONG_SETUP}"


class ClaimMissing(LaunchRefused):
    """A claim that every launch must have is not there; `figures["claim"]` names it."""

    code = "LTI-CLAIM-MISSING"
    status = 400
    says = f"The launch lacks something that LTI asks for. {_WRONG_SETUP}"


class ClaimMalformed(LaunchRefused):
    """A claim is of the wrong type or too long; `figures["claim"]` names it."""

    code = "LTI-CLAIM"
    status = 400
    says = f"Something in the launch cannot be read. {_WRONG_SETUP}"


class Anonymous(LaunchRefused):
    """No `sub`: the LMS does not say who it is, so nothing could be kept for them."""

    code = "LTI-ANONYMOUS"
    status = 403
    says = "The LMS does not say who you are. Sign in to it, then open Creditroll from your course."


class TooManyRefused(LaunchRefused):
    """More refused logins and launches came from this address than `launch_rate_limit`."""

    code = "LTI-TOO-MANY"
    status = 429
    says = "Too many launches from here were refused. Wait a minute, then open it again from your course."
