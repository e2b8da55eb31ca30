"""Sakai: every school its own issuer."""

from lti_tool.lti.families.family import Family

FAMILY = Family(
    name="sakai",
    title="Sakai",
    product_codes=("sakai",),
    afterwards=(
        "Press Done below: this window closes. In External Tools, Creditroll is in the list of tools.",
        "Edit it there: allow it to be given names and the list of a site’s members, and save.",
        "In a site choose Site Info, “Manage Tools”, and tick Creditroll under “Plugin Tools”.",
    ),
)
