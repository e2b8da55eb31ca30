"""The token endpoint: an access token for whoever proves by a signature that it is the tool (RFC 7523)."""

import secrets
import time
from typing import Any

import jwt
import requests
from flask import Blueprint, Response, jsonify, request

from lti_tool.demo.config import TOKEN_PATH, LmsConfig
from lti_tool.demo.school import School, this_school

NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SUPPORTED_SCOPES = (NRPS_SCOPE,)
LIFETIME_S = 3600
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

routes = Blueprint("service_tokens", __name__)


class TokenRefusedError(Exception):
    """No token: `error` is one of RFC 6749 5.2, the text says why."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


@routes.post(TOKEN_PATH)
def token() -> Response:
    """client_credentials with private_key_jwt; grants the supported ones of the scopes asked for."""
    school = this_school()
    fault = school.faults.strike("token")
    planted = fault.refusal()
    if planted:
        return planted
    try:
        scopes = _granted_scopes(school)
    except TokenRefusedError as refusal:
        response = jsonify(error=refusal.error, error_description=str(refusal))
        response.status_code = 401 if refusal.error == "invalid_client" else 400
    else:
        now = time.time()
        access_token = secrets.token_urlsafe(32)
        lasts_s = 0 if fault.kind == "expired" else LIFETIME_S
        school.tokens[access_token] = (frozenset(scopes), now + lasts_s)
        granted = {"token_type": "Bearer", "expires_in": LIFETIME_S, "scope": " ".join(scopes)}
        response = jsonify(access_token=access_token, **granted)
    response.headers["Cache-Control"] = "no-store"  # RFC 6749 5.1
    return response


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
    scopes = [scope for scope in SUPPORTED_SCOPES if scope in asked]
    if not scopes:
        raise TokenRefusedError("invalid_scope", "None of these scopes is supported.")
    return scopes


def _check_assertion(school: School, assertion: str) -> None:
    """LTI Security 1.0 #using-json-web-tokens-with-oauth-2-0-client-credentials-grant, every clause of it."""
    config = school.config
    try:
        kid = jwt.get_unverified_header(assertion).get("kid")
        claims: dict[str, Any] = jwt.decode(
            assertion,
            _tool_key(config, kid),
            algorithms=["RS256"],
            issuer=config.client_id,
            audience=config.auth_token_url,
            options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"]},
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("invalid_client", f"The assertion is not valid: {fault}") from fault
    if claims["sub"] != config.client_id:
        raise TokenRefusedError("invalid_client", "sub is not the client_id.")
    if not school.assertions_used.is_first_use(claims["jti"], expires_at=claims["exp"]):
        raise TokenRefusedError("invalid_client", "This jti was used before.")


def _tool_key(config: LmsConfig, kid: str | None) -> jwt.PyJWK:
    """The tool's public key of that name, fetched for every token as Canvas does: never a stale one."""
    try:
        answer = requests.get(config.tool_jwks_url, timeout=5, headers={"User-Agent": "demo-lms"})
        answer.raise_for_status()
        for jwk in jwt.PyJWKSet.from_dict(answer.json()).keys:
            if kid is not None and jwk.key_id == kid:
                return jwk
    except (requests.RequestException, jwt.PyJWKSetError) as fault:
        raise TokenRefusedError("invalid_client", f"The tool's key set could not be read: {fault}") from fault
    raise TokenRefusedError("invalid_client", f"The tool's key set has no key {kid!r}.")
