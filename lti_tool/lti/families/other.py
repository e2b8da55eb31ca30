"""Any other LMS that speaks LTI 1.3."""

from lti_tool.lti.families.family import Family

FAMILY = Family(name="other", title="Another LMS")
