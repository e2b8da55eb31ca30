"""Sakai: every school its own issuer."""

from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, addresses, choose, paste

_TOOLS = "Go to **Administration Workspace**, **External Tools**"

_GUIDE = Guide(
    by_itself=(
        Todo(f"{_TOOLS}, **LTI Advantage Auto Provision**, give the tool a title, and press **Auto-Provision**."),
        Todo(
            "Press **Use LTI Advantage Auto Configuration**, and paste.",
            (paste("Registration URL", "{registration_url}"),),
        ),
    ),
    by_hand=(
        Todo(f"{_TOOLS}, **Install LTI 1.x Tool**."),
        Todo(
            "Fill in, then press **Save**.",
            (
                paste("Tool Title", "{title}"),
                paste("Button Text", "{title}"),
                paste("Launch URL", "{launch_url}"),
                choose("The tool URL supports", "LTI Resource Link, and Deep Linking"),
                choose("Send User Names to External Tool", "tick it"),
                choose("Send Email Addresses to External Tool", "leave it unticked"),
                choose("Provide Roster to External Tool", "tick it"),
                choose("Tool supports LTI 1.3", "tick it"),
                paste("LTI 1.3 Tool Keyset URL", "{jwks_url}"),
                paste("LTI 1.3 Tool OpenID Connect/Initialization Endpoint", "{login_url}"),
                paste("LTI 1.3 Tool Redirect Endpoint(s)", "{launch_url}"),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo("Press the new tool’s name in the list: Sakai shows the values that we ask for."),
    ),
    asks=(
        Asked("issuer", "LTI 1.3 Platform Issuer"),
        Asked("client_id", "LTI 1.3 Client ID"),
        Asked("deployment_id", "LTI 1.3 Deployment ID", "Often 1."),
        *addresses(
            keys="LTI 1.3 Platform OAuth2 Well-Known/KeySet URL",
            access="LTI 1.3 Platform OAuth2 Bearer Token Retrieval URL",
            login="LTI 1.3 Platform OIDC Authentication URL",
        ),
    ),
    in_courses=(
        Todo("In a site go to **Site Info**, **Manage Tools**, **External Tools**, tick **Creditroll**, and continue."),
    ),
    teacher_sees="**Creditroll** in the tool menu of the site.",
)

FAMILY = Family(
    name="sakai",
    title="Sakai",
    product_codes=("sakai",),
    afterwards=(
        "Press Done below: this window closes. In External Tools, Creditroll is in the list of tools.",
        "Edit it there: allow it to be given names and the list of a site’s members, and save.",
        "In a site choose Site Info, “Manage Tools”, and tick Creditroll under “Plugin Tools”.",
    ),
    guide=_GUIDE,
    mends={
        "token": "In Sakai: External Tools, Creditroll, Edit: LTI 1.3 Tool Keyset URL.",
        "roster": "In Sakai: External Tools, Creditroll, Edit: Provide Roster to External Tool.",
    },
)
