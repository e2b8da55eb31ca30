"""/operator/webhooks/{endpoint}: one endpoint, what was sent there, and what may be done with it."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.licenses import licenses
from lti_tool.postman import Postman
from lti_tool.settings import Settings
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import changes, pieces
from lti_tool.webhooks import deliveries, endpoints, signing
from lti_tool.webhooks.deliveries import Wish
from lti_tool.webhooks.endpoints import Endpoint
from lti_tool.webhooks.sealing import Seal

_CALL_S = 10.0
"""How long somebody waits for a receiver's answer to a ping."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page, and what may be done there."""
    one = "/webhooks/<endpoint_id>"
    blueprint.add_url_rule(one, "webhook", webhook)
    blueprint.add_url_rule(f"{one}/test", "test_webhook", test, methods=["POST"])
    blueprint.add_url_rule(f"{one}/replay", "replay", replay, methods=["POST"])
    blueprint.add_url_rule(f"{one}/secret", "rotate", ask_to_rotate)
    blueprint.add_url_rule(f"{one}/secret", "rotate_now", rotate, methods=["POST"])
    blueprint.add_url_rule(f"{one}/remove", "remove_webhook", ask_to_remove)
    blueprint.add_url_rule(f"{one}/remove", "remove_webhook_now", remove, methods=["POST"])


@only(OPERATOR)
def webhook(endpoint_id: str) -> ResponseReturnValue:
    """The endpoint and its deliveries; `?failed=1` only those that failed, `?after=` goes on. Raises NotFound."""
    return _page(endpoint_id)


@only(OPERATOR)
def test(endpoint_id: str) -> ResponseReturnValue:
    """Sends a ping, which switches an endpoint on again that takes it; says what came of it. Raises NotFound."""
    outcome = Postman(_settings(), db.engine, call_s=_CALL_S).ping(endpoint_id)
    changes.note("tested webhook", endpoint_id)
    if outcome.is_delivered:
        return redirect(url_for("operator.webhook", endpoint_id=endpoint_id, pinged=outcome.took_ms), 303)
    wrong = _("It did not take the ping: %(why)s. Nothing else was changed.", why=outcome.error or outcome.status)
    return _page(endpoint_id, wrong=wrong), 422


@only(OPERATOR)
def replay(endpoint_id: str) -> ResponseReturnValue:
    """Sends one event again, or all that failed, under the ids that they have. Raises NotFound."""
    event_id = request.form.get("event", "")
    with transaction() as session:
        endpoint = endpoints.find(session, endpoint_id)
        wish = Wish(endpoint.license_id, event_id or None, failed=not event_id, endpoint_id=endpoint.id)
        count = deliveries.replay(session, wish, now=clock.now())
    changes.note(f"replayed {count} events to webhook", endpoint_id)
    if count == 0:
        return _page(endpoint_id, wrong=_("Nothing was sent: the endpoint is not on, or has no such event.")), 422
    return redirect(url_for("operator.webhook", endpoint_id=endpoint_id, replayed=count), 303)


@only(OPERATOR)
def ask_to_rotate(endpoint_id: str) -> str:
    """What a new secret means. Raises NotFound."""
    return _ask("rotate", endpoint_id)


@only(OPERATOR)
def rotate(endpoint_id: str) -> str:
    """Makes another signing secret and shows it, this once. Raises NotFound."""
    secret = signing.new_secret()
    closed = Seal(_settings().secret_key).close(secret)
    with transaction() as session:
        endpoint = endpoints.rotate(session, endpoint_id, secret=closed, now=clock.now())
    changes.note("gave a new secret to webhook", endpoint_id)
    return _ask("rotated", endpoint.id, secret=secret)


@only(OPERATOR)
def ask_to_remove(endpoint_id: str) -> str:
    """What removing does. Raises NotFound."""
    return _ask("remove", endpoint_id)


@only(OPERATOR)
def remove(endpoint_id: str) -> ResponseReturnValue:
    """Removes the endpoint with its log. Raises NotFound, also where it is gone already."""
    with transaction() as session:
        endpoints.remove(session, endpoint_id)
    changes.note("removed webhook", endpoint_id)
    return redirect(url_for("operator.webhooks", removed="1"), 303)


def _page(endpoint_id: str, *, wrong: str = "") -> str:
    session = db.session()
    endpoint = endpoints.find(session, endpoint_id)
    is_failed = request.args.get("failed") == "1"
    wish = Wish(endpoint.license_id, failed=is_failed, endpoint_id=endpoint.id)
    rows, last = pieces.cut(deliveries.listed(session, wish, before=pieces.after(), limit=pieces.PAGE + 1))
    return render_template(
        "operator/webhook.html",
        endpoint=endpoint,
        school=_school(endpoint),
        rows=rows,
        attempts=deliveries.attempts(session, rows),
        is_failed=is_failed,
        more=last.event_id if last else None,
        wrong=wrong,
        pinged=request.args.get("pinged", type=int),
        replayed=request.args.get("replayed", type=int),
    )


def _ask(template: str, endpoint_id: str, *, secret: str = "") -> str:
    endpoint = endpoints.find(db.session(), endpoint_id)
    return render_template(
        f"operator/{template}.html",
        endpoint=endpoint,
        school=_school(endpoint),
        secret=secret,
        until=endpoint.previous_until,
    )


def _school(endpoint: Endpoint) -> str:
    return licenses.find(db.session(), endpoint.license_id).name


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
