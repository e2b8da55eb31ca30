"""`creditroll demo`: the tool, a small LMS, an exporter and a stand-in for Stripe; nothing is left over."""

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import click
import requests
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lti_tool import clock, schema
from lti_tool.cli import Failed, main
from lti_tool.db import open_engine, writing
from lti_tool.demo.exporter.app import TAKES, ExporterConfig, create_exporter
from lti_tool.demo.families import FAMILIES
from lti_tool.demo.gateway.app import GatewayConfig, at_work, create_gateway, made_up_keys
from lti_tool.demo.platform import LmsConfig, create_lms
from lti_tool.errors import NotFound
from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys, bindings, export_services, licenses
from lti_tool.licenses.export_services import Hosts
from lti_tool.lti import platforms
from lti_tool.purchasing.checkout import Checkout
from lti_tool.settings import Settings, load

_CREDITS = 300
_EXPORTER = "Demo exporter"
_LOOPBACK = "127.0.0.1"
_START_S = 60
_STOP_S = 20
_LOOK_EVERY_S = 0.1


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
        _stopping() as stop,
        _claimed(port + 1) as lms_socket,
        _claimed(port) as tool_socket,
        _claimed(0) as gateway_socket,  # any that is free, and not one of the two
        _claimed(0) as exporter_socket,
    ):
        tool_socket.close()
        if reset:
            shutil.rmtree(folder, ignore_errors=True)
        gateway = _gateway(gateway_socket.getsockname()[1], port)
        # Two hosts, so that the tool in its frame is a third party to the browser, as in any school.
        lms = LmsConfig(
            url=f"http://localhost:{port + 1}",
            tool_url=f"http://{_LOOPBACK}:{port}",
            family=family,
            key_path=folder / "lms-key.pem",
            payments_url=gateway.url,
        )
        environ = _environment(folder, lms, gateway)
        settings = load(environ)
        prepare(settings, lms)
        exporter = connect(settings, lms, f"http://localhost:{exporter_socket.getsockname()[1]}")
        paying = create_gateway(gateway)
        with (
            _serving(create_lms(lms), lms_socket),
            _serving(paying, gateway_socket),
            _serving(create_exporter(exporter), exporter_socket),
            at_work(paying),
            _tool(port, environ) as tool,
        ):
            _await_tool(tool, lms, stop)
            if not stop.is_set():
                _tell(lms, folder)
            while not stop.wait(_LOOK_EVERY_S):
                _require_alive(tool)


@contextmanager
def _stopping() -> Iterator[Event]:
    """An event that the usual ways to end a program set; what is under way ends in order, without a traceback."""
    stop = Event()
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def _claimed(port: int) -> Iterator[socket.socket]:
    with _claim(port) as listening:
        yield listening


def _claim(port: int) -> socket.socket:
    """Listens there, so that two demos cannot both believe that they have the port. Raises Failed."""
    listening = socket.socket()
    # After a stop the system keeps the port for a minute; a port on which somebody listens is refused all the same.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_LOOPBACK, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Failed(
            f"Port {port} is in use, perhaps by another demo: end that one, or choose --port (make demo PORT=9000)."
        ) from error
    return listening


def _gateway(port: int, tool_port: int) -> GatewayConfig:
    secret_key, webhook_secret = made_up_keys()
    return GatewayConfig(
        url=f"http://localhost:{port}",
        webhook_url=f"http://{_LOOPBACK}:{tool_port}/webhooks/stripe",
        secret_key=secret_key,
        webhook_secret=webhook_secret,
    )


def _environment(folder: Path, lms: LmsConfig, gateway: GatewayConfig) -> Mapping[str, str]:
    """The tool's environment: nothing of this shell's own Creditroll, which may be a real one, but the log level."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CREDITROLL_")}
    return inherited | {
        "CREDITROLL_CONFIG": str(_write_settings(folder, lms, gateway)),
        "CREDITROLL_LOG_LEVEL": os.environ.get("CREDITROLL_LOG_LEVEL", "warning"),
    }


def _write_settings(folder: Path, lms: LmsConfig, gateway: GatewayConfig) -> Path:
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
    }
    path = _settings_path(folder)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()), "utf-8")
    return path


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


@contextmanager
def _serving(app: Flask, listening: socket.socket) -> Iterator[None]:
    """One of ours, in threads of this process: it remembers in memory, and so ends with us in any case."""
    server: BaseWSGIServer = make_server(
        _LOOPBACK, 0, app, threaded=True, request_handler=_Quiet, fd=listening.fileno()
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": _LOOK_EVERY_S}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    """The demo's terminal is for the URL."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def _tool(port: int, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`creditroll serve`, which has the jobs' consumer with it; ended, with all its children, in any case."""
    ours = ["-P", "-c", "from lti_tool.cli.demo import tool; tool()"]
    command = [sys.executable, *ours, "serve", "--host", _LOOPBACK, "--port", str(port), "--workers", "1"]
    # Ctrl-C reaches the whole group; a child that is still importing would answer with a traceback. We end it below.
    listening = signal.signal(signal.SIGINT, signal.SIG_IGN)
    tool = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE)  # noqa: S603 - our own words
    signal.signal(signal.SIGINT, listening)
    try:
        yield tool
    finally:
        tool.terminate()
        try:
            tool.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            tool.kill()
            tool.wait()


def tool() -> None:
    """The command `creditroll` as the demo's child, which it never outlives: its standard input ends with the demo."""
    Thread(target=_end_with_input, daemon=True).start()
    main()


def _end_with_input() -> None:
    os.read(0, 1)  # not sys.stdin: a worker that is forked meanwhile closes it, and would wait for its lock for ever
    os.kill(os.getpid(), signal.SIGTERM)


def _await_tool(tool: subprocess.Popen[bytes], lms: LmsConfig, stop: Event) -> None:
    """Returns once the tool answers, or somebody stops us. Raises Failed."""
    deadline = time.monotonic() + _START_S
    while not stop.is_set():
        _require_alive(tool)
        if _answers(f"{lms.tool_url}/readyz") and _answers(lms.url):
            return
        if time.monotonic() > deadline:
            raise Failed(f"The tool did not answer within {_START_S} seconds; what it said is above.")
        stop.wait(_LOOK_EVERY_S)


def _answers(url: str) -> bool:
    # A loopback address through the proxy of this shell would ask another machine.
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False


def _require_alive(tool: subprocess.Popen[bytes]) -> None:
    if tool.poll() is not None:
        raise Failed(f"The tool ended by itself (exit code {tool.returncode}), so the demo ends too.")


def _tell(lms: LmsConfig, folder: Path) -> None:
    click.echo(f"Open {lms.url} in a browser, and step in as a teacher, a student or anyone else.")
    click.echo(f"What happens is kept in {folder}. Ctrl-C ends the demo.")
    named = shlex.quote(str(_settings_path(folder)))
    click.echo(f"Any other command works on it, too: CREDITROLL_CONFIG={named} creditroll audit")
    sys.stdout.flush()
