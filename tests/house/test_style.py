"""What every file keeps to: its size, its first sentence, and nothing left undone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT, everything, name, product, tree
from tests.house.test_rooms import DOMAIN, room_of

LONGEST_FILE, LONGEST_FUNCTION = 400, 50
# Put together here, so that this file does not find itself.
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")))
MACHINE = re.compile(r"(?<![\w.])/(root|home|work|Users)/\w")
SKIPS = re.compile(r"pytest\.mark\.(skip|xfail)|pytest\.xfail|@unittest")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of the file, inner ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", everything(), ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    if "migrations/versions" in name(path):
        return  # written once, and read as one list of tables
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE
    long = [f"{node.name}: {length(node)} lines" for node in functions(path) if length(node) > LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize("path", everything(), ids=name)
def test_a_file_says_first_what_it_promises(path: Path) -> None:
    if path.read_text("utf-8").strip():
        assert ast.get_docstring(tree(path)), "a module begins with its promise"


@pytest.mark.parametrize("path", product(), ids=name)
def test_public_things_are_documented(path: Path) -> None:
    if room_of(path) == "migrations":
        return  # Alembic fixes the names there, and their meaning
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("path", everything(), ids=name)
def test_nothing_is_left_undone_or_skipped(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not UNFINISHED.search(text)
    assert not SKIPS.search(text) or path == Path(__file__)


@pytest.mark.parametrize("path", everything(), ids=name)
def test_a_silenced_check_says_which_and_why(path: Path) -> None:
    if path == Path(__file__):
        return  # it has to write down what it looks for
    for line in path.read_text("utf-8").splitlines():
        if "# type:" + " ignore" in line:
            assert re.search(r"# type: ignore\[[\w, -]+\] # \w", line), line.strip()
        if "# no" + "qa" in line:
            assert re.search(r"# noqa: [A-Z0-9, ]+ [#-] \w", line), line.strip()


@pytest.mark.parametrize("path", [one for one in product() if room_of(one) in DOMAIN], ids=name)
def test_domain_rooms_leave_commit_and_clock_to_the_edges(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("commit", "utcnow", "today"), ast.unparse(node)
            assert ast.unparse(node.func) not in ("clock.now", "datetime.now", "db.transaction"), ast.unparse(node)


def test_everything_is_caught_in_one_place_only() -> None:
    caught = [
        name(path)
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert set(caught) <= {"lti_tool/web/errors.py"}
    assert len(caught) <= 1


@pytest.mark.parametrize("pattern", ["*.py", "*.toml", "*.md", "*.txt", "*.html", "*.json", "Makefile", "run"])
def test_no_path_of_somebodys_machine(pattern: str) -> None:
    kept = ("lti_tool", "tests", "bench", "docs", "config", "requirements", "templates", ".ci")
    files = [*ROOT.glob(pattern), *(file for folder in kept for file in (ROOT / folder).rglob(pattern))]
    for file in files:
        found = MACHINE.search(file.read_text("utf-8"))
        assert not found or file == Path(__file__), f"{file.name}: {found and found.group()}"
