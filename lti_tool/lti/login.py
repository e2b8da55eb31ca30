"""The login that an LMS begins (OpenID Connect Core #ThirdPartyInitiatedLogin): checked, signed on, nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from lti_tool.lti import pylti, states
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.door import Door
from lti_tool.lti.refusals import LoginIncomplete, TargetElsewhere
from lti_tool.lti.storage import Storage, storage_of

_REQUIRED = ("iss", "login_hint", "target_link_uri")
_TOLD = (*_REQUIRED, "client_id", "lti_message_hint", "lti_deployment_id", "deployment_id")
"""What another login of the same person says; not `lti_storage_target`, which is for a page in the LMS's frame."""
STEPS = ("parameters", "target", "platform")
"""Every check of a login by name, in its order, as the launch log shows them."""


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the secret that makes the login its own: in a cookie, and with the LMS.

    `again` are the parameters of the same login in a tab of its own, for the page that `storage` needs.
    """

    redirect_to: str
    cookie_name: str
    cookie_value: str
    cookie_lasts_s: int
    storage: Storage | None
    again: str


def begin(session: Session, parameters: Mapping[str, str], attempt: Attempt, *, door: Door, now: datetime) -> Begun:
    """Begins a login. Raises LaunchRefused (LoginIncomplete, TargetElsewhere, PlatformUnknown and its kin)."""
    attempt.said, attempt.reached = parameters, "parameters"
    issuer, client_id = parameters.get("iss", ""), parameters.get("client_id")
    if not all(parameters.get(name) for name in _REQUIRED):
        raise LoginIncomplete(issuer=issuer, client_id=client_id)
    attempt.reached = "target"
    if not door.is_ours(parameters["target_link_uri"]):
        raise TargetElsewhere(issuer=issuer, client_id=client_id)
    attempt.reached = "platform"
    registered = door.registrations.of_client(session, issuer, client_id, now=now)
    target = parameters.get("lti_storage_target", "")
    state, secret = door.states.begin(registered.id, now=now, storage_target=target)
    storage = storage_of(state, registered)
    login = pylti.Login(registered, parameters, state=door.states.sign(state), nonce=state.nonce)
    return Begun(
        redirect_to=login.redirect(door.launch_url),
        cookie_name=state.cookie_name,
        cookie_value=secret,
        cookie_lasts_s=int(states.LASTS.total_seconds()),
        storage=storage,
        again=urlencode({name: parameters[name] for name in _TOLD if parameters.get(name)}) if storage else "",
    )
