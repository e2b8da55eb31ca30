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
)
