"""Dynamic Registration 1.0 as the family takes it: what this LMS says of itself, and a tool that registers with it."""

import secrets
import time
from urllib.parse import urlsplit

from flask import Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lti_tool.demo.families.registering import Registering
from lti_tool.demo.school import School, this_school
from lti_tool.demo.tools import Tool

_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_LASTS_S = 3600


class _Configuration(BaseModel):
    domain: str
    target_link_uri: str
    claims: list[str] = []
    custom_parameters: dict[str, str] = {}


class _Request(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    application_type: str
    response_types: list[str]
    grant_types: list[str]
    initiate_login_uri: str
    redirect_uris: list[str] = Field(min_length=1)
    client_name: str
    jwks_uri: str
    token_endpoint_auth_method: str
    scope: str = ""
    tool: _Configuration = Field(alias="https://purl.imsglobal.org/spec/lti-tool-configuration")


def invite(school: School) -> str:
    """A registration token: for one registration, within an hour."""
    now = int(time.time())
    claims = {"sub": secrets.token_hex(8), "scope": "reg", "iat": now, "exp": now + _LASTS_S}
    token = school.key.sign(claims)
    school.registering.put(token, school.config.family)
    return token


def configuration() -> Response:
    """What this LMS is and can (LTI Dynamic Registration 1.0 #platform-configuration)."""
    school = this_school()
    config, rules = school.config, _rules(school)
    if rules.configuration_needs_bearer and school.registering.look(_bearer()) is None:
        abort(401, "The configuration is for who brings the registration token.")
    return jsonify(
        {
            "issuer": config.issuer,
            "authorization_endpoint": config.auth_login_url,
            "token_endpoint": config.auth_token_url,
            "jwks_uri": config.jwks_url,
            "registration_endpoint": config.url + rules.registration_path,
            **({"authorization_server": config.auth_audience} if school.family.token.audience else {}),
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": list(rules.scopes),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            _PLATFORM: {**rules.platform, "variables": list(rules.variables)},
        }
    )


def register() -> tuple[Response, int]:
    """Takes the tool's registration, once for each token; an administrator may have to switch it on."""
    school = this_school()
    rules = _rules(school)
    if school.registering.take(_bearer()) is None:
        return jsonify("token_already_used" if rules.says_texts else {"error": "invalid_token"}), 401
    try:
        asked = _Request.model_validate(request.get_json())
        _check(asked, rules)
    except ValidationError as fault:
        return _refused(rules, f"missing_{fault.errors()[0]['loc'][-1]}")
    except ValueError as fault:
        return _refused(rules, str(fault))
    tool = _tool(asked, rules, number=len(school.registered))
    with school.lock:
        school.registered.append(tool)
        if rules.enable is None:
            school.tool = tool
    deployment = {"deployment_id": next(iter(tool.deployments.values()))} if rules.tells_deployment else {}
    answer = request.get_json() | {"client_id": tool.client_id, "scope": " ".join(tool.scopes)}
    answer[_TOOL] = {**answer[_TOOL], **deployment}
    return jsonify(answer), rules.status


def _check(asked: _Request, rules: Registering) -> None:
    if asked.token_endpoint_auth_method != "private_key_jwt":  # noqa: S105 - a method, not a password
        raise ValueError("invalid_token_endpoint_auth_method")
    if "id_token" not in asked.response_types:
        raise ValueError("invalid_response_types")
    if urlsplit(asked.tool.target_link_uri).netloc != asked.tool.domain:
        raise ValueError("domain_targetlinkuri_mismatch")
    if unknown := set(asked.scope.split()) - set(rules.scopes):
        raise ValueError(f"unknown_scope {unknown.pop()}")


def _tool(asked: _Request, rules: Registering, *, number: int) -> Tool:
    names = {"name", "given_name", "family_name"}
    client_id = rules.new_client_id()
    return Tool(
        name=asked.client_name,
        client_id=client_id,
        deployments=dict.fromkeys(this_school().family.schools, rules.new_deployment_id(number)),
        login_url=asked.initiate_login_uri,
        launch_url=asked.tool.target_link_uri,
        redirect_uris=tuple(asked.redirect_uris),
        jwks_url=asked.jwks_uri,
        scopes=tuple(asked.scope.split()),
        shares_names=bool(names & set(asked.tool.claims)),
        shares_emails="email" in asked.tool.claims,
        custom=asked.tool.custom_parameters,
    )


def _refused(rules: Registering, why: str) -> tuple[Response, int]:
    return jsonify(why if rules.says_texts else {"error": "invalid_client_metadata", "error_description": why}), 400


def _bearer() -> str:
    authorization = request.authorization
    return (authorization.token or "") if authorization and authorization.type == "bearer" else ""


def _rules(school: School) -> Registering:
    return school.family.registering or abort(404, "Tools do not register themselves here.")
