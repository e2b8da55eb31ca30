"""Schoology (PowerSchool): one issuer for every school, registered by hand only."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Endpoints, Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, choose, paste

_SERVICE = "https://lti-service.svc.schoology.com/lti-service"

_GUIDE = Guide(
    by_hand=(
        Todo(
            N_(
                "Your role needs the permissions **Develop apps** and **Install applications** (User Management,"
                " Permissions, Schoology Apps and APIs). Without them the next menu is not there."
            )
        ),
        Todo(N_("Go to **App Center**, **My Developer Apps**, **Add App**.")),
        Todo(
            N_("Fill in, accept the terms, and press **Submit**."),
            (
                paste("App Name", "{title}"),
                paste("Description", "{description}"),
                choose("Available for", "Only people in my school"),
                choose("Type of App", N_("LTI 1.3 App, with “Launch app in Schoology”")),
                choose("This app uses cookies", N_("leave it unticked")),
                choose("Can be installed for", N_("Courses, and Course Materials selection")),
                choose("Configuration Type", "Manual"),
                choose("Privacy", "Send Name of user who launches the tool"),
                choose("LTI Advantage", N_("tick Deep Linking, and Names and Roles Services")),
                choose("Public key type", "Keyset URL"),
                paste("JWKS URL", "{jwks_url}"),
                paste("Domain/URL", "{launch_url}"),
                paste("OIDC Login Init URL", "{login_url}"),
                paste("Redirect URLs", "{launch_url}"),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo(N_("Under the new app press **Options**, **API Info**, and copy the Client ID.")),
        Todo(N_("Press **Install LTI 1.3 App**, **I Agree**, **Continue**, **Add to Organization**.")),
        Todo(N_("In **Organization Apps** press **Configure** beside it, and copy the whole Deployment ID.")),
    ),
    asks=(
        Asked("client_id", "Client ID", N_("In Options, API Info; such as 7485393815.")),
        Asked("deployment_id", "Deployment ID", N_("In Organization Apps, Configure; such as 7485393815-1380426679.")),
    ),
    in_courses=(
        Todo(
            N_("In **Organization Apps** press **Install** beside it once more, and choose courses. Both are needed.")
        ),
        Todo(N_("Teachers must be **Course Admin** of their course; other co-teachers come as students.")),
    ),
    teacher_sees=N_(
        "Teachers then find **Creditroll** at the left of the course. From the app menu it says that it wants a course."
    ),
)

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
    guide=_GUIDE,
    mends={
        "token": N_("In Schoology: My Developer Apps, Creditroll, Options, Edit: JWKS URL."),
        "roster": N_("In Schoology: My Developer Apps, Creditroll, Options, Edit: tick Names and Roles Services."),
    },
    gaps={
        "no_course": N_("The app menu opens Creditroll outside any course. Open it from inside a course instead."),
        "co_teachers": N_("A co-teacher who is not a Course Admin comes as a student. Mark them as staff in Members."),
    },
)
