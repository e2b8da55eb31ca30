"""GET and POST /lti/register: Dynamic Registration, in a frame, tab or window of an LMS that we do not know yet.

No cookie is used, and no page of ours has the registration token in its address: the form carries it on, sealed.
"""

from datetime import datetime
from typing import cast

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.lti import registration, registration_request
from lti_tool.lti.invitations import Proposal, invitation
from lti_tool.lti.names_roles import SCOPE
from lti_tool.lti.registration import Registrar
from lti_tool.web import languages
from lti_tool.web.access import REGISTRANT, only
from lti_tool.web.lti.doors import once

REGISTRAR = "creditroll_registrar"


@only(REGISTRANT)
def register() -> ResponseReturnValue:
    """Shows what would be asked of the LMS; a press of its button asks. Raises RegistrationRefused."""
    return _register() if request.method == "POST" else _propose()


def _propose() -> str:
    registrar, now = _registrar(), clock.now()
    registrar.require_open(db.session(), now=now)
    asked = invitation(configuration_url=_argument("openid_configuration"), token=_argument("registration_token"))
    registration.require_unused(db.session(), asked)
    db.session.remove()  # an LMS may take its time, and the database is not to wait for it
    with registrar.place():
        proposal = Proposal(asked, registrar.look(asked))
    return _page(proposal, now)


def _page(proposal: Proposal, now: datetime) -> str:
    registrar = _registrar()
    wanted = registration_request.scopes(registrar.tool, proposal.configuration)
    return render_template(
        "lti/register.html",
        lms=proposal.configuration,
        has_roster=SCOPE in wanted,
        has_notices=len(wanted) > (SCOPE in wanted),
        waits=registrar.waits,
        sealed=registrar.seal.close(proposal, now=now),
    )


def _register() -> str:
    registrar, now = _registrar(), clock.now()
    if languages.is_choice():
        return _page(registrar.seal.open(once("proposal") or "", now=now), now)
    with registrar.place():  # before the invitation is used up
        with transaction() as books:
            registrar.require_open(books, now=now)
            proposal = registrar.seal.open(once("proposal") or "", now=now)
            registration.use(books, proposal.invitation, now=now)
        granted = registrar.send(proposal)
    with transaction() as books:
        kept = registrar.keep(books, proposal.configuration, granted, now=clock.now())
    return render_template(
        "lti/registered.html",
        lms=proposal.configuration,
        platform=kept.platform,
        is_new=kept.is_new,
        has_deployment=granted.deployment_id is not None,
        has_roster=SCOPE in granted.scopes,
    )


def _argument(name: str) -> str | None:
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 else None


def _registrar() -> Registrar:
    return cast(Registrar, current_app.extensions[REGISTRAR])
