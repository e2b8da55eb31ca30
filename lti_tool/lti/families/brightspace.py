"""Brightspace (D2L): every school its own issuer, one audience for all access tokens."""

from lti_tool.language import N_
from lti_tool.lti.families.family import Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, choose, paste

_GUIDE = Guide(
    by_itself=(
        Todo(
            N_(
                "Go to **Admin Tools**, **Manage Extensibility**, **LTI Advantage**, **Register Tool**,"
                " choose **Dynamic**, paste, and press **Register**."
            ),
            (paste("Tool initiation registration endpoint", "{registration_url}"),),
        ),
    ),
    by_hand=(
        Todo(
            N_(
                "Go to **Admin Tools**, **Manage Extensibility**, **LTI Advantage**, **Register Tool**, and choose"
                " **Standard**."
            )
        ),
        Todo(
            N_("Fill in, then press **Register**."),
            (
                paste("Name", "{title}"),
                paste("Description", "{description}"),
                paste("Domain", "{origin}"),
                paste("Redirect URLs", "{launch_url}"),
                paste("OpenID Connect Login URL", "{login_url}"),
                paste("Target Link URI", "{launch_url}"),
                paste("Keyset URL", "{jwks_url}"),
                choose("Extensions", N_("Deep Linking, and Names and Role Provisioning Services")),
                choose("Send Institution Role", N_("leave it unticked")),
                paste("Custom Parameters", "{custom}"),
            ),
        ),
        Todo(N_("Brightspace shows the values that we ask for. Leave its page open; the Deployment Id comes later.")),
    ),
    asks=(
        Asked("client_id", "Client Id"),
        Asked("jwks_url", "Brightspace Keyset URL"),
        Asked("auth_token_url", "Brightspace OAuth2 Access Token URL"),
        Asked("auth_login_url", "OpenID Connect Authentication Endpoint"),
        Asked(
            "auth_audience",
            "Brightspace OAuth2 Audience",
            N_("https://api.brightspace.com/auth/token, unless yours says otherwise."),
            is_optional=True,
        ),
        Asked("issuer", "Issuer"),
        Asked("deployment_id", "Deployment Id", N_("If you have one; else the first launch waits."), is_optional=True),
    ),
    in_courses=(
        Todo(
            N_("Go to **Admin Tools**, **External Learning Tools**, **LTI Advantage**, **New Deployment**."),
            (
                choose("Tool", "Creditroll"),
                paste("Name", "{title}"),
                choose("Extensions", N_("Deep Linking, and Names and Role Provisioning Services, once more")),
                choose(
                    "Security Settings",
                    N_(
                        "Org Unit Information; of User Information the first and last name; Link Information;"
                        " Classlist including users not known to this deployment"
                    ),
                ),
                choose("Configuration", "Open as External Resource"),
            ),
        ),
        Todo(
            N_("Press **Add Org Units**, choose the courses, and press **Create Deployment**. Copy the Deployment Id.")
        ),
        Todo(
            N_("Press **View Links**, **New Link**: before that nobody sees anything."),
            (paste("Name", "{title}"), paste("URL", "{launch_url}"), choose("Type", "Basic Launch")),
        ),
    ),
    teacher_sees=N_(
        "Teachers then find **Creditroll** under **Existing Activities**, **External Learning Tools**, to be put"
        " into a unit."
    ),
)

FAMILY = Family(
    name="brightspace",
    title="Brightspace",
    product_codes=("desire2learn", "brightspace", "d2l"),
    hosts=("*.brightspace.com",),
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106 # an address, not a password
    guide=_GUIDE,
    mends={
        "token": N_(
            "In Brightspace: Manage Extensibility, LTI Advantage, Creditroll: Enabled, Keyset URL, Extensions."
        ),
        "roster": N_("In Brightspace: the deployment, too, must have Names and Role Provisioning Services ticked."),
    },
    gaps={
        "partial_roster": (
            N_(
                "The roster lists only people who opened Creditroll. Ask your administrator to tick “Classlist"
                " including"
                " users not known to this deployment” in the deployment’s security settings."
            )
        ),
    },
    afterwards=(
        N_("In Manage Extensibility, LTI Advantage, open Creditroll and switch “Enabled” on."),
        N_(
            "In External Learning Tools, LTI Advantage, press “New Deployment” and choose Creditroll. Under “Security"
            " Settings” tick “Org Unit Information”, the first and last name of “User Information”, and “Classlist"
            " including users not known to this deployment”."
        ),
        N_(
            "Choose the org units that may use it, and save. Then press “View Links” and “New Link”: only a link can be"
            " added to a course."
        ),
    ),
)
