"""Schoology (PowerSchool): one issuer for every school, registered by hand only."""

from lti_tool.lti.families.family import Endpoints, Family

_SERVICE = "https://lti-service.svc.schoology.com/lti-service"

FAMILY = Family(
    name="schoology",
    title="Schoology",
    product_codes=("schoology",),
    constant=(
        Endpoints(
            issuer="https://schoology.schoology.com",
            auth_login_url=f"{_SERVICE}/authorize-redirect",
            auth_token_url=f"{_SERVICE}/access-token",
            jwks_url=f"{_SERVICE}/.well-known/jwks",
        ),
    ),
    hosts=("*.schoology.com",),
    roster_limit=100,
    has_rlid=False,
    gaps={
        "no_course": "The app menu opens Creditroll outside any course. Open it from inside a course instead.",
        "co_teachers": "A co-teacher who is not a Course Admin comes as a student. Mark them as staff in Members.",
    },
)
