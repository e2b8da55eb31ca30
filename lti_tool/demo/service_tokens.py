"""The token endpoint: an access token for whoever proves by a signature that it is the tool (RFC 7523)."""

import json
import secrets
import time
from typing import Any

import jwt
from flask import Response, jsonify, request

from lti_tool.demo.school import School, this_school
from lti_tool.demo.tool_keys import TokenRefusedError, tool_key

LIFETIME_S = 3600
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token() -> Response:
    """client_credentials with private_key_jwt; grants those of the scopes asked for that the registration has."""
    school = this_school()
    rules = school.family.token
    fault = school.faults.strike("token")
    planted = fault.refusal()
    if planted:
        return planted
    try:
        scopes = _granted_scopes(school)
    except TokenRefusedError as refusal:
        status = 401 if refusal.error == "invalid_client" else 400
        status, body = rules.error(status, refusal.error, str(refusal))
    else:
        status, body = 200, _grant(school, scopes, lasts_s=0 if fault.kind == "expired" else LIFETIME_S)
    text = body if isinstance(body, str) else json.dumps(body)
    response = Response(text, status=status, content_type=rules.content_type)
    response.headers["Cache-Control"] = "no-store"  # RFC 6749 5.1
    return response


def _grant(school: School, scopes: list[str], *, lasts_s: int) -> dict[str, Any]:
    access_token = secrets.token_urlsafe(32)
    school.tokens[access_token] = (frozenset(scopes), time.time() + lasts_s)
    granted = {"token_type": "Bearer", "expires_in": LIFETIME_S, "scope": " ".join(scopes)}
    return {"access_token": access_token, **granted}


def refuse_unless_granted(school: School, scope: str) -> Response | None:
    """The refusal of a call whose bearer token is not good for `scope` (RFC 6750 3.1), or None."""
    authorization = request.authorization
    given = authorization.token if authorization and authorization.type == "bearer" else None
    scopes, expires_at = school.tokens.get(given or "", (frozenset[str](), 0.0))
    if expires_at <= time.time():
        response = jsonify(errors="Invalid Developer Key")
        response.status_code = 401
        response.headers["WWW-Authenticate"] = 'Bearer realm="lti", error="invalid_token"'
        return response
    if scope not in scopes:
        response = jsonify(errors="Insufficient scope")
        response.status_code = 403
        response.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'
        return response
    return None


def _granted_scopes(school: School) -> list[str]:
    if request.form.get("grant_type") != "client_credentials":
        raise TokenRefusedError("unsupported_grant_type", "Only client_credentials is supported.")
    if request.form.get("client_assertion_type") != _JWT_BEARER:
        raise TokenRefusedError("invalid_request", f"client_assertion_type is not {_JWT_BEARER}.")
    _check_assertion(school, request.form.get("client_assertion", ""))
    asked = request.form.get("scope", "").split()
    scopes = [scope for scope in school.tool.scopes if scope in asked]
    if not scopes:
        raise TokenRefusedError("invalid_scope", "None of these scopes is supported.")
    return scopes


def _check_assertion(school: School, assertion: str) -> None:
    """LTI Security 1.0 #using-json-web-tokens-with-oauth-2-0-client-credentials-grant, as far as the family checks."""
    config, tool, rules = school.config, school.tool, school.family.token
    needed = ["iss", "sub", "aud", "iat", "exp", "jti"] if rules.checks_reuse else ["sub", "iat", "exp"]
    try:
        kid = jwt.get_unverified_header(assertion).get("kid")
        claims: dict[str, Any] = jwt.decode(
            assertion,
            tool_key(tool, kid),
            algorithms=["RS256"],
            issuer=tool.client_id if rules.checks_audience else None,
            audience=config.auth_audience,
            options={"require": needed, "verify_aud": rules.checks_audience},
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("invalid_client", f"The assertion is not valid: {fault}") from fault
    if claims["sub"] != tool.client_id:
        raise TokenRefusedError("invalid_client", "sub is not the client_id.")
    if rules.checks_reuse and not school.assertions_used.is_first_use(claims["jti"], expires_at=claims["exp"]):
        raise TokenRefusedError("invalid_client", "This jti was used before.")
