"""What an LMS is asked for at a registration: names and the roster, and never more than it says that it can give."""

from collections.abc import Iterator, Mapping
from typing import Any

from lti_tool.lti.platform_configuration import Configuration
from lti_tool.lti.tool_config import Placement, Tool

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_RESOURCE_LINK = "LtiResourceLinkRequest"
_DEEP_LINKING = "LtiDeepLinkingRequest"
_PICKER = "ContentArea"
"""Where teachers add content, as LTI itself calls it (LTI Deep Linking 2.0 registers it so)."""
_ALWAYS = ("iss", "sub")
_NAMES = ("name", "given_name", "family_name")


def scopes(tool: Tool, configuration: Configuration) -> tuple[str, ...]:
    """The services to ask for. One that is unknown to the LMS would make it refuse the whole registration (Canvas)."""
    return tuple(scope for scope in tool.scopes if scope in configuration.scopes)


def build(tool: Tool, configuration: Configuration) -> dict[str, Any]:
    """The registration request (LTI Dynamic Registration 1.0 #tool-configuration; OpenID Connect Registration 1.0)."""
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": tool.title,
        "jwks_uri": tool.jwks_url,
        "logo_uri": tool.icon_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scopes(tool, configuration)),
        TOOL: {
            "domain": tool.domain,
            "description": tool.description,
            "target_link_uri": tool.launch_url,
            "claims": [*_ALWAYS, *(name for name in _NAMES if _has(configuration.claims, name))],
            "custom_parameters": _custom(tool, configuration),
            "messages": list(_messages(tool, configuration)),
            **_own_words(tool, configuration),
        },
    }


def _has(offered: frozenset[str] | None, wanted: str) -> bool:
    """An LMS that does not list what it can may be asked."""
    return offered is None or wanted in offered


def _custom(tool: Tool, configuration: Configuration) -> dict[str, str]:
    return {
        name: variable
        for name, variable in tool.custom.items()
        if _has(configuration.variables, variable.removeprefix("$"))
    }


def _own_words(tool: Tool, configuration: Configuration) -> dict[str, str]:
    prefix = configuration.family.extension
    # Left out, Canvas would guess the level from the claims.
    return {f"{prefix}privacy_level": tool.privacy_level, f"{prefix}tool_id": tool.tool_id} if prefix else {}


def _messages(tool: Tool, configuration: Configuration) -> Iterator[dict[str, Any]]:
    places = [one for one in tool.placements if configuration.family.extension and _offers(configuration, one)]
    yield from (_placed(one, configuration.family.extension or "") for one in places)
    if not any(one.message_type == _RESOURCE_LINK for one in places):
        yield {"type": _RESOURCE_LINK, "label": tool.title, "target_link_uri": tool.launch_url}
    if not any(one.message_type == _DEEP_LINKING for one in places) and _DEEP_LINKING in (configuration.messages or {}):
        yield {
            "type": _DEEP_LINKING,
            "label": tool.title,
            "target_link_uri": tool.launch_url,
        } | _picker(configuration.messages or {})


def _offers(configuration: Configuration, placement: Placement) -> bool:
    if configuration.messages is None:
        return True
    if placement.message_type not in configuration.messages:
        return False
    return _has(configuration.messages[placement.message_type], placement.name)


def _picker(messages: Mapping[str, frozenset[str] | None]) -> dict[str, Any]:
    return {"placements": [_PICKER]} if _PICKER in (messages[_DEEP_LINKING] or ()) else {}


def _placed(placement: Placement, prefix: str) -> dict[str, Any]:
    told = placement.settings
    extra: dict[str, Any] = {
        f"{prefix}{name}": told[name] for name in ("visibility", "display_type", "root_account_only") if name in told
    }
    if "default" in told:
        extra[f"{prefix}{placement.name}/default_enabled"] = told["default"] == "enabled"
    return {
        "type": placement.message_type,
        "label": placement.label,
        "target_link_uri": told["target_link_uri"],
        "placements": [placement.name],
        **extra,
    }
