"""An LMS for tests: its own key, its key set over real HTTP, and launches of anybody through a Flask test client.

with serving_platform() as platform:
    register(session, platform)                       # commits nothing; use inside your transaction
    response = launch(client, platform, role="Learner", subject="s-1", context="c-1")
"""

import html
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask import Flask, Response
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool.lti import platforms
from lti_tool.settings import Settings
from tests.demo_lms import running

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
DEEP_LINKING_SETTINGS = f"{DEEP_LINKING}deep_linking_settings"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
HOSTS = frozenset({"localhost", "127.0.0.1"})
"""What `allow_private_hosts` must hold, so that the key set of a platform served here may be read."""

ABSENT: Any = object()
"""As the value of a claim or header: leave it out."""


@dataclass(frozen=True)
class Key:
    """A signing key with its id."""

    kid: str
    private: RSAPrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half as a key set shows it."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kty": public["kty"], "n": public["n"], "e": public["e"]} | {
            "kid": self.kid,
            "alg": "RS256",
            "use": "sig",
        }


def key(kid: str = "key-1", bits: int = 2048) -> Key:
    """A key of that name: made once a run, since making one takes a moment."""
    return _make_key(kid, bits)


@cache
def _make_key(kid: str, bits: int) -> Key:
    return Key(kid, generate_private_key(65537, bits))


@dataclass
class FakePlatform:
    """What the tool knows of the LMS, and what the LMS does; change the fields to misbehave."""

    url: str
    issuer: str = "https://lms.example"
    client_id: str = "client-1"
    deployment_id: str = "deployment-1"
    name: str = "Example LMS"
    family: str = "other"
    key: Key = field(default_factory=key)
    published: list[dict[str, Any]] = field(default_factory=lambda: [key().jwk])
    """The keys in the key set; `answer` overrides it with any response."""
    answer: Response | None = None
    fetches: int = 0
    """How often the key set was read."""
    id: str = ""
    """The tool's own id of this registration, once `register` ran."""

    @property
    def jwks_url(self) -> str:
        """Where the key set is, over real HTTP."""
        return f"{self.url}/jwks"

    @property
    def auth_login_url(self) -> str:
        """Where a login is sent to; nothing answers there."""
        return f"{self.url}/auth"

    @property
    def token_url(self) -> str:
        """Where service tokens come from; nothing answers there."""
        return f"{self.url}/token"


@contextmanager
def serving_platform(**changes: Any) -> Iterator[FakePlatform]:
    """A platform with its key set on a free port of localhost; `changes` are fields of `FakePlatform`."""
    app = Flask(__name__)
    with running(app) as url:
        platform = FakePlatform(url=url, **changes)

        @app.get("/jwks")
        def jwks() -> Response | dict[str, Any]:
            platform.fetches += 1
            return platform.answer or {"keys": platform.published}

        yield platform


def register(session: Session, platform: FakePlatform, *, now: datetime | None = None) -> platforms.Platform:
    """Adds the platform with its deployment, active, by the code that `creditroll platform add` runs."""
    added = platforms.add_platform(
        session,
        name=platform.name,
        family=platform.family,
        issuer=platform.issuer,
        client_id=platform.client_id,
        auth_login_url=platform.auth_login_url,
        auth_token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        deployment_ids=(platform.deployment_id,),
        allow_private_hosts=HOSTS,
        now=now or datetime.now(UTC),
    )
    platform.id = added.id
    return added


@dataclass(frozen=True)
class Login:
    """A login under way: what the tool answered, and what it asked the LMS for."""

    response: TestResponse
    asked: Mapping[str, str]

    @property
    def state(self) -> str:
        """The tool's state, to be posted back."""
        return self.asked["state"]

    @property
    def nonce(self) -> str:
        """The tool's nonce, to be put into the token."""
        return self.asked["nonce"]


def public_url(client: FlaskClient) -> str:
    """The origin of the tool under test."""
    settings: Settings = client.application.extensions["creditroll"]
    return settings.public_url


def login(client: FlaskClient, platform: FakePlatform, *, method: str = "POST", **changes: Any) -> Login:
    """The LMS sends the browser to the tool's login; `changes` are its parameters (ABSENT leaves one out)."""
    sent = {
        "iss": platform.issuer,
        "login_hint": "hint-1",
        "target_link_uri": f"{public_url(client)}/lti/launch",
        "client_id": platform.client_id,
        "lti_message_hint": "message-hint-1",
        "lti_deployment_id": platform.deployment_id,
    } | changes
    sent = {name: value for name, value in sent.items() if value is not ABSENT}
    where: dict[str, Any] = {"data": sent} if method == "POST" else {"query_string": sent}
    response = client.open("/lti/login", method=method, base_url=public_url(client), **where)
    return Login(response, dict(parse_qsl(urlsplit(_goes_on_to(response)).query)))


def _goes_on_to(response: TestResponse) -> str:
    """The LMS's address: of the redirect, or of the link on the page that uses the LMS's storage."""
    link = re.search(r'href="([^"]+)" data-go-on', response.text)
    return html.unescape(link[1]) if link else response.headers.get("Location", "")


def claims(
    platform: FakePlatform,
    *,
    tool: str,
    nonce: str,
    role: str | list[str] = "Learner",
    subject: str = "subject-1",
    context: str | None = "context-1",
    name: str | None = "Ada Byron",
    email: str | None = "ada@school.example",
    memberships_url: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The claims of one launch; `role` is a membership role's short name, or the whole list of roles.

    `changes` sets claims by their full name or by their short LTI name ("roles"); ABSENT leaves one out.
    """
    now = int(time.time())
    body: dict[str, Any] = {
        "iss": platform.issuer,
        "aud": platform.client_id,
        "sub": subject,
        "iat": now,
        "exp": now + 300,
        "nonce": nonce,
        "locale": "en-US",
        "name": name,
        "email": email,
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": platform.deployment_id,
        f"{CLAIM}target_link_uri": f"{tool}/lti/launch",
        f"{CLAIM}roles": [MEMBERSHIP + role] if isinstance(role, str) else role,
        f"{CLAIM}resource_link": {"id": "link-1", "title": "Credits"},
        f"{CLAIM}context": context and {"id": context, "label": context.upper(), "title": f"Course {context}"},
        NRPS: memberships_url and {"context_memberships_url": memberships_url, "service_versions": ["2.0"]},
    }
    body = {claim: value for claim, value in body.items() if value is not None}
    for claim, value in (changes or {}).items():
        full = claim if claim in body or ":" in claim or f"{CLAIM}{claim}" not in body else f"{CLAIM}{claim}"
        body[full] = value
    return {claim: value for claim, value in body.items() if value is not ABSENT}


def picking(**changes: Any) -> dict[str, Any]:
    """Changes that make a launch a picker's request; these are to its settings (ABSENT leaves one out)."""
    settings = {
        "deep_link_return_url": "https://lms.example/deep_links?session=secret",
        "accept_types": ["ltiResourceLink", "link", "file", "html"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "data": "data-1",
    } | changes
    return {
        "message_type": "LtiDeepLinkingRequest",
        "resource_link": ABSENT,
        DEEP_LINKING_SETTINGS: {name: value for name, value in settings.items() if value is not ABSENT},
    }


def id_token(platform: FakePlatform, body: Mapping[str, Any], **header: Any) -> str:
    """The claims signed with the platform's key; `header` changes the JOSE header (ABSENT leaves one out)."""
    full = {"kid": platform.key.kid, "typ": "JWT"} | header
    full = {name: value for name, value in full.items() if value is not ABSENT}
    return jwt.encode(dict(body), platform.key.private, algorithm="RS256", headers=full)


def post(client: FlaskClient, **fields: Any) -> TestResponse:
    """The browser posts the LMS's answer to the tool."""
    return client.post("/lti/launch", base_url=public_url(client), data=fields)


def launch(
    client: FlaskClient,
    platform: FakePlatform,
    *,
    role: str | list[str] = "Learner",
    subject: str = "subject-1",
    context: str | None = "context-1",
    name: str | None = "Ada Byron",
    email: str | None = "ada@school.example",
    memberships_url: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> TestResponse:
    """Login and launch of one person, as the browser and the LMS do it; what `/lti/launch` answered."""
    begun = login(client, platform)
    assert begun.response.status_code == 302, begun.response.text
    body = claims(
        platform,
        tool=public_url(client),
        nonce=begun.nonce,
        role=role,
        subject=subject,
        context=context,
        name=name,
        email=email,
        memberships_url=memberships_url,
        changes=changes,
    )
    return post(client, id_token=id_token(platform, body), state=begun.state)
