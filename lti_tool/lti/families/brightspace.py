"""Brightspace (D2L): every school its own issuer, one audience for all access tokens."""

from lti_tool.lti.families.family import Family

FAMILY = Family(
    name="brightspace",
    title="Brightspace",
    product_codes=("desire2learn", "brightspace", "d2l"),
    hosts=("*.brightspace.com",),
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106 # an address, not a password
    gaps={
        "partial_roster": (
            "The roster lists only people who opened Creditroll. Ask your administrator to tick “Classlist including"
            " users not known to this deployment” in the deployment’s security settings."
        ),
    },
    afterwards=(
        "In Manage Extensibility, LTI Advantage, open Creditroll and switch “Enabled” on.",
        "In External Learning Tools, LTI Advantage, press “New Deployment” and choose Creditroll. Under “Security"
        " Settings” tick “Org Unit Information”, the first and last name of “User Information”, and “Classlist"
        " including users not known to this deployment”.",
        "Choose the org units that may use it, and save. Then press “View Links” and “New Link”: only a link can be"
        " added to a course.",
    ),
)
