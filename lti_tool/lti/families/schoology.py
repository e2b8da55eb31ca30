"""Schoology (PowerSchool): one issuer for every school, registered by hand only."""

from lti_tool.lti.families.family import Endpoints, Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, choose, paste

_SERVICE = "https://lti-service.svc.schoology.com/lti-service"

_GUIDE = Guide(
    by_hand=(
        Todo(
            "Your role needs the permissions **Develop apps** and **Install applications** (User Management,"
            " Permissions, Schoology Apps and APIs). Without them the next menu is not there."
        ),
        Todo("Go to **App Center**, **My Developer Apps**, **Add App**."),
        Todo(
            "Fill in, accept the terms, and press **Submit**.",
            (
                paste("App Name", "{title}"),
                paste("Description", "{description}"),
                choose("Available for", "Only people in my school"),
                choose("Type of App", "LTI 1.3 App, with “Launch app in Schoology”"),
                choose("This app uses cookies", "leave it unticked"),
                choose("Can be installed for", "Courses, and Course Materials selection"),
                choose("Configuration Type", "Manual"),
                choose("Privacy", "Send Name of user who launches the tool"),
                choose("LTI Advantage", "tick Deep Linking, and Names and Roles Services"),
                choose("Public key type", "Keyset URL"),
                paste("JWKS URL", "{jwks_url}"),
                paste("Domain/URL", "{launch_url}"),
                paste("OIDC Login Init URL", "{login_url}"),
                paste("Redirect URLs", "{launch_url}"),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo("Under the new app press **Options**, **API Info**, and copy the Client ID."),
        Todo("Press **Install LTI 1.3 App**, **I Agree**, **Continue**, **Add to Organization**."),
        Todo("In **Organization Apps** press **Configure** beside it, and copy the whole Deployment ID."),
    ),
    asks=(
        Asked("client_id", "Client ID", "In Options, API Info; such as 7485393815."),
        Asked("deployment_id", "Deployment ID", "In Organization Apps, Configure; such as 7485393815-1380426679."),
    ),
    in_courses=(
        Todo("In **Organization Apps** press **Install** beside it once more, and choose courses. Both are needed."),
        Todo("Teachers must be **Course Admin** of their course; other co-teachers come as students."),
    ),
    teacher_sees="**Creditroll** at the left of the course. From the app menu it says that it wants a course.",
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
        "token": "In Schoology: My Developer Apps, Creditroll, Options, Edit: JWKS URL.",
        "roster": "In Schoology: My Developer Apps, Creditroll, Options, Edit: tick Names and Roles Services.",
    },
    gaps={
        "no_course": "The app menu opens Creditroll outside any course. Open it from inside a course instead.",
        "co_teachers": "A co-teacher who is not a Course Admin comes as a student. Mark them as staff in Members.",
    },
)
