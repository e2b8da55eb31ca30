"""docs/admin/ says what the pages of /register say: no name of a button or field is in one and not in the other."""

import re

import pytest

from lti_tool.lti.families import FAMILIES, Family
from tests.house.sources import ROOT

ADMIN = ROOT / "docs" / "admin"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_each_lms_has_a_page_with_every_name_that_its_administrator_sees(family: Family) -> None:
    page = (ADMIN / f"{family.name}.md").read_text("utf-8")
    guide = family.guide
    todos = (*guide.by_itself, *guide.by_hand, *guide.in_courses)
    told = [todo.says for todo in todos] + [guide.teacher_sees]
    if guide.by_itself:  # on the page itself, the button is below
        told += [step.replace("Press Done below", "Press **Done**") for step in family.afterwards]
    fields = [value.label for todo in todos for value in todo.values] + [asked.label for asked in guide.asks]
    assert [text for text in told if text not in page] == []
    assert [label for label in fields if label not in page] == []


def test_the_first_page_leads_to_each() -> None:
    linked = re.findall(r"\]\((\w+)\.md\)", (ADMIN / "README.md").read_text("utf-8"))
    assert linked == list(FAMILIES)
    assert {page.stem for page in ADMIN.glob("*.md")} == {*FAMILIES, "README"}
