"""Blackboard Learn (Anthology): one issuer and one client for every school; only the deployment tells them apart."""

from lti_tool.lti.families.family import Endpoints, Family

_GATEWAY = "https://developer.anthology.com"

FAMILY = Family(
    name="blackboard",
    title="Blackboard",
    product_codes=("blackboardlearn", "blackboard"),
    constant=(
        Endpoints(
            issuer="https://blackboard.com",
            auth_login_url=f"{_GATEWAY}/api/v1/gateway/oidcauth",
            auth_token_url=f"{_GATEWAY}/api/v1/gateway/oauth2/jwttoken",
            jwks_url=f"{_GATEWAY}/.well-known/jwks.json",
        ),
    ),
    hosts=("*.blackboard.com",),
    service_hosts=("*.anthology.com",),
)
