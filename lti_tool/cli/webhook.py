"""`creditroll webhook`: who is told of a license's events, what was sent, and sending it again."""

from datetime import UTC, datetime
from typing import Any

import click

from lti_tool import clock
from lti_tool.cli import Failed, books, json_option, show
from lti_tool.db import db, transaction
from lti_tool.errors import NotFound
from lti_tool.ledger.events import KINDS
from lti_tool.licenses import licenses
from lti_tool.postman import Postman
from lti_tool.settings import require_secret
from lti_tool.webhooks import deliveries, endpoints, signing
from lti_tool.webhooks.deliveries import Attempt, Delivery, Wish
from lti_tool.webhooks.endpoints import Endpoint
from lti_tool.webhooks.sealing import Seal

endpoint_argument = click.argument("endpoint_id", metavar="ID")
license_option = click.option("--license", "license_id", metavar="ID", help="Only of this license.")


@click.group()
def command() -> None:
    """Tell programs what happens to a license, by signed webhooks."""


@command.command()
@click.option("--url", required=True, help="Where it is told: https, or http for a host in allow_private_hosts.")
@click.option("--license", "license_id", metavar="ID", required=True, help="The license it hears of.")
@click.option(
    "--events", multiple=True, metavar="NAME", help=f"Of {', '.join(KINDS)}; may be repeated. Not given: all."
)
@json_option
def add(url: str, license_id: str, events: tuple[str, ...], as_json: bool) -> None:
    """Add an endpoint and show its signing secret, this once."""
    with books() as settings:
        require_secret(settings)
        secret = signing.new_secret()
        with transaction() as session:
            endpoint = endpoints.add(
                session,
                license_id,
                url=url,
                kinds=[kind for named in events for kind in named.split(",")] or KINDS,
                secret=Seal(settings.secret_key).close(secret),
                private_hosts=settings.allow_private_hosts,
                now=clock.now(),
            )
        _show_secret(endpoint, secret, as_json=as_json)


@command.command("list")
@license_option
@json_option
def list_(license_id: str | None, as_json: bool) -> None:
    """Show all endpoints, oldest first, without their secrets."""
    with books():
        if license_id is not None:
            licenses.find(db.session(), license_id)
        found = endpoints.every(db.session(), license_id)
        show([_shape(one) for one in found], as_json=as_json, lines=[_line(one) for one in found] or ["None yet."])


@command.command("show")
@endpoint_argument
@json_option
def show_(endpoint_id: str, as_json: bool) -> None:
    """Show one endpoint, and how it does."""
    with books():
        endpoint = endpoints.find(db.session(), endpoint_id)
        show(_shape(endpoint), as_json=as_json, lines=[_line(endpoint), *_details(endpoint)])


@command.command()
@endpoint_argument
@json_option
def rotate(endpoint_id: str, as_json: bool) -> None:
    """Make another signing secret and show it, this once. Messages carry both signatures for a day."""
    with books() as settings:
        require_secret(settings)
        secret = signing.new_secret()
        closed = Seal(settings.secret_key).close(secret)
        with transaction() as session:
            endpoint = endpoints.rotate(session, endpoint_id, secret=closed, now=clock.now())
        _show_secret(endpoint, secret, as_json=as_json)


@command.command()
@endpoint_argument
@json_option
def remove(endpoint_id: str, as_json: bool) -> None:
    """Remove an endpoint with its log. What was on its way is not sent."""
    with books():
        with transaction() as session:
            endpoint = endpoints.find(session, endpoint_id)
            shape, line = _shape(endpoint), _line(endpoint)
            endpoints.remove(session, endpoint_id)
        show(shape, as_json=as_json, lines=[line])


@command.command("deliveries")
@license_option
@click.option("--failed", is_flag=True, help="Only what could not be delivered.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
@json_option
def deliveries_(license_id: str | None, failed: bool, limit: int, as_json: bool) -> None:
    """Show what was sent in the last 30 days, attempt by attempt, the newest first."""
    with books():
        session = db.session()
        if license_id is not None:
            licenses.find(session, license_id)
        found = deliveries.listed(session, Wish(license_id=license_id, failed=failed), limit=limit)
        tried = deliveries.attempts(session, found)
        shapes = [_delivery(one, tried[one.key]) for one in found]
        lines = [line for shape in shapes for line in _delivery_lines(shape)]
        show(shapes, as_json=as_json, lines=lines or ["None."])


@command.command()
@click.argument("event_id", metavar="[ID]", required=False)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="All events from then on, in UTC."
)
@click.option("--failed", is_flag=True, help="All that could not be delivered.")
@license_option
@json_option
def replay(event_id: str | None, since: datetime | None, failed: bool, license_id: str | None, as_json: bool) -> None:
    """Send events again, under their first IDs. ID is an event's."""
    if event_id == "" or (event_id is None and since is None and not failed):  # "" is a variable that was never set
        raise click.UsageError("Say which: ID, --since or --failed.")
    wish = Wish(license_id, event_id, since and since.replace(tzinfo=UTC), failed)
    with books():
        with transaction() as session:
            if license_id is not None:
                licenses.find(session, license_id)
            count = deliveries.replay(session, wish, now=clock.now())
        if event_id is not None and count == 0:
            raise NotFound("There is no such event on record, or no endpoint of it is on.")
        show({"replayed": count}, as_json=as_json, lines=[f"{count} on their way."])


@command.command()
@endpoint_argument
@json_option
def test(endpoint_id: str, as_json: bool) -> None:
    """Send a ping now. An endpoint that was switched off and takes it is on again."""
    with books() as settings:
        require_secret(settings)
        outcome = Postman(settings, db.engine).ping(endpoint_id)
        shape = {
            "delivered": outcome.is_delivered,
            "status": outcome.status,
            "took_ms": outcome.took_ms,
            "error": outcome.error,
        }
        show(
            shape,
            as_json=as_json,
            lines=[f"HTTP {outcome.status} after {outcome.took_ms} ms"] if outcome.status else [],
        )
    if outcome.error is not None:
        raise Failed(f"It did not take the ping: {outcome.error}")


def _show_secret(endpoint: Endpoint, secret: str, *, as_json: bool) -> None:
    show(_shape(endpoint) | {"secret": secret}, as_json=as_json, lines=[_line(endpoint), f"    {secret}"])
    click.echo("Keep the secret now: it cannot be shown again.", err=True)


def _shape(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "license": endpoint.license_id,
        "url": endpoint.url,
        "events": endpoint.events.split(),
        "status": endpoint.status,
        "failures": endpoint.failures,
        "failing_since": _time(endpoint.failing_since),
        "rotating_until": _time(endpoint.previous_until),
        "created_at": _time(endpoint.created_at),
        "ended_at": _time(endpoint.ended_at),
        "ended_why": endpoint.ended_why,
    }


def _line(endpoint: Endpoint) -> str:
    return f"{endpoint.id}  {endpoint.status:4}  license {endpoint.license_id}  {endpoint.url}"


def _details(endpoint: Endpoint) -> list[str]:
    told = [f"    events {', '.join(endpoint.events.split())}"]
    if endpoint.failing_since:
        told.append(f"    fails since {_time(endpoint.failing_since)}, {endpoint.failures} attempts in a row")
    if endpoint.ended_at:
        told.append(f"    {endpoint.status} since {_time(endpoint.ended_at)}: {endpoint.ended_why}")
    return told


def _delivery(one: Delivery, tried: list[Attempt]) -> dict[str, Any]:
    return {
        "event": one.event_id,
        "endpoint": one.endpoint_id,
        "license": one.license_id,
        "type": one.kind,
        "status": one.status,
        "at": _time(one.at),
        "next_at": _time(one.next_at) if one.status == "waiting" else None,
        "attempts": [
            {"at": _time(each.at), "status": each.status, "took_ms": each.took_ms, "error": each.error}
            for each in tried
        ],
    }


def _delivery_lines(shape: dict[str, Any]) -> list[str]:
    return [
        f"{shape['event']}  {shape['status']:9}  {shape['type']:14}  {shape['at']}  endpoint {shape['endpoint']}",
        *(f"    {each['at']}  {each['took_ms']} ms  {each['error'] or each['status']}" for each in shape["attempts"]),
    ]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
