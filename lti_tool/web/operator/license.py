"""/operator/licenses/{license}: one licence, where its credits are, and who and what has to do with it."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import database_now, db, micros, transaction
from lti_tool.ledger import policies, pools
from lti_tool.ledger.movements import OPERATOR as BY_OPERATOR
from lti_tool.licenses import api_keys, bindings, export_services, licenses
from lti_tool.licenses.export_services import Hosts
from lti_tool.members import people, reach
from lti_tool.settings import Settings
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import changes, pieces
from lti_tool.web.operator.granting import granted
from lti_tool.webhooks import endpoints

_FEW = 20
_DONE = ("assistants", "trust")


def routes(blueprint: Blueprint) -> None:
    """Adds the page and its switches."""
    blueprint.add_url_rule("/licenses/<license_id>", "license", license_)
    blueprint.add_url_rule("/licenses/<license_id>/assistants", "assistants", assistants, methods=["POST"])
    blueprint.add_url_rule("/licenses/<license_id>/trust", "trust", trust, methods=["POST"])


@only(OPERATOR)
def license_(license_id: str) -> str:
    """All about one licence, and nothing of any pupil; `?after=` goes on with its places. Raises NotFound."""
    session = db.session()
    settings: Settings = current_app.extensions["creditroll"]
    found = licenses.find(session, license_id)
    rows, last = pieces.cut(bindings.places(session, found.id, after=pieces.after(), limit=pieces.PAGE + 1))
    managers = licenses.managers(session, found.id, limit=_FEW)
    names = reach.person_names(session, managers)
    totals = pools.totals(session, found.id, now_us=micros(database_now(session)))
    done = request.args.get("done", "")
    return render_template(
        "operator/license.html",
        license=found,
        totals=[
            (one, settings.sold(one.resource), policies.current(session, found.id, one.resource).maximum)
            for one in totals
        ],
        places=rows,
        more=last.id if last else None,
        managers=[names.get(one, one) for one in managers],
        members=people.counted(session, found.id),
        service=export_services.find(session, found.id, Hosts.of(settings)),
        keys=api_keys.reaching(session, found.id, limit=_FEW),
        endpoints=endpoints.every(session, found.id),
        granted=granted(session, found.id, request.args.get("granted", "")),
        done=done if done in _DONE else "",
        few=_FEW,
    )


@only(OPERATOR)
def assistants(license_id: str) -> ResponseReturnValue:
    """Treats teaching assistants as teachers, or no longer; again changes nothing. Raises NotFound."""
    teach = request.form.get("teach") == "yes"
    with transaction() as session:
        licenses.let_assistants_teach(session, license_id, teach, actor=BY_OPERATOR, now=clock.now())
    changes.note("let assistants teach" if teach else "let assistants only look", license_id)
    return redirect(url_for("operator.license", license_id=license_id, done="assistants"), 303)


@only(OPERATOR)
def trust(license_id: str) -> ResponseReturnValue:
    """Credits purchase orders at once, or no longer; again changes nothing. Raises NotFound."""
    is_trusted = request.form.get("trust") == "yes"
    with transaction() as session:
        licenses.trust(session, license_id, is_trusted)
    changes.note("trusted license" if is_trusted else "no longer trusts license", license_id)
    return redirect(url_for("operator.license", license_id=license_id, done="trust"), 303)
