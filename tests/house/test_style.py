"""What every file keeps to: its size, its first sentence, and nothing left undone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

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


def test_files_and_functions_stay_small() -> None:
    faults = []
    for path in everything():
        if "migrations/versions" in name(path):
            continue  # written once, and read as one list of tables
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE:
            faults.append(f"{name(path)}: {lines} lines")
        faults += [
            f"{name(path)}: {one.name}: {length(one)}" for one in functions(path) if length(one) > LONGEST_FUNCTION
        ]
    assert faults == []


def test_a_file_says_first_what_it_promises() -> None:
    written = [path for path in everything() if path.read_text("utf-8").strip()]
    assert [name(path) for path in written if not ast.get_docstring(tree(path))] == []


def test_public_things_are_documented() -> None:
    faults = []
    for path in product():
        if room_of(path) == "migrations":
            continue  # Alembic fixes the names there, and their meaning
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                faults += [] if ast.get_docstring(node) else [f"{name(path)}: {node.name}"]
    assert faults == []


def test_nothing_is_left_undone_or_skipped() -> None:
    faults = []
    for path in everything():
        text = path.read_text("utf-8")
        if UNFINISHED.search(text) or (SKIPS.search(text) and path != Path(__file__)):
            faults.append(name(path))
    assert faults == []


def test_a_silenced_check_says_which_and_why() -> None:
    faults = []
    for path in everything():
        if path == Path(__file__):
            continue  # it has to write down what it looks for
        for line in path.read_text("utf-8").splitlines():
            is_typed = "# type: ignore" not in line or re.search(r"# type: ignore\[[\w, -]+\] # \w", line)
            is_linted = "# noqa" not in line or re.search(r"# noqa: [A-Z0-9, ]+ [#-] \w", line)
            if not (is_typed and is_linted):
                faults.append(f"{name(path)}: {line.strip()}")
    assert faults == []


def test_domain_rooms_leave_commit_and_clock_to_the_edges() -> None:
    faults = []
    for path in product():
        if room_of(path) not in DOMAIN:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_edge = node.func.attr in ("commit", "utcnow", "today")
                if is_edge or ast.unparse(node.func) in ("clock.now", "datetime.now", "db.transaction"):
                    faults.append(f"{name(path)}: {ast.unparse(node)}")
    assert faults == []


def test_everything_is_caught_in_one_place_only() -> None:
    caught = [
        name(path)
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert caught == ["lti_tool/unforeseen.py"]


def test_no_path_of_somebodys_machine() -> None:
    kept = ("lti_tool", "tests", "bench", "docs", "config", "requirements", "templates", ".ci")
    faults = []
    for pattern in ("*.py", "*.toml", "*.md", "*.txt", "*.html", "*.json", "Makefile", "run"):
        for file in (*ROOT.glob(pattern), *(one for folder in kept for one in (ROOT / folder).rglob(pattern))):
            if file != Path(__file__) and (found := MACHINE.search(file.read_text("utf-8"))):
                faults.append(f"{file.relative_to(ROOT)}: {found.group()}")
    assert faults == []
