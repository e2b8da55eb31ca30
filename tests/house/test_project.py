"""What the project promises about itself: settings documented, locks without addresses, every route's callers known."""

import re
import tomllib
from dataclasses import fields
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.settings import Settings
from lti_tool.web.access import Rule
from tests.conformance.suite import CASES, TRAPS
from tests.house.sources import ROOT, imports, name, product


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These tests ask nothing of the database."""
    return sqlite_url


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    undeclared = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not isinstance(getattr(app.view_functions[rule.endpoint], "access", None), Rule)
    ]
    assert undeclared == []


def test_every_setting_has_a_default_and_is_documented() -> None:
    defaults = (ROOT / "config" / "default.toml").read_text("utf-8")
    known = fields(Settings)
    assert {field.name for field in known} == tomllib.loads(defaults).keys()
    documented = (ROOT / "docs" / "operator" / "settings.md").read_text("utf-8")
    for field in known:
        key = rf"({field.name} = |\[{field.name}[.\]])"
        assert re.search(rf"^# .+\n{key}", defaults, re.MULTILINE), f"{field.name} has no comment"
        assert f"`{field.name}`" in documented or f"`CREDITROLL_{field.name.upper()}`" in documented, field.name


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda lock: lock.name)
def test_locks_have_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    pins = re.findall(r"^\S+==", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\S+==.*\\\n +--hash=sha256:", text, re.MULTILINE)) > 0


def test_the_wheel_asks_for_what_the_lock_was_made_from() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert asked == (ROOT / "requirements" / "runtime.in").read_text("utf-8").split()


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    runtime, dev = ((ROOT / "requirements" / f"{lock}.txt").read_text("utf-8") for lock in ("runtime", "dev"))
    pins = re.findall(r"^\S+==\S+", runtime, re.MULTILINE)
    assert set(pins) <= set(re.findall(r"^\S+==\S+", dev, re.MULTILINE))


def test_every_certification_case_has_its_test_and_the_suite_lists_every_test() -> None:
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests" / "conformance").glob("test_*.py"))
    named = re.findall(r'(?:^def test_|^    ")([a-z]\d+)_\w+(?:\(|": )', tests, re.MULTILINE | re.IGNORECASE)
    assert {case.upper() for case in named} == CASES.keys()
    assert set(re.findall(r"^def test_trap_(\w+)\(", tests, re.MULTILINE)) == set(TRAPS)


def test_every_test_that_the_proofs_name_is_there() -> None:
    proofs = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("conformance.md", "ledger.md"))
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)(?:\[(\w+)\])?`", proofs)
    missing = []
    for file, test, case in named:
        path = ROOT / "tests" / file
        text = path.read_text("utf-8") if path.exists() else ""
        if f"def {test}(" not in text or (case and f'"{case}"' not in text):
            missing.append(f"{file}::{test}[{case}]")
    assert len(named) > 50
    assert missing == []


def test_every_rule_that_is_cited_is_written_down() -> None:
    rules = (ROOT / "docs" / "rules.md").read_text("utf-8")
    written = set(re.findall(r"^- \*\*(R\d+a?)\*\* ", rules, re.MULTILINE))
    cited = {rule for file in product() for rule in re.findall(r"\bR\d+a?\b", file.read_text("utf-8"))}
    assert len(cited) > 20
    assert cited - written == set()


def test_every_make_target_is_listed_and_in_the_contract() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    listed = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert {"venv", "demo", "demo-reset", "test", "lint", "format", "bench"} <= set(listed)
    assert set(listed) == set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=name)
def test_every_link_in_the_documentation_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_every_file_that_the_documentation_names_is_there() -> None:
    kept = ("lti_tool", "tests", "bench", "templates", "docs")
    there = {name(path) for folder in kept for path in (ROOT / folder).rglob("*.*")}
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        named = re.findall(r"`([\w/-]+\.(?:py|html))\b[^`]*`", page.read_text("utf-8"))
        lost = [file for file in named if not any(f"/{one}".endswith(f"/{file}") for one in there)]
        assert lost == [], name(page)


def test_every_dependency_is_used_and_every_import_is_asked_for() -> None:
    asked = {re.split(r"[\[=]", line)[0] for line in (ROOT / "requirements" / "runtime.in").read_text("utf-8").split()}
    providers = packages_distributions()
    imported = {
        provider.lower().replace("_", "-")
        for file in product()
        for module in imports(file)
        for provider in providers.get(module.split(".")[0], [])
    }
    by_address = {"psycopg"}  # SQLAlchemy loads it for postgresql URLs
    parts = {"werkzeug", "jinja2", "markupsafe", "urllib3", "pydantic-core"}  # of Flask, Requests and Pydantic
    assert (imported | by_address) - parts - {"creditroll"} == asked - parts
