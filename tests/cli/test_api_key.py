"""`creditroll api-key`: keys that open the API, shown once."""

import json

from sqlalchemy import Engine

from lti_tool.licenses import api_keys
from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import make_license


def test_a_new_key_is_shown_once_and_opens_the_api(run: Run, engine: Engine) -> None:
    made = run("api-key", "create", "--name", "Exporter", "--json")
    assert made.code == 0, made.err
    assert set(made.json) == {"id", "name", "scopes", "license", "key"}
    assert (made.json["name"], made.json["scopes"], made.json["license"]) == ("Exporter", ["read"], None)
    caller = api_keys.caller(engine, api_keys.hashed(made.json["key"]))
    assert caller is not None
    assert caller.key_id == made.json["id"]
    assert made.json["key"] not in run("api-key", "list", "--json").out


def test_a_key_has_the_scopes_and_the_license_that_were_asked_for(run: Run, books: Books) -> None:
    with books() as session:
        school = make_license(session)
    asked = ("--scope", "spend", "--scope", "read", "--license", school.id)
    made = run("api-key", "create", "--name", "Exporter", *asked, "--json")
    assert (made.json["scopes"], made.json["license"]) == (["read", "spend"], school.id)
    [listed] = run("api-key", "list", "--json").json
    assert listed | {"key": made.json["key"]} == made.json | {"revoked_at": None}


def test_a_revoked_key_is_listed_and_opens_nothing(run: Run, engine: Engine) -> None:
    made = run("api-key", "create", "--name", "Exporter", "--json").json
    first = run("api-key", "revoke", made["id"], "--json")
    assert first.code == 0
    again = run("api-key", "revoke", made["id"])
    assert again.code == 0
    assert "revoked" in again.out
    [listed] = json.loads(run("api-key", "list", "--json").out)
    assert listed["revoked_at"]
    assert api_keys.caller(engine, api_keys.hashed(made["key"])) is None


def test_what_cannot_be_done_is_one_line_and_exit_1(run: Run) -> None:
    for arguments in (("create", "--name", " "), ("create", "--name", "x", "--license", "none"), ("revoke", "none")):
        refused = run("api-key", *arguments)
        assert (refused.code, refused.out) == (1, "")
        assert len(refused.err.splitlines()) == 1
    assert run("api-key", "create", "--name", "x", "--scope", "write").code == 2


def test_people_see_the_key_and_that_it_is_the_only_time(run: Run) -> None:
    shown = run("api-key", "create", "--name", "Exporter")
    assert "crk_" in shown.out
    assert "cannot be shown again" in shown.err
    assert "crk_" not in run("api-key", "list").out
