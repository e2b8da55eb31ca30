"""`creditroll launches`: the last logins that were refused and launches, and why; without anybody's data."""

from datetime import UTC
from typing import Any

import click

from lti_tool.cli import books, json_option, show
from lti_tool.db import db, transaction
from lti_tool.lti import launch_log, launch_words, log_codes, platforms
from lti_tool.lti.launch_log import Launch
from lti_tool.settings import Settings


@click.command()
@click.option("--platform", "platform_id", metavar="ID", help="Only of this LMS.")
@click.option("--code", help="Only with this code, as LTI-AUD; “ok” is let in.")
@click.option("--support-id", metavar="X", help="One in full, by the id that its page or log line shows.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--new-code", is_flag=True, help="A fresh access code to --platform’s page, for its administrator.")
@json_option
def command(
    platform_id: str | None, code: str | None, support_id: str | None, limit: int, *, new_code: bool, as_json: bool
) -> None:
    """See the last launches, newest first."""
    with books() as settings:
        if platform_id is not None:
            platforms.find(db.session(), platform_id)
        if new_code:
            _hand_out(settings, platform_id, as_json=as_json)
        elif support_id is not None:
            found = launch_log.find(db.session(), support_id)
            show(_shape(found), as_json=as_json, lines=_in_full(found))
        else:
            last = launch_log.recent(db.session(), platform_id=platform_id, code=code, limit=limit)
            show([_shape(one) for one in last], as_json=as_json, lines=[_line(one) for one in last] or ["None yet."])


def _hand_out(settings: Settings, platform_id: str | None, *, as_json: bool) -> None:
    if platform_id is None:
        raise click.UsageError("--new-code needs --platform ID")
    with transaction() as session:
        code = log_codes.renew(session, platform_id)
    address = f"{settings.public_url}/register/{platform_id}/launches"
    show({"address": address, "code": code}, as_json=as_json, lines=[address, f"    code {code}"])
    click.echo("Hand both to the LMS's administrator now: the code cannot be shown again.", err=True)


def _shape(one: Launch) -> dict[str, Any]:
    return {
        "support_id": one.support_id,
        "at": one.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "platform": one.platform_id,
        "deployment_id": one.deployment_id,
        "code": one.code,
        "carried_by": one.carried_by,
        "skew_s": one.skew_s,
        "checks": one.results,
        "came": one.came,
    }


def _line(one: Launch) -> str:
    role = launch_words.role(one.came.get("role_here")) or "-"
    skew = "" if one.skew_s is None else f"  skew {one.skew_s} s"
    return f"{one.at:%Y-%m-%d %H:%M:%S}Z  {one.support_id}  {one.code:22}  {role:9}  {one.carried_by or '-':7}{skew}"


def _in_full(one: Launch) -> list[str]:
    platform = None if one.platform_id is None else platforms.find(db.session(), one.platform_id)
    return [
        _line(one),
        f"    {launch_words.why(one.code)} {launch_words.mend(one.code)}".rstrip(),
        f"    platform {f'{platform.id}  {platform.name}' if platform else 'unknown'}",
        f"    deployment {one.deployment_id or 'none'}",
        *(f"    {result:11}  {launch_words.CHECKS.get(name, name)}" for name, result in one.results.items()),
        *(f"    {name}: {_told(value)}" for name, value in one.came.items()),
    ]


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {kind}" for name, kind in value.items()) or "-"
    return (", ".join(str(one) for one in value) if isinstance(value, list) else str(value or "")) or "-"
