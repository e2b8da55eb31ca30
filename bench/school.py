"""A school for benches: an LMS with its key set in a process of its own, and a license whose students hold credits."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from bench.harness import servers
from lti_tool import schema
from lti_tool.db import open_engine, writing
from lti_tool.ledger import issuing, policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys, bindings, licenses
from lti_tool.lti import platforms
from lti_tool.settings import load
from tests.lti_platform import FakePlatform, claims, key, register

TOOL = "https://tool.test"
STUDENTS = 200
CREDITS = 1_000_000_000
_MAXIMUM = 5_000


@dataclass(frozen=True)
class School:
    """A database with one license, and its ids of the LMS and of the license."""

    url: str
    platform_id: str
    license_id: str
    api_key: str


@contextmanager
def serving_lms() -> Iterator[FakePlatform]:
    """The LMS as long as the block; its key set is read over HTTP from another process, so that nobody waits for us."""
    port = servers.free_port()
    context = get_context("spawn")
    is_up = context.Event()
    server = context.Process(target=_serve_keys, args=(port, [key().jwk], is_up), daemon=True)
    server.start()
    is_up.wait(30)
    try:
        yield FakePlatform(url=f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.join()


def key_set_fetches(platform: FakePlatform) -> int:
    """How often the LMS's key set was read so far."""
    address = urlsplit(platform.url)
    connection = HTTPConnection(str(address.hostname), address.port)
    connection.request("GET", "/fetches")
    return int(connection.getresponse().read())


def build(database_url: str, platform: FakePlatform) -> School:
    """Makes the database: the platform, a license with an automatic maximum, its course, and an API key."""
    settings = load({}, database_url=database_url, secret_key="b" * 32, public_url=TOOL)
    engine = open_engine(database_url)
    schema.upgrade(engine)
    now = datetime.now(UTC)
    with writing(engine) as session:
        added = register(session, platform)
        made = licenses.create(session, name="Bench", now=now)
        issuing.grant(session, made.id, settings.resource, amount=CREDITS, actor=OPERATOR, now=now)
        policies.save(session, made.id, settings.resource, maximum=_MAXIMUM, based_on=0, actor=OPERATOR, now=now)
        [deployment] = platforms.deployments(session, added)
        bindings.bind(session, made.id, deployment.id, None, now=now)
        _, secret = api_keys.create(session, name="bench", scopes=["spend"], license_id=made.id, now=now)
        school = School(database_url, added.id, made.id, secret)
    engine.dispose()
    return school


@dataclass(frozen=True)
class Doors:
    """Where a tool is launched, and what stands between the launch and the page that names the student."""

    login: str
    launch: str


TOOLS_OWN = Doors("/lti/login", "/lti/launch")
PYLTIS = Doors("/login/", "/launch/")


class Browser:
    """One launch after another over a kept-alive connection, each of a fresh browser, with the LMS's part between."""

    def __init__(self, platform: FakePlatform, doors: Doors) -> None:
        self._platform = platform
        self._doors = doors
        self._asks = urlencode(
            {
                "iss": platform.issuer,
                "login_hint": "hint-1",
                "target_link_uri": f"{TOOL}{doors.launch}",
                "client_id": platform.client_id,
                "lti_message_hint": "message-hint-1",
                "lti_deployment_id": platform.deployment_id,
            }
        )
        self._header = {"kid": platform.key.kid, "typ": "JWT"}

    def launch(self, connection: HTTPConnection, subject: str) -> None:
        """Login, launch and the page at the end, which must name the student. Raises AssertionError."""
        cookies: dict[str, str] = {}
        status, to, _ = _ask(connection, "GET", f"{self._doors.login}?{self._asks}", cookies)
        assert status == 302, status
        asked = dict(parse_qsl(urlsplit(to).query))
        form = urlencode({"state": asked["state"], "id_token": self._sign(subject, asked["nonce"])})
        status, to, page = _ask(connection, "POST", self._doors.launch, cookies, form)
        if status == 303:
            status, _, page = _ask(connection, "GET", to, cookies)
        assert status == 200, (status, page[:500])
        assert f"Name of {subject}".encode() in page, page[:500]

    def _sign(self, subject: str, nonce: str) -> str:
        body = claims(
            self._platform,
            tool=TOOL,
            nonce=nonce,
            subject=subject,
            name=f"Name of {subject}",
            changes={"target_link_uri": f"{TOOL}{self._doors.launch}"},
        )
        return jwt.encode(body, self._platform.key.private, algorithm="RS256", headers=self._header)


def fill(database_url: str, platform: FakePlatform, folder: Path) -> School:
    """Makes the database, and lets every student launch the tool once: the books know them, and they hold credits."""
    built = build(database_url, platform)
    with servers.tool(servers.tool_settings(folder, database_url)) as tool:
        browser, connection = Browser(platform, TOOLS_OWN), HTTPConnection("127.0.0.1", tool.port, timeout=60)
        for number in range(STUDENTS):
            browser.launch(connection, known(number))
        connection.close()
    return built


def known(number: int) -> str:
    """A student who was here before, by a number of any size."""
    return f"student-{number % STUDENTS}"


def _ask(
    connection: HTTPConnection, method: str, path: str, cookies: dict[str, str], form: str | None = None
) -> tuple[int, str, bytes]:
    headers = {"Host": "tool.test", "X-Forwarded-Proto": "https"}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, form, headers)
    response = connection.getresponse()
    page = response.read()
    for name, value in response.getheaders():
        if name.lower() == "set-cookie":
            cookie, _, content = value.partition(";")[0].partition("=")
            cookies[cookie] = content
    return response.status, response.headers.get("Location", ""), page


def _serve_keys(port: int, keys: list[dict[str, Any]], is_up: Event) -> None:
    document = json.dumps({"keys": keys}).encode()
    fetches = 0

    class Keys(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the library's name
            nonlocal fetches
            fetches += self.path == "/jwks"
            body = document if self.path == "/jwks" else str(fetches).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Keys)
    is_up.set()
    server.serve_forever()
