"""What the tool says of itself to an LMS: `tool.json`, with this deployment's addresses in place of the example's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from lti_tool import shipped

_EXAMPLE = "https://tool.example"
_EXAMPLE_DOMAIN = "tool.example"


@dataclass(frozen=True)
class Placement:
    """Where the LMS shows the tool, by Canvas's name for the place, and the message that a click there sends."""

    name: str
    message_type: str
    label: str
    settings: Mapping[str, Any]
    """All that `tool.json` says of it: "visibility", "display_type" and so on."""


@dataclass(frozen=True)
class Tool:
    """The tool as an administrator registers it, whatever the LMS."""

    title: str
    description: str
    tool_id: str
    domain: str
    """Host, and port where it is not the usual one."""
    login_url: str
    launch_url: str
    jwks_url: str
    icon_url: str
    scopes: tuple[str, ...]
    custom: Mapping[str, str]
    privacy_level: str
    """As Canvas has it: "name_only" asks for names, and for no e-mail, picture or school id."""
    placements: tuple[Placement, ...]


def canvas_json(public_url: str) -> dict[str, Any]:
    """The whole of Canvas's developer-key configuration (its documentation: "Configuring a developer key")."""
    configuration: dict[str, Any] = _placed(_read(), public_url)
    return configuration


def tool_at(public_url: str) -> Tool:
    """The same, for registrations of any kind."""
    found = canvas_json(public_url)
    [extension] = found["extensions"]
    settings = extension["settings"]
    return Tool(
        title=found["title"],
        description=found["description"],
        tool_id=extension["tool_id"],
        domain=extension["domain"],
        login_url=found["oidc_initiation_url"],
        launch_url=found["target_link_uri"],
        jwks_url=found["public_jwk_url"],
        icon_url=settings["icon_url"],
        scopes=tuple(found["scopes"]),
        custom=found["custom_fields"],
        privacy_level=extension["privacy_level"],
        placements=tuple(
            Placement(one["placement"], one["message_type"], one["text"], one) for one in settings["placements"]
        ),
    )


@cache
def _read() -> Any:
    return json.loads(shipped.TOOL_JSON.read_text("utf-8"))


def _placed(value: Any, public_url: str) -> Any:
    """A copy of the document in which the example's origin and domain are ours."""
    if isinstance(value, dict):
        return {name: _placed(one, public_url) for name, one in value.items()}
    if isinstance(value, list):
        return [_placed(one, public_url) for one in value]
    if value == _EXAMPLE_DOMAIN:
        return urlsplit(public_url).netloc
    if isinstance(value, str) and value.startswith(f"{_EXAMPLE}/"):
        return public_url + value.removeprefix(_EXAMPLE)
    return value
