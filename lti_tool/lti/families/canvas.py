"""Canvas (Instructure). Facts: Canvas's API documentation; one issuer for every school in its cloud."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Endpoints, Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, choose, paste


def _cloud(title: str, stage: str) -> Endpoints:
    return Endpoints(
        title=title,
        issuer=f"https://canvas.{stage}instructure.com",
        auth_login_url=f"https://sso.{stage}canvaslms.com/api/lti/authorize_redirect",
        auth_token_url=f"https://sso.{stage}canvaslms.com/login/oauth2/token",
        jwks_url=f"https://sso.{stage}canvaslms.com/api/lti/security/jwks",
    )


_GUIDE = Guide(
    by_itself=(
        Todo(N_("Go to **Admin**, choose your account, then **Apps**, **Manage**, **Install a New App**.")),
        Todo(
            N_("Choose and paste, then press **Continue**."),
            (
                choose("LTI Version", "1.3"),
                choose("Install Method", "Dynamic Registration"),
                paste("Dynamic Registration URL", "{registration_url}"),
            ),
        ),
    ),
    by_hand=(
        Todo(N_("Go to **Admin**, choose your account, then **Developer Keys**, **+ Developer Key**, **+ LTI Key**.")),
        Todo(
            N_("Fill in, then press **Save**."),
            (
                paste("Key Name", "{title}"),
                paste("Redirect URIs", "{launch_url}"),
                choose("Method", "Enter URL"),
                paste("JSON URL", "{config_url}"),
            ),
        ),
        Todo(N_("Set the key’s **State** to **On**, and copy the number in its **Details** column: the Client ID.")),
        Todo(
            N_(
                "Go to **Settings**, **Apps**, **View App Configurations**, **+ App**; then press **Submit**,"
                " **Install**."
            ),
            (choose("Configuration Type", "By Client ID"), choose("Client ID", N_("the number from before"))),
        ),
        Todo(N_("Open the app’s gear menu, **Deployment Id**, and copy it.")),
    ),
    asks=(
        Asked(
            "client_id", "Client ID", N_("The number in the Details column of Developer Keys, such as 10000000000068.")
        ),
        Asked(
            "deployment_id",
            "Deployment Id",
            N_("Such as 106:8865aa05b4b7…; without it the first launch waits for approval."),
            is_optional=True,
        ),
    ),
    in_courses=(
        Todo(
            N_("Installed in the account, Creditroll is in the menu of every course below it. Nothing more is needed.")
        ),
        Todo(
            N_(
                "In one course only: install it in that course’s **Settings**, **Apps**. That is another Deployment Id,"
                " which waits for approval after its first launch."
            )
        ),
    ),
    teacher_sees=N_(
        "Teachers then find **Creditroll** in the course menu, and in the lists of external tools of modules and"
        " assignments."
    ),
)

FAMILY = Family(
    name="canvas",
    title="Canvas",
    product_codes=("canvas",),
    # Beta and test are copies of production with the same client and deployments: their books are kept apart.
    constant=(_cloud("Production", ""), _cloud("Beta", "beta."), _cloud("Test", "test.")),
    hosts=("*.instructure.com",),
    service_hosts=("*.canvaslms.com",),
    roster_limit=50,
    extension="https://canvas.instructure.com/lti/",
    afterwards=(
        N_(
            "Press Done below. Canvas then shows what Creditroll asks for, page by page: permissions, privacy,"
            " placements"
            " and names. Leave them as they are."
        ),
        N_("On the last page press “Install & Enable”."),
        N_("Open a course: Creditroll is in its menu. Where it is not, it is hidden under Settings, Navigation."),
    ),
    guide=_GUIDE,
    mends={
        "token": N_("In Canvas: Admin, Developer Keys: the key’s State must be On."),
        "roster": N_("In Canvas: Admin, Apps, Manage, Creditroll, Permissions: allow the list of people of a course."),
    },
)
