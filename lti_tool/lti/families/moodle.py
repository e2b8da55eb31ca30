"""Moodle: every school its own issuer, with small numbers as ids."""

from lti_tool.lti.families.family import Family

FAMILY = Family(
    name="moodle",
    title="Moodle",
    product_codes=("moodle",),
    has_assistants=False,
    gaps={
        "assistants": (
            "A non-editing teacher launches as a teacher and is listed as a student. Creditroll keeps them as staff."
        ),
    },
    afterwards=(
        "Press Done below. In Manage tools the card of Creditroll says “Pending”: press “Activate”.",
        "Press the cog on the card, set “Tool configuration usage” to “Show in activity chooser and as a preconfigured"
        " tool”, and save. Without it teachers cannot find Creditroll.",
        "In a course choose “Add an activity or resource”, then Creditroll.",
    ),
)
