"""docs/accessibility.md has a verdict for every criterion of WCAG 2.2, A and AA, and the tests that it names exist."""

import re
from collections import Counter

from tests.house.sources import ROOT

REPORT = ROOT / "docs" / "accessibility.md"
LEVELS = {
    "A": "1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3"
    " 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.2",
    "AA": "1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11 2.5.7 2.5.8"
    " 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3",
}
"""WCAG 2.2, W3C Recommendation; 4.1.1 is obsolete there."""
_ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+) [^|]+ \| (A+) \| (supports|partly|does not|not applicable) \| .{5,} \|$", re.MULTILINE
)


def test_every_criterion_has_one_verdict() -> None:
    rows = _ROW.findall(REPORT.read_text("utf-8"))
    expected = [(number, level) for level, numbers in LEVELS.items() for number in numbers.split()]
    assert sorted((number, level) for number, level, _ in rows) == sorted(expected)


def test_the_sum_of_the_verdicts_is_what_the_report_says_in_short() -> None:
    text = REPORT.read_text("utf-8")
    verdicts = Counter(verdict for _, _, verdict in _ROW.findall(text))
    said = re.search(r"\*\*In short:\*\* (\d+) criteria are supported, (\d+) in part, (\d+) have nothing", text)
    assert said
    assert [verdicts["supports"], verdicts["partly"], verdicts["not applicable"]] == [int(one) for one in said.groups()]
    assert verdicts["does not"] == 0


def test_the_tests_that_it_names_exist() -> None:
    text = REPORT.read_text("utf-8")
    files = set(re.findall(r"`(tests/[\w/]+\.py)`", text))
    names = set(re.findall(r"`(test_\w+)`", text))
    assert files
    assert [path for path in sorted(files) if not (ROOT / path).is_file()] == []
    defined = {
        name
        for folder in ("browser", "house")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert names
    assert sorted(names - defined) == []
