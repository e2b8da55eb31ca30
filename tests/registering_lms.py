"""An LMS that registers tools over real HTTP, in the shape of each family, and goes wrong on demand.

with serving_lms("moodle") as lms:
    lms.configuration["issuer"] = "https://elsewhere.example"      # what it says of itself
    lms.refusal = Response("missing_domain", status=400)           # instead of registering
"""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.demo_lms import running

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CANVAS = "https://canvas.instructure.com/lti/"
_FIXTURES = Path(__file__).parent / "fixtures/moodle"
_SCORES = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
Planted = Response | Callable[[Request], Response] | None


def observed(name: str) -> Any:
    """What a real Moodle was seen to say."""
    return json.loads((_FIXTURES / f"{name}.json").read_text("utf-8"))


@dataclass
class RegisteringLms:
    """What it says of itself, what it was asked, and answers that are planted instead of true ones."""

    url: str
    configuration: dict[str, Any]
    token: str | None = field(default_factory=secrets.token_urlsafe)
    """Its own: the next LMS may be given the same port, and an invitation counts once."""
    guards_configuration: bool = False
    """Whether the configuration is for the token's bearer only (Canvas)."""
    status: int = 200
    client_id: Any = "client-of-this-lms"
    deployment_id: Any = "7"
    told: Planted = None
    refusal: Planted = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of the answer that replace the true ones."""
    headers: list[dict[str, str]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def configuration_url(self) -> str:
        return f"{self.url}/configuration"

    @property
    def part(self) -> dict[str, Any]:
        """The part of the configuration that is LTI's."""
        part: dict[str, Any] = self.configuration[PLATFORM]
        return part

    @property
    def tool(self) -> dict[str, Any]:
        """The tool configuration that it was last sent."""
        tool: dict[str, Any] = self.requests[-1][TOOL]
        return tool

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        answer = self._configuration(request) if request.path == "/configuration" else self._register(request)
        return answer(environ, start_response)

    def _configuration(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        if self.told is not None:
            return self.told(request) if callable(self.told) and not isinstance(self.told, Response) else self.told
        if self.guards_configuration and not self._knows(request):
            return Response('{"errors":"unauthorized"}', status=401, mimetype="application/json")
        return Response(json.dumps(self.configuration), mimetype="application/json")

    def _register(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        if self.refusal is not None:
            planted = self.refusal
            return planted(request) if callable(planted) and not isinstance(planted, Response) else planted
        if not self._knows(request):
            return Response("<!DOCTYPE html><title>Error</title>", status=404, mimetype="text/html")
        asked = request.get_json()
        self.requests.append(asked)
        tool = {**asked[TOOL]} | ({} if self.deployment_id is None else {"deployment_id": self.deployment_id})
        return Response(
            json.dumps({**asked, TOOL: tool, "client_id": self.client_id, **self.extra}),
            status=self.status,
            mimetype="application/json",
        )

    def _knows(self, request: Request) -> bool:
        return self.token is None or request.headers.get("Authorization") == f"Bearer {self.token}"


def shape(family: str, url: str) -> dict[str, Any]:
    """What an LMS of that family says of itself, at that address."""
    if family == "moodle":
        true: dict[str, Any] = observed("dynamic-registration")["openid_configuration"]
        return json.loads(json.dumps(true).replace(true["issuer"], url))  # type: ignore[no-any-return] # a copy of it
    messages: list[Any] = [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}]
    configuration: dict[str, Any] = {
        "issuer": url,
        "authorization_endpoint": f"{url}/auth",
        "registration_endpoint": f"{url}/registrations",
        "jwks_uri": f"{url}/jwks",
        "token_endpoint": f"{url}/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "scopes_supported": ["openid", _SCORES, ROSTER],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email", "picture"],
        PLATFORM: {"product_family_code": family, "version": "1", "messages_supported": messages, "variables": []},
    }
    part = configuration[PLATFORM]
    if family == "canvas":
        configuration["authorization_server"] = "canvas.instructure.com"
        configuration["scopes_supported"].append(NOTICES)
        part["variables"] = ["ResourceLink.id", "Context.id.history"]
        part["messages_supported"] = [
            {"type": "LtiResourceLinkRequest", "placements": ["account_navigation", "course_navigation"]},
            {
                "type": "LtiDeepLinkingRequest",
                "placements": ["assignment_selection", "editor_button", "link_selection"],
            },
        ]
        part[f"{CANVAS}account_name"] = "Lincoln Unified"
    elif family == "brightspace":
        configuration["authorization_server"] = "https://api.brightspace.com/auth/token"
        part["product_family_code"] = "desire2learn"
    elif family == "bare":
        for optional in ("scopes_supported", "claims_supported", "response_types_supported"):
            del configuration[optional]
        del part["messages_supported"], part["variables"], part["product_family_code"]
    return configuration


@contextmanager
def serving_lms(family: str = "moodle", *, host: str = "localhost", **fields: Any) -> Iterator[RegisteringLms]:
    """The LMS on a free port."""
    lms = RegisteringLms("", {}, **fields)
    with running(lms, host=host) as url:
        lms.url, lms.configuration = url, shape(family, url)
        lms.guards_configuration = family == "canvas"
        lms.deployment_id = None if family == "canvas" else lms.deployment_id
        lms.status = 201 if family in ("canvas", "sakai") else lms.status
        yield lms
