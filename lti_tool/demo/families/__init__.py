"""What this LMS can behave like: a file each."""

from lti_tool.demo.families import blackboard, brightspace, canvas, cert, hostile, moodle, sakai, schoology
from lti_tool.demo.families.family import Family

FAMILIES: dict[str, Family] = {
    one.FAMILY.name: one.FAMILY for one in (canvas, schoology, moodle, brightspace, blackboard, sakai, cert, hostile)
}
"""By name, as in `creditroll demo --family`."""
