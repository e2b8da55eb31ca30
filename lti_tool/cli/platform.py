"""`creditroll platform`: which LMSs may launch, and which of their deployments."""

from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.cli import books, json_option, show
from lti_tool.db import db, transaction
from lti_tool.licenses import bindings
from lti_tool.lti import last_test, platforms, self_test
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.platforms import Platform
from lti_tool.lti.self_test import Result, Step
from lti_tool.outbound import Outbound
from lti_tool.settings import Settings


@click.group()
def command() -> None:
    """Register LMSs, and admit them and their deployments."""


@command.command()
@click.option("--name", required=True, help="What people call this LMS.")
@click.option("--issuer", required=True, help="The LMS's issuer (iss), exactly as it sends it.")
@click.option("--client-id", required=True)
@click.option("--auth-login-url", required=True, help="Its OIDC authorization endpoint.")
@click.option("--auth-token-url", required=True, help="Its OAuth 2 token endpoint.")
@click.option("--jwks-url", required=True, help="Its public keys.")
@click.option("--auth-audience", help="The audience for access tokens, where it is not the token endpoint.")
@click.option("--deployment-id", "deployment_ids", multiple=True, help="Admitted at once; may be repeated.")
@click.option("--family", type=click.Choice(list(FAMILIES)), default="other", show_default=True)
@json_option
def add(as_json: bool, deployment_ids: tuple[str, ...], **given: Any) -> None:
    """Register an LMS."""
    with books() as settings:
        with transaction() as session:
            platform = platforms.add_platform(
                session,
                **given,
                deployment_ids=deployment_ids,
                allow_private_hosts=settings.allow_private_hosts,
                now=clock.now(),
            )
        _show(platform, settings, as_json=as_json)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show all registrations, waiting ones too."""
    with books():
        found = [_shape(db.session(), platform) for platform in platforms.every(db.session())]
        show(found, as_json=as_json, lines=[line for shape in found for line in _lines(shape)] or ["None yet."])


@command.command("show")
@click.argument("platform_id", metavar="ID")
@json_option
def show_(platform_id: str, as_json: bool) -> None:
    """Show one registration."""
    with books() as settings:
        _show(platforms.find(db.session(), platform_id), settings, as_json=as_json)


@command.command()
@click.argument("platform_id", metavar="ID")
@click.option("--deployment-id", help="Admit this deployment instead of the registration.")
@json_option
def approve(platform_id: str, deployment_id: str | None, as_json: bool) -> None:
    """Admit a registration, or a deployment of it. It waited, or was disabled."""
    with books() as settings:
        with transaction() as session:
            platform = platforms.find(session, platform_id)
            platforms.approve(session, platform, deployment_id=deployment_id, now=clock.now())
        _show(platforms.find(db.session(), platform_id), settings, as_json=as_json)


@command.command()
@click.argument("platform_id", metavar="ID")
@json_option
def disable(platform_id: str, as_json: bool) -> None:
    """Let nobody in from this LMS. `approve` lets them in again; nothing is lost."""
    with books() as settings:
        with transaction() as session:
            platforms.disable(platforms.find(session, platform_id))
        _show(platforms.find(db.session(), platform_id), settings, as_json=as_json)


@command.command()
@click.argument("platform_id", metavar="ID")
@click.option("--auth-login-url", help="Its OIDC authorization endpoint.")
@click.option("--auth-token-url", help="Its OAuth 2 token endpoint.")
@click.option("--jwks-url", help="Its public keys.")
@json_option
def correct(platform_id: str, as_json: bool, **urls: str | None) -> None:
    """Replace addresses that were mistyped. Issuer and client stay, and so does all that belongs to them."""
    given = {name: url for name, url in urls.items() if url is not None}
    if not given:
        raise click.UsageError("Name at least one address.")
    with books() as settings:
        with transaction() as session:
            platform = platforms.find(session, platform_id)
            platforms.correct(platform, allow_private_hosts=settings.allow_private_hosts, **given)
        _show(platforms.find(db.session(), platform_id), settings, as_json=as_json)


@command.command()
@click.argument("platform_id", metavar="ID")
@json_option
def check(platform_id: str, as_json: bool) -> None:
    """Try login, keys, access and roster. Exit code 1 if any failed."""
    with books() as settings:
        subject = self_test.subject(db.session(), platforms.find(db.session(), platform_id))
        db.session.remove()  # nothing may stay open while the LMS is called
        began_at = clock.now()
        steps = self_test.run(
            subject,
            Outbound(settings.allow_private_hosts),
            open_keyring(settings.keys_dir).sign,
            public_url=settings.public_url,
            clock=clock.now,
        )
        with transaction() as session:
            last_test.keep(session, platform_id, steps, began_at=began_at, now=clock.now())
    show([asdict(step) for step in steps], as_json=as_json, lines=[line for step in steps for line in _report(step)])
    if any(step.result is Result.FAILED for step in steps):
        raise SystemExit(1)


def _report(step: Step) -> list[str]:
    return [f"{step.result:8}{step.title}: {step.found}", *([f"        {step.mend}"] if step.mend else [])]


def _show(platform: Platform, settings: Settings, *, as_json: bool) -> None:
    shape = _shape(db.session(), platform)
    more = [
        f"    login {platform.auth_login_url}",
        f"    token {platform.account.token_url}  for {platform.account.audience}",
        f"    keys {platform.jwks_url}",
        f"    its administrator's page: {settings.public_url}/register/{platform.id}",
    ]
    show(shape, as_json=as_json, lines=[*_lines(shape), *more])


def _shape(session: Session, platform: Platform) -> dict[str, Any]:
    return {
        "id": platform.id,
        "name": platform.name,
        "family": platform.family,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "status": platform.status,
        "deployments": [
            {
                "deployment_id": deployment.deployment_id,
                "status": deployment.status,
                "license": bindings.license_of_deployment(session, deployment.id),
            }
            for deployment in platforms.deployments(session, platform)
        ],
    }


def _lines(shape: dict[str, Any]) -> list[str]:
    head = f"{shape['id']}  {shape['status']:8}  {shape['family']:11}  {shape['name']}"
    names = f"    issuer {shape['issuer']}  client {shape['client_id']}"
    below = [
        f"    deployment {one['deployment_id']}  {one['status']}  license {one['license'] or 'none'}"
        for one in shape["deployments"]
    ]
    return [head, names, *below]
