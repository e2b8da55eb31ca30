"""Blackboard Learn (Anthology): one issuer and one client for every school; only the deployment tells them apart."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Endpoints, Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, choose, paste

_GATEWAY = "https://developer.anthology.com"

_GUIDE = Guide(
    by_hand=(
        Todo(
            N_(
                "Only once, and only whoever runs Creditroll: at **developer.anthology.com** press **+** to register an"
                " application. Schools never do this."
            )
        ),
        Todo(
            N_("Fill in, then press **Register Application**."),
            (
                paste("Application Name", "{title}"),
                paste("Description", "{description}"),
                paste("Domain(s)", "{domain}"),
                choose("My integration supports LTI 1.3", N_("switch it on")),
                paste("Login Initiation URL", "{login_url}"),
                paste("Tool Redirect URL(s)", "{launch_url}"),
                paste("Tool JWKS URL", "{jwks_url}"),
                choose("Signing Algorithm", "RS256"),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo(N_("Copy the **Application ID**: it is the Client ID of every school.")),
    ),
    asks=(
        Asked("client_id", "Application ID (Client ID)", N_("Such as 2761a189-689a-4eae-9d14-70a3aa78fb95.")),
        Asked(
            "deployment_id",
            "Deployment ID",
            N_("Of the first school, if it has one already; others wait after their first launch."),
            is_optional=True,
        ),
    ),
    in_courses=(
        Todo(
            N_(
                "Each school: in the **Administrator Panel** go to **LTI Tool Providers**, **Register LTI 1.3/Advantage"
                " Tool**."
            )
        ),
        Todo(N_("Fill in, and press **Submit**."), (paste("Client ID", "{client_id}"),)),
        Todo(
            N_("Then set, copy the Deployment ID, and press **Submit**."),
            (
                choose("Tool Status", "Approved"),
                choose("User Fields to Send", N_("Role in Course, and Name")),
                choose("Allow grade service access", "No"),
                choose("Allow Membership Service Access", "Yes"),
            ),
        ),
        Todo(
            N_("In the tool’s menu choose **Manage Placements**, **Create Placement**."),
            (
                paste("Label", "{title}"),
                choose("Type", N_("Course content tool, with “Allow student access”")),
                paste("Tool Provider URL", "{launch_url}"),
            ),
        ),
        Todo(
            N_(
                "Open Creditroll once from a course. It says that it waits: send the Deployment ID to whoever runs"
                " Creditroll, who approves it."
            )
        ),
    ),
    teacher_sees=N_(
        "Teachers then find **Creditroll** in the **Content Market** (Ultra) or under **Build Content** (Original)."
    ),
)

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
    has_one_client=True,
    omits_link=True,
    guide=_GUIDE,
    mends={
        "token": N_("At developer.anthology.com: the application’s Tool JWKS URL."),
        "roster": N_("In Blackboard: LTI Tool Providers, Creditroll, Edit: Allow Membership Service Access."),
    },
)
