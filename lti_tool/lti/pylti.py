"""PyLTI1p3's objects around what we checked ourselves.

Its object model, message validators and services are used. Its checks of state, nonce, key, signature, audience and
time are never run: as shipped they let replayed, foreign and undated tokens in (docs/decisions, lti-research 3.3).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import requests
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_tool.lti.refusals import ClaimMissing
from lti_tool.lti.registrations import Registered

_UNUSED = requests.Session()  # PyLTI1p3 makes one for each launch unless it is given one; calls go through outbound.py


class Parameters(Request):
    """The parameters of a request, without the request."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def is_secure(self) -> bool:
        """Our cookies are Secure whatever the request says."""
        return True

    def get_param(self, key: str) -> str:
        """The parameter, or nothing."""
        return self._parameters.get(key, "")


class OneRegistration(ToolConfAbstract[Parameters]):
    """The registration that a login or launch was found to belong to; there is no other."""

    def __init__(self, registered: Registered) -> None:
        self.registration = (
            Registration()
            .set_issuer(registered.issuer)
            .set_client_id(registered.client_id)
            .set_auth_login_url(registered.auth_login_url)
            .set_key_set_url(registered.jwks_url)
        )

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Never: issuer and client together name a registration (Canvas cloud is one issuer for all schools)."""
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        """Always."""
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        """The registration."""
        return self.registration

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> Registration:
        """The registration."""
        return self.registration

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment:
        """The deployment; whether it is admitted is decided in the launch's transaction."""
        return Deployment().set_deployment_id(deployment_id)

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment:
        """The deployment; whether it is admitted is decided in the launch's transaction."""
        return self.find_deployment(iss, deployment_id)


class _NoCookies(CookieService):
    """None: the edge reads and sets the login's own cookie."""

    def get_cookie(self, name: str) -> str | None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        raise AssertionError(f"the edge sets {name}")


class _Location(Redirect[str]):
    """A redirect that is only its address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def do_redirect(self) -> str:
        return self._url

    def do_js_redirect(self) -> str:
        return self._url

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def get_redirect_url(self) -> str:
        return self._url


class Login(OIDCLogin[Parameters, OneRegistration, SessionService, _NoCookies, str]):
    """A login whose request was checked; `redirect` gives the address of the LMS's authorisation."""

    def __init__(self, registered: Registered, parameters: Mapping[str, str], *, state: str, nonce: str) -> None:
        request = Parameters(parameters)
        super().__init__(request, OneRegistration(registered), SessionService(request), _NoCookies())
        self._registration = self._tool_config.registration
        self._ours = {"state": state, "nonce": nonce}

    def get_redirect(self, url: str) -> Redirect[str]:
        """The address, for the edge to answer with."""
        return _Location(url)

    def _prepare_redirect_url(self, launch_url: str) -> str:
        """PyLTI1p3's own adds a second "?" where the LMS's address has a query, and writes state to a session."""
        told = {"login_hint": self._get_request_param("login_hint"), **self._ours}
        if hint := self._get_request_param("lti_message_hint"):
            told["lti_message_hint"] = hint
        address = self._registration.get_auth_login_url() or ""
        return f"{_asked_of(address, self.get_client_id() or '', launch_url)}&{urlencode(told)}"


@lru_cache(maxsize=1000)  # a registration's logins all begin so
def _asked_of(address: str, client_id: str, launch_url: str) -> str:
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": launch_url,
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


class Message(MessageLaunch[Parameters, OneRegistration, SessionService, _NoCookies]):
    """A launch message whose token we verified."""

    def __init__(self, registered: Registered, header: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        request = Parameters({})
        super().__init__(
            request,
            OneRegistration(registered),
            session_service=SessionService(request),
            cookie_service=_NoCookies(),
            requests_session=_UNUSED,
        )
        self._registration = self._tool_config.registration
        self.set_jwt({"header": header, "body": body})  # type: ignore[typeddict-item] # claims.py checks the types
        self.set_auto_validation(enable=False)

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def validate(self) -> "Message":
        """What the specification asks of this type of message. Raises ClaimMissing."""
        try:
            self.validate_message()
        except LtiException as error:
            raise ClaimMissing(claim=str(error)) from error
        return self
