"""Open edX: often a client of its own for every block of a course."""

from lti_tool.lti.families.family import Family

FAMILY = Family(name="openedx", title="Open edX", product_codes=("openedx", "open edx"), has_rlid=False)
