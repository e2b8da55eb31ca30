"""Sakai: every school its own issuer."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, addresses, choose, paste

_GUIDE = Guide(
    by_itself=(
        Todo(
            N_(
                "Go to **Administration Workspace**, **External Tools**, **LTI Advantage Auto Provision**, give"
                " the tool a title, and press **Auto-Provision**."
            )
        ),
        Todo(
            N_("Press **Use LTI Advantage Auto Configuration**, and paste."),
            (paste("Registration URL", "{registration_url}"),),
        ),
    ),
    by_hand=(
        Todo(N_("Go to **Administration Workspace**, **External Tools**, **Install LTI 1.x Tool**.")),
        Todo(
            N_("Fill in, then press **Save**."),
            (
                paste("Tool Title", "{title}"),
                paste("Button Text", "{title}"),
                paste("Launch URL", "{launch_url}"),
                choose("The tool URL supports", N_("LTI Resource Link, and Deep Linking")),
                choose("Send User Names to External Tool", N_("tick it")),
                choose("Send Email Addresses to External Tool", N_("leave it unticked")),
                choose("Provide Roster to External Tool", N_("tick it")),
                choose("Tool supports LTI 1.3", N_("tick it")),
                paste("LTI 1.3 Tool Keyset URL", "{jwks_url}"),
                paste("LTI 1.3 Tool OpenID Connect/Initialization Endpoint", "{login_url}"),
                paste("LTI 1.3 Tool Redirect Endpoint(s)", "{launch_url}"),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo(N_("Press the new tool’s name in the list: Sakai shows the values that we ask for.")),
    ),
    asks=(
        Asked("issuer", "LTI 1.3 Platform Issuer"),
        Asked("client_id", "LTI 1.3 Client ID"),
        Asked("deployment_id", "LTI 1.3 Deployment ID", N_("Often 1.")),
        *addresses(
            keys="LTI 1.3 Platform OAuth2 Well-Known/KeySet URL",
            access="LTI 1.3 Platform OAuth2 Bearer Token Retrieval URL",
            login="LTI 1.3 Platform OIDC Authentication URL",
        ),
    ),
    in_courses=(
        Todo(
            N_(
                "In a site go to **Site Info**, **Manage Tools**, **External Tools**, tick **Creditroll**, and"
                " continue."
            )
        ),
    ),
    teacher_sees=N_("Teachers then find **Creditroll** in the tool menu of the site."),
)

FAMILY = Family(
    name="sakai",
    title="Sakai",
    product_codes=("sakai",),
    afterwards=(
        N_("Press Done below: this window closes. In External Tools, Creditroll is in the list of tools."),
        N_("Edit it there: allow it to be given names and the list of a site’s members, and save."),
        N_("In a site choose Site Info, “Manage Tools”, and tick Creditroll under “Plugin Tools”."),
    ),
    guide=_GUIDE,
    mends={
        "token": N_("In Sakai: External Tools, Creditroll, Edit: LTI 1.3 Tool Keyset URL."),
        "roster": N_("In Sakai: External Tools, Creditroll, Edit: Provide Roster to External Tool."),
    },
)
