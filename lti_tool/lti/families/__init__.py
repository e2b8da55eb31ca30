"""The kinds of LMS that we know, a file each."""

from lti_tool.lti.families import blackboard, brightspace, canvas, moodle, openedx, other, sakai, schoology
from lti_tool.lti.families.family import Endpoints, Family
from lti_tool.lti.families.guide import Asked, Guide, Todo, Value

__all__ = ["FAMILIES", "Asked", "Endpoints", "Family", "Guide", "Todo", "Value", "of_host", "of_product"]

FAMILIES: dict[str, Family] = {
    one.FAMILY.name: one.FAMILY for one in (canvas, schoology, moodle, brightspace, blackboard, sakai, openedx, other)
}
"""By name."""


def of_product(code: str) -> Family:
    """The family that calls itself so in a configuration or launch; `other` where none does."""
    wanted = code.strip().lower()
    return next((family for family in FAMILIES.values() if wanted in family.product_codes), other.FAMILY)


def of_host(host: str) -> Family | None:
    """The family whose vendor answers at this host; None where a school may run any LMS."""
    return next((family for family in FAMILIES.values() if family.has_host(host)), None)
