"""docs/operator/payments.md says what the product does: its problems, the webhook's events, a catalogue that loads."""

import ast
import re
from pathlib import Path

from lti_tool import settings
from lti_tool.purchasing.problem_words import WORDS
from lti_tool.purchasing.stripe.events import KINDS
from tests.house.sources import ROOT, product, tree

PAYMENTS = ROOT / "docs" / "operator" / "payments.md"
_NOTING = {"note_problem": 1, "_note_sum": 1, "_note": 0, "resolve": 1, "close_problems": 1}
"""The functions by which a problem is listed or ended, and where they are told its code."""


def codes_in_source() -> set[str]:
    """Every code that the product writes out where it lists or ends a problem."""
    found = set()
    for path in product():
        if not {"purchasing", "jobs.py"} & set(path.parts):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = _NOTING.get(name)
                code = node.args[place] if place is not None and len(node.args) > place else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.add(code.value)
    return found


def test_every_problem_has_its_row_and_every_row_its_problem() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAYMENTS.read_text("utf-8"), re.MULTILINE))
    assert {code: f"{words.title} | {words.todo}" for code, words in WORDS.items()} == rows
    assert codes_in_source() == WORDS.keys()


def test_the_webhook_is_set_to_send_what_is_heard() -> None:
    named = re.findall(r"^ +- `([a-z_.]+)`$", PAYMENTS.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(KINDS)


def test_the_catalogue_of_the_example_can_be_loaded(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.+?)```", PAYMENTS.read_text("utf-8"), re.DOTALL)
    (tmp_path / "creditroll.toml").write_text(example, "utf-8")
    loaded = settings.load({"CREDITROLL_CONFIG": str(tmp_path / "creditroll.toml")})
    assert loaded.catalog.prices["export-credits"].packs[0].price == 5_000
