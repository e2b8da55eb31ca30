"""Open edX: often a client of its own for every block of a course."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, addresses, choose, paste

_GUIDE = Guide(
    by_hand=(
        Todo(
            N_(
                "In Studio, in the course: **Settings**, **Advanced Settings**, **Advanced Module List**: add"
                " “lti_consumer”, and press **Save Changes**."
            )
        ),
        Todo(N_("In a unit press **Advanced**, **LTI Consumer**, then **Edit** on the new block.")),
        Todo(
            N_("Fill in, then press **Save**."),
            (
                paste("Display Name", "{title}"),
                choose("LTI Version", "LTI 1.3"),
                paste("Tool Launch URL", "{launch_url}"),
                paste("Registered Redirect URIs", '["{launch_url}"]'),
                paste("Tool Initiate Login URL", "{login_url}"),
                choose("Tool Public Key Mode", "Keyset URL"),
                paste("Tool Keyset URL", "{jwks_url}"),
                choose("Enable LTI NRPS", "True"),
                choose("Deep linking", "False"),
                choose("LTI Launch Target", "New Window"),
            ),
        ),
        Todo(N_("The block now shows the values that we ask for. Then press **Publish**.")),
    ),
    asks=(
        Asked("issuer", "Platform ID (issuer)", N_("The address of your LMS, such as https://courses.school.example.")),
        Asked("client_id", "Client ID"),
        Asked("deployment_id", "Deployment ID", N_("Often 1.")),
        *addresses(
            keys="Keyset URL",
            access="Access Token URL",
            login="Login URL",
        ),
    ),
    in_courses=(
        Todo(
            N_("Every block is a registration of its own, unless your site has reusable configurations: then use one.")
        ),
        Todo(N_("Names come only if sharing them is allowed for the course; without it students have pseudonyms.")),
    ),
    teacher_sees=N_("Teachers then find the block in its unit; its button opens Creditroll in a new tab."),
)

FAMILY = Family(
    name="openedx",
    title="Open edX",
    product_codes=("openedx", "open edx"),
    has_rlid=False,
    guide=_GUIDE,
    mends={
        "token": N_("In Studio: the block’s Tool Public Key Mode and Tool Keyset URL."),
        "roster": N_("In Studio: the block’s Enable LTI NRPS must be True."),
    },
)
