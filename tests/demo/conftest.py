"""A demo LMS and a tool of a few lines that writes down what it is sent, both over real HTTP."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.names_roles import MEDIA_TYPE
from lti_tool.demo.platform import create_lms
from lti_tool.demo.signing_key import SigningKey
from lti_tool.demo.tools import NRPS_SCOPE
from tests.demo_lms import TIMEOUT_S, Browser, serving

KEY = SigningKey.generate()


@dataclass
class Tool:
    """A tool that trusts everything; `changes` are made to its authorisation requests."""

    lms: LmsConfig
    logins: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    changes: dict[str, str | None] = field(default_factory=dict)

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

    def claims(self, course: str, person: str, *, slug: str = "navigation") -> dict[str, Any]:
        """Launches, and checks the id_token as a tool must."""
        Browser().launch(self.url, course, person, slug=slug)
        token = self.tool.answers[-1]["id_token"]
        key = jwt.PyJWKClient(self.config.jwks_url).get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=self.config.client_id, issuer=self.config.issuer
        )
        return claims

    def assertion(self, key: SigningKey = KEY, **changes: Any) -> str:
        """A client assertion, with changes."""
        now = int(time.time())
        right = {
            "iss": self.config.client_id,
            "sub": self.config.client_id,
            "aud": self.config.auth_token_url,
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
        """One page, with a fresh token; Period 2 unless another address is given."""
        bearer = self.ask_token(self.assertion()).json()["access_token"]
        sent = {"Authorization": f"Bearer {bearer}", "Accept": MEDIA_TYPE, **headers}
        return requests.get(url or f"{self.url}/api/lti/courses/101/names_and_roles", headers=sent, timeout=TIMEOUT_S)

    def members(self, url: str = "") -> list[dict[str, Any]]:
        """Every member, page after page."""
        found: list[dict[str, Any]] = []
        next_url: str | None = url or f"{self.url}/api/lti/courses/101/names_and_roles"
        while next_url:
            page = self.roster(next_url)
            found += page.json()["members"]
            next_url = page.links.get("next", {}).get("url")
        return found


@pytest.fixture(scope="session")
def running_lms() -> Iterator[Lms]:
    """One LMS and one tool for all tests: making a key is most of the time that a start takes."""
    with serving("localhost") as lms_server, serving("127.0.0.1") as tool_server:
        config = LmsConfig(url=lms_server.url, tool_url=tool_server.url, control=True)
        tool = Tool(config)
        lms_server.show(create_lms(config))
        tool_server.show(tool.app())
        yield Lms(config, tool)


@pytest.fixture
def lms(running_lms: Lms) -> Lms:
    """An LMS as on its first day, whose control is open."""
    running_lms.control("reset")
    running_lms.tool.logins.clear()
    running_lms.tool.answers.clear()
    running_lms.tool.changes.clear()
    return running_lms
