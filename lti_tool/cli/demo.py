"""`creditroll demo`: the tool, a small LMS, an exporter and a stand-in for Stripe; nothing is left over."""

import json
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import update
from sqlalchemy.orm import Session

from lti_tool import clock, schema
from lti_tool.cli.demo_servers import (
    LOOK_EVERY_S,
    LOOPBACK,
    await_answers,
    claimed,
    require_alive,
    serving,
    stopping,
    tool,
)
from lti_tool.db import open_engine, writing
from lti_tool.demo.exporter.app import TAKES, ExporterConfig, create_exporter
from lti_tool.demo.families import FAMILIES
from lti_tool.demo.gateway.app import GatewayConfig, at_work, create_gateway, made_up_keys
from lti_tool.demo.mailbox import Mailbox
from lti_tool.demo.platform import LmsConfig, create_lms
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys, bindings, export_services, licenses
from lti_tool.licenses.export_services import Hosts
from lti_tool.lti import platforms
from lti_tool.purchasing.checkout import Checkout
from lti_tool.settings import Settings, load

_CREDITS = 300
_EXPORTER = "Demo exporter"


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65534), default=8000, show_default=True, help="The tool's; the LMS has the next."
)
@click.option(
    "--family",
    type=click.Choice(list(FAMILIES)),
    default="canvas",
    show_default=True,
    help="The LMS that the small one behaves like.",
)
@click.option("--reset", is_flag=True, help="Forget what earlier demos of this family left in instance first.")
def command(port: int, family: str, reset: bool) -> None:
    """Try it: the tool and a small LMS, to open in a browser."""
    folder = Path("instance", "demo" if family == "canvas" else f"demo-{family}").absolute()
    with (
        stopping() as stop,
        claimed(port + 1) as lms_socket,
        claimed(port) as tool_socket,
        claimed(0) as gateway_socket,  # any that is free, and not one of the two
        claimed(0) as exporter_socket,
        Mailbox(lambda letter: _keep(folder / "letters", letter)) as mailbox,
    ):
        tool_socket.close()
        if reset:
            shutil.rmtree(folder, ignore_errors=True)
        gateway = _gateway(gateway_socket.getsockname()[1], port)
        # Two hosts, so that the tool in its frame is a third party to the browser, as in any school.
        lms = LmsConfig(
            url=f"http://localhost:{port + 1}",
            tool_url=f"http://{LOOPBACK}:{port}",
            family=family,
            key_path=folder / "lms-key.pem",
            payments_url=gateway.url,
        )
        environ = _environment(folder, lms, gateway, mailbox)
        settings = load(environ)
        prepare(settings, lms)
        exporter = connect(settings, lms, f"http://localhost:{exporter_socket.getsockname()[1]}")
        paying = create_gateway(gateway)
        with (
            serving(create_lms(lms), lms_socket),
            serving(paying, gateway_socket),
            serving(create_exporter(exporter), exporter_socket),
            at_work(paying),
            tool(port, environ) as running,
        ):
            await_answers(running, (f"{lms.tool_url}/readyz", lms.url), stop)
            if not stop.is_set():
                _tell(lms, folder)
            while not stop.wait(LOOK_EVERY_S):
                require_alive(running)


def _gateway(port: int, tool_port: int) -> GatewayConfig:
    secret_key, webhook_secret = made_up_keys()
    return GatewayConfig(
        url=f"http://localhost:{port}",
        webhook_url=f"http://{LOOPBACK}:{tool_port}/webhooks/stripe",
        secret_key=secret_key,
        webhook_secret=webhook_secret,
    )


def _environment(folder: Path, lms: LmsConfig, gateway: GatewayConfig, mailbox: Mailbox) -> Mapping[str, str]:
    """The tool's environment: nothing of this shell's own Creditroll, which may be a real one, but the log level."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CREDITROLL_")}
    return inherited | {
        "CREDITROLL_CONFIG": str(_write_settings(folder, lms, gateway, mailbox)),
        "CREDITROLL_LOG_LEVEL": os.environ.get("CREDITROLL_LOG_LEVEL", "warning"),
    }


def _write_settings(folder: Path, lms: LmsConfig, gateway: GatewayConfig, mailbox: Mailbox) -> Path:
    """All that differs from the defaults, in one file: whoever names it can use any other command on this demo."""
    values = {
        "database_url": f"sqlite:///{folder / 'creditroll.db'}",
        "public_url": lms.tool_url,
        "secret_key": _secret(folder / "secret"),
        "keys_dir": str(folder / "keys"),
        "files_dir": str(folder / "files"),
        "allow_private_hosts": ["localhost"],
        "stripe_secret_key": gateway.secret_key,
        "stripe_webhook_secrets": [gateway.webhook_secret],
        "stripe_api_base": gateway.url,
        "styleguide": True,
        "smtp_host": LOOPBACK,
        "smtp_port": mailbox.port,
        "smtp_starttls": False,
        "smtp_sender": "creditroll@demo.example",
    }
    path = _settings_path(folder)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()), "utf-8")
    return path


def _keep(folder: Path, letter: bytes) -> None:
    """A file a letter, for any mail program or editor."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{new_id()}.eml").write_bytes(letter)


def _settings_path(folder: Path) -> Path:
    return folder / "settings.toml"


def _secret(path: Path) -> str:
    """Kept, so that whoever is in stays in over a restart."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


def prepare(settings: Settings, lms: LmsConfig) -> None:
    """Migrates the database, registers the LMS with its licence unless an earlier start did, and closes old pages."""
    engine = open_engine(settings.database_url)
    try:
        schema.upgrade(engine)
        with writing(engine) as session:
            try:
                platforms.find_registered(session, issuer=lms.issuer, client_id=lms.client_id)
            except NotFound:
                _register(session, settings, lms)
            # The stand-in that opened them ended with the demo: "Pay" has to open others.
            session.execute(update(Checkout).where(Checkout.status == "open").values(status="expired"))
    finally:
        engine.dispose()


def connect(settings: Settings, lms: LmsConfig, exporter_url: str, *, step_s: float = 0.15) -> ExporterConfig:
    """Leads each licence's students to the exporter, and gives it a key for each; an earlier start's keys end."""
    engine = open_engine(settings.database_url)
    try:
        with writing(engine) as session:
            return ExporterConfig(
                url=exporter_url,
                tool_url=lms.tool_url,
                framed_by=lms.url,
                api_keys={
                    one.id: _let_export(session, settings, one.id, exporter_url) for one in licenses.every(session)
                },
                step_s=step_s,
            )
    finally:
        engine.dispose()


def _let_export(session: Session, settings: Settings, license_id: str, exporter_url: str) -> str:
    now = clock.now()
    for key in api_keys.every(session):
        if key.name == _EXPORTER and key.license_id == license_id and key.revoked_at is None:
            api_keys.revoke(session, key.id, now=now)
    export_services.set_service(
        session,
        license_id,
        label="Export your film",
        url=exporter_url + TAKES,
        actor=OPERATOR,
        hosts=Hosts.of(settings),
        now=now,
    )
    _, secret = api_keys.create(session, name=_EXPORTER, scopes=(api_keys.SPEND,), license_id=license_id, now=now)
    return secret


def _register(session: Session, settings: Settings, lms: LmsConfig) -> None:
    now = clock.now()
    platforms.add_platform(
        session,
        name=lms.name,
        family=lms.shape.registered_as,
        issuer=lms.issuer,
        client_id=lms.client_id,
        auth_login_url=lms.auth_login_url,
        auth_token_url=lms.auth_token_url,
        auth_audience=None if lms.auth_audience == lms.auth_token_url else lms.auth_audience,
        jwks_url=lms.jwks_url,
        deployment_ids=tuple(lms.shape.schools.values()),
        allow_private_hosts=settings.allow_private_hosts,
        now=now,
    )
    for school, deployment_id in lms.shape.schools.items():
        deployment = platforms.find_deployment(
            session, issuer=lms.issuer, client_id=lms.client_id, deployment_id=deployment_id
        )
        made = licenses.create(session, name=f"{school} · Biology 9", now=now)
        issuing.grant(session, made.id, settings.resource, amount=_CREDITS, actor=OPERATOR, now=now)
        bindings.bind(session, made.id, deployment.id, None, now=now)


def _tell(lms: LmsConfig, folder: Path) -> None:
    click.echo(f"Open {lms.url} in a browser, and step in as a teacher, a student or anyone else.")
    click.echo(f"What happens is kept in {folder}. Ctrl-C ends the demo.")
    click.echo(f"Letters that a teacher asks for in Settings arrive in {folder / 'letters'}.")
    named = shlex.quote(str(_settings_path(folder)))
    click.echo(f"Any other command works on it, too: CREDITROLL_CONFIG={named} creditroll audit")
    sys.stdout.flush()
