"""A demo LMS and a tool of a few lines that writes down what it is sent, both over real HTTP."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.courses import Part
from lti_tool.demo.names_roles import MEDIA_TYPE
from lti_tool.demo.platform import create_lms
from lti_tool.demo.signing_key import SigningKey
from lti_tool.demo.tools import NRPS_SCOPE
from tests.demo_lms import TIMEOUT_S, Browser, Serving, serving

KEY = SigningKey.generate()


@dataclass
class Tool:
    """A tool that trusts everything; `changes` are made to its authorisation requests."""

    lms: LmsConfig
    logins: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    changes: dict[str, str | None] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def authorization(self, login: dict[str, str]) -> dict[str, str]:
        """The request that answers a login, with `changes`; None leaves a parameter out."""
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login["client_id"],
            "redirect_uri": self.lms.tool_launch_url,
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": secrets.token_urlsafe(),
            "nonce": secrets.token_urlsafe(),
        }
        return {name: value for name, value in {**asked, **self.changes}.items() if value is not None}

    def app(self) -> Flask:
        """Its login, launch and keys."""
        app = Flask("tool")

        @app.route("/lti/login", methods=["GET", "POST"])
        def login() -> AnyResponse:
            self.logins.append(request.values.to_dict())
            return redirect(f"{self.lms.auth_login_url}?{urlencode(self.authorization(self.logins[-1]))}")

        @app.post("/lti/launch")
        def launch() -> Response:
            self.answers.append(request.form.to_dict())
            return jsonify(launched=True)

        @app.post("/notices")
        def notices() -> Response:
            self.notices.extend(each["jwt"] for each in request.get_json()["notices"])
            return jsonify(noted=True)

        @app.get("/lti/jwks.json")
        def jwks() -> Response:
            return jsonify(keys=[KEY.public_jwk])

        return app


@dataclass(frozen=True)
class Lms:
    """A running LMS with its tool."""

    config: LmsConfig
    tool: Tool

    @property
    def url(self) -> str:
        """Its origin."""
        return self.config.url

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """What a test changes by HTTP."""
        answer = requests.post(f"{self.url}/control/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def first(self) -> tuple[str, str]:
        """A course and its teacher, by key."""
        course = next(iter(self.config.shape.timetable().values()))
        return course.key, next(each.person for each in course.roster if each.part is Part.TEACHER)

    @property
    def roster_url(self) -> str:
        """The roster of the first course."""
        shape = self.config.shape
        service = shape.timetable()[self.first[0]].ids.service
        path = shape.roster.path.format(course=service, client=shape.client_id, deployment=self.config.deployment_id)
        return self.url + path

    def claims(
        self, course: str, person: str, *, slug: str = "navigation", client_id: str | None = None
    ) -> dict[str, Any]:
        """Launches, and checks the id_token as a tool must."""
        Browser().launch(self.url, course, person, slug=slug)
        token = self.tool.answers[-1]["id_token"]
        key = jwt.PyJWKClient(self.config.jwks_url).get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=client_id or self.config.client_id, issuer=self.config.issuer
        )
        return claims

    def assertion(self, key: SigningKey = KEY, **changes: Any) -> str:
        """A client assertion, with changes."""
        now = int(time.time())
        right = {
            "iss": self.config.client_id,
            "sub": self.config.client_id,
            "aud": self.config.auth_audience,
            "iat": now - 5,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(),
        }
        return key.sign({name: value for name, value in {**right, **changes}.items() if value is not None})

    def ask_token(self, assertion: str, *, scope: str = NRPS_SCOPE, **changes: str) -> requests.Response:
        """A request to the token endpoint."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": scope,
            **changes,
        }
        return requests.post(self.config.auth_token_url, data=form, timeout=TIMEOUT_S)

    def roster(self, url: str = "", **headers: str) -> requests.Response:
        """One page, with a fresh token; the first course unless another address is given."""
        bearer = self.ask_token(self.assertion()).json()["access_token"]
        sent = {"Authorization": f"Bearer {bearer}", "Accept": MEDIA_TYPE, **headers}
        return requests.get(url or self.roster_url, headers=sent, timeout=TIMEOUT_S)

    def members(self, url: str = "") -> list[dict[str, Any]]:
        """Every member, page after page."""
        found: list[dict[str, Any]] = []
        next_url: str | None = url or self.roster_url
        while next_url:
            page = self.roster(next_url)
            found += page.json()["members"]
            next_url = page.links.get("next", {}).get("url")
        return found


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Serving, Path]]:
    """The servers of LMS and tool, and the LMS's key: making one takes most of the time of a start."""
    with serving("localhost") as lms_server, serving("127.0.0.1") as tool_server:
        yield lms_server, tool_server, tmp_path_factory.mktemp("lms") / "key.pem"


@pytest.fixture
def family() -> str:
    """What the LMS behaves like; a test may be parametrized with others."""
    return "canvas"


@pytest.fixture
def lms(sites: tuple[Serving, Serving, Path], family: str) -> Lms:
    """An LMS as on its first day, whose control is open."""
    lms_server, tool_server, key_path = sites
    config = LmsConfig(url=lms_server.url, tool_url=tool_server.url, family=family, key_path=key_path, control=True)
    tool = Tool(config)
    lms_server.show(create_lms(config))
    tool_server.show(tool.app())
    return Lms(config, tool)
