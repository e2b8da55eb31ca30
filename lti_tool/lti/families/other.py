"""Any other LMS that speaks LTI 1.3."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, addresses, choose, paste

_GUIDE = Guide(
    by_itself=(
        Todo(
            N_(
                "Many LMSs can register a tool by themselves (“Dynamic Registration”, “Auto provision”): paste this"
                " where"
                " yours asks for a registration URL."
            ),
            (paste("Registration URL", "{registration_url}"),),
        ),
    ),
    by_hand=(
        Todo(
            N_("Add a tool with LTI 1.3. The names in your LMS may differ a little."),
            (
                paste("Name", "{title}"),
                paste("Description", "{description}"),
                paste("Domain", "{domain}"),
                paste("Launch URL, Target Link URI", "{launch_url}"),
                paste("OpenID Connect login initiation URL", "{login_url}"),
                paste("Redirect URI", "{launch_url}"),
                paste("Public keyset (JWKS) URL", "{jwks_url}"),
                paste("Deep linking (content selection) URL", "{launch_url}"),
                paste("Icon URL", "{icon_url}"),
                paste("Custom parameters", "{custom}"),
                choose("Services", "Names and Role Provisioning"),
                choose("Privacy", N_("names; no e-mail address is needed")),
            ),
        ),
    ),
    asks=(
        Asked("issuer", "Issuer, Platform ID"),
        *addresses(
            keys="Public keyset (JWKS) URL",
            access="Access token URL",
            login="Authentication request URL, OIDC authorization endpoint",
        ),
        Asked("client_id", "Client ID"),
        Asked(
            "deployment_id", "Deployment ID", N_("Without it the first launch waits for approval."), is_optional=True
        ),
        Asked("auth_audience", "Access token audience", N_("Only where the LMS names one."), is_optional=True),
    ),
    in_courses=(Todo(N_("Put a link to the tool into a course, as your LMS does it.")),),
    teacher_sees=N_("Teachers then find that link, which opens Creditroll for students too."),
)

FAMILY = Family(name="other", title=N_("Another LMS"), guide=_GUIDE)
