"""`creditroll platform`, as the contract describes it."""

from tests.cli.conftest import CLIENT, ISSUER, Run, add_platform


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
