"""`creditroll platform`, as docs/operator/registration.md describes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.cli.conftest import CLIENT, ISSUER, Run, add_platform
from tests.demo_lms import running
from tests.lti_platform import key


def test_a_platform_is_added_with_its_deployments(run: Run) -> None:
    added = add_platform(run, "--deployment-id", "d1", "--family", "canvas")
    assert added == {
        "id": added["id"],
        "name": "School",
        "family": "canvas",
        "issuer": ISSUER,
        "client_id": CLIENT,
        "status": "active",
        "deployments": [{"deployment_id": "d1", "status": "active", "license": None}],
    }
    assert run("platform", "show", added["id"], "--json").json == added
    assert run("platform", "list", "--json").json == [added]


def test_a_platform_is_disabled_and_approved_again(run: Run) -> None:
    platform_id = add_platform(run)["id"]
    assert run("platform", "disable", platform_id, "--json").json["status"] == "disabled"
    assert run("platform", "approve", platform_id, "--json").json["status"] == "active"


def test_approving_a_deployment_admits_it(run: Run) -> None:
    platform_id = add_platform(run)["id"]
    approved = run("platform", "approve", platform_id, "--deployment-id", "d9", "--json").json
    assert approved["deployments"] == [{"deployment_id": "d9", "status": "active", "license": None}]


def test_people_see_lines_and_not_json(run: Run) -> None:
    add_platform(run, "--deployment-id", "d1")
    listed = run("platform", "list").out
    assert "School" in listed
    assert "deployment d1  active  license none" in listed


def test_people_see_the_addresses_to_judge_and_the_page_to_send_on(run: Run) -> None:
    platform_id = add_platform(run)["id"]
    shown = run("platform", "show", platform_id).out
    assert f"http://127.0.0.1:8000/register/{platform_id}" in shown
    assert all(f"{ISSUER}/{kind}" in shown for kind in ("auth-login", "auth-token", "jwks"))


def test_the_same_registration_twice_is_refused_in_one_line(run: Run) -> None:
    add_platform(run)
    urls = ["--auth-login-url", f"{ISSUER}/a", "--auth-token-url", f"{ISSUER}/t", "--jwks-url", f"{ISSUER}/k"]
    again = run("platform", "add", "--name", "Again", "--issuer", ISSUER, "--client-id", CLIENT, *urls)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("creditroll: ")
    assert again.err.count("\n") == 1


def test_an_unknown_platform_is_refused_and_wrong_usage_told_apart(run: Run) -> None:
    assert run("platform", "show", "nothing").code == 1
    assert run("platform", "add", "--name", "x").code == 2
    assert run("platform", "add", "--family", "pigeon").code == 2
    assert run("nonsense").code == 2


@pytest.fixture
def lms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An LMS that shows its keys, lets nobody in, and has no service at all; its address."""
    monkeypatch.setenv("CREDITROLL_KEYS_DIR", str(tmp_path / "keys"))
    monkeypatch.setenv("CREDITROLL_ALLOW_PRIVATE_HOSTS", "localhost")
    app = Flask(__name__)
    app.add_url_rule("/auth", "auth", view_func=lambda: ("Sign in first.", 401))
    app.add_url_rule("/jwks", "jwks", view_func=lambda: {"keys": [key().jwk]})
    with running(app) as url:
        yield url


def add_lms(run: Run, lms: str, *, jwks: str) -> str:
    urls = ["--auth-login-url", f"{lms}/auth", "--auth-token-url", f"{lms}/token", "--jwks-url", jwks]
    done = run("platform", "add", "--name", "School", "--issuer", lms, "--client-id", "c-1", *urls, "--json")
    return str(done.json["id"])


def test_check_says_of_each_step_how_it_ended_and_fails_if_one_did(run: Run, lms: str) -> None:
    platform_id = add_lms(run, lms, jwks=f"{lms}/nothing")
    checked = run("platform", "check", platform_id, "--json")
    assert checked.code == 1
    assert {step["name"]: step["result"] for step in checked.json} == {
        "login": "ok",
        "keys": "failed",
        "token": "failed",
        "roster": "skipped",
        "deployments": "skipped",
        "clock": "ok",
    }
    assert set(checked.json[0]) == {"name", "title", "result", "found", "mend"}
    lines = run("platform", "check", platform_id).out
    assert "failed  The LMS’s keys: The LMS’s key set cannot be used: status 404." in lines
    assert "creditroll platform correct" in lines


def test_a_mistyped_address_is_corrected_and_checked_again(run: Run, lms: str) -> None:
    platform_id = add_lms(run, lms, jwks=f"{lms}/nothing")
    assert run("platform", "correct", platform_id, "--jwks-url", f"{lms}/jwks").code == 0
    results = {step["name"]: step["result"] for step in run("platform", "check", platform_id, "--json").json}
    assert results["keys"] == "ok"


def test_a_correction_keeps_to_the_rules_of_adding(run: Run) -> None:
    platform_id = add_platform(run)["id"]
    refused = run("platform", "correct", platform_id, "--jwks-url", "http://lms.test/jwks")
    assert refused.code == 1
    assert "https://" in refused.err
    assert run("platform", "correct", platform_id).code == 2
    assert run("platform", "check", "nothing").code == 1
