"""Sakai: every school its own issuer."""

from lti_tool.lti.families.family import Family

FAMILY = Family(name="sakai", title="Sakai", product_codes=("sakai",))
