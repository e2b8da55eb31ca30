"""Canvas (Instructure). Facts: Canvas's API documentation; one issuer for every school in its cloud."""

from lti_tool.lti.families.family import Endpoints, Family


def _cloud(stage: str) -> Endpoints:
    return Endpoints(
        issuer=f"https://canvas.{stage}instructure.com",
        auth_login_url=f"https://sso.{stage}canvaslms.com/api/lti/authorize_redirect",
        auth_token_url=f"https://sso.{stage}canvaslms.com/login/oauth2/token",
        jwks_url=f"https://sso.{stage}canvaslms.com/api/lti/security/jwks",
    )


FAMILY = Family(
    name="canvas",
    title="Canvas",
    product_codes=("canvas",),
    # Beta and test are copies of production with the same client and deployments: their books are kept apart.
    constant=(_cloud(""), _cloud("beta."), _cloud("test.")),
    hosts=("*.instructure.com",),
    service_hosts=("*.canvaslms.com",),
    roster_limit=50,
    extension="https://canvas.instructure.com/lti/",
    afterwards=(
        "Press Done below. Canvas then shows what Creditroll asks for, page by page: permissions, privacy, placements"
        " and names. Leave them as they are.",
        "On the last page press “Install & Enable”.",
        "Open a course: Creditroll is in its menu. Where it is not, it is hidden under Settings, Navigation.",
    ),
)
