"""Moodle: every school its own issuer, with small numbers as ids."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, addresses, choose, paste

_GUIDE = Guide(
    by_itself=(
        Todo(
            N_("Go to **Site administration**, **Plugins**, **Activity modules**, **External tool**, **Manage tools**.")
        ),
        Todo(N_("Paste, then press **Add LTI Advantage**."), (paste("Tool URL…", "{registration_url}"),)),
    ),
    by_hand=(
        Todo(
            N_(
                "Go to **Site administration**, **Plugins**, **Activity modules**, **External tool**, **Manage tools**,"
                " **configure a tool manually**."
            )
        ),
        Todo(
            N_("Fill in; the rest of the form is in the next step."),
            (
                paste("Tool name", "{title}"),
                paste("Tool URL", "{launch_url}"),
                paste("Tool description", "{description}"),
                choose("LTI version", "LTI 1.3"),
                choose("Public key type", "Keyset URL"),
                paste("Public keyset", "{jwks_url}"),
                paste("Initiate login URL", "{login_url}"),
                paste("Redirection URI(s)", "{launch_url}"),
                paste("Custom parameters", "{custom}"),
                choose("Tool configuration usage", "Show in activity chooser and as a preconfigured tool"),
                choose("Default launch container", "Embed, without blocks"),
                choose("Supports Deep Linking (Content-Item Message)", N_("tick it")),
                paste("Content Selection URL", "{launch_url}"),
                paste("Icon URL", "{icon_url}"),
            ),
        ),
        Todo(
            N_("In the same form, under **Services** and **Privacy**, choose these; then press **Save changes**."),
            (
                choose(
                    "IMS LTI Names and Role Provisioning",
                    "Use this service to retrieve members’ information as per privacy settings",
                ),
                choose("Share launcher’s name with tool", "Always"),
                choose("Share launcher’s email with tool", "Never"),
            ),
        ),
        Todo(
            N_("Press the magnifier on the tool’s card (**View configuration details**): all that we ask for is there.")
        ),
    ),
    asks=(
        Asked("issuer", "Platform ID"),
        Asked("client_id", "Client ID"),
        Asked("deployment_id", "Deployment ID", N_("A small number, such as 3.")),
        *addresses(
            keys="Public keyset URL",
            access="Access token URL",
            login="Authentication request URL",
        ),
    ),
    in_courses=(
        Todo(
            N_(
                "From Moodle 4.3: in the course go to **More**, **LTI External tools**, and switch on **Show in"
                " activity"
                " chooser** for Creditroll."
            )
        ),
        Todo(
            N_("The teacher turns **Edit mode** on, then **Add an activity or resource**, and chooses **Creditroll**.")
        ),
    ),
    teacher_sees=N_("Teachers then find the activity **Creditroll** in the course, which opens for students too."),
)

FAMILY = Family(
    name="moodle",
    title="Moodle",
    product_codes=("moodle",),
    has_assistants=False,
    guide=_GUIDE,
    mends={
        "token": N_("In Moodle: Manage tools, Creditroll, the gear: Public keyset; and the card must not say Pending."),
        "roster": N_("In Moodle: Manage tools, Creditroll, the gear, Services: IMS LTI Names and Role Provisioning."),
    },
    gaps={
        "assistants": (
            N_(
                "A non-editing teacher launches as a teacher and is listed as a student. Creditroll keeps them as"
                " staff."
            )
        ),
    },
    afterwards=(
        N_("Press Done below. In Manage tools press “Activate” on the card of Creditroll, while it says “Pending”."),
        N_(
            "Press the cog on the card, set “Tool configuration usage” to “Show in activity chooser and as a"
            " preconfigured"
            " tool”, and save. Without it teachers cannot find Creditroll."
        ),
        N_("In a course choose “Add an activity or resource”, then Creditroll."),
    ),
)
