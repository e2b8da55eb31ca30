"""Who gets in: only a key that is known, in force, of the scope, and on its side of the wall."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lti_tool.errors import Invalid, NotFound
from lti_tool.licenses import api_keys
from lti_tool.licenses.api_keys import ApiKey
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.web import access
from tests.conftest import Books, MakeApp
from tests.factories import NOW, make_member
from tests.web.api.conftest import Get, Post, told
from tests.web.api.test_holds import CREDITS, balance

NewKey = Callable[..., str]
ONE = {"resource": CREDITS, "amount": 1}


@pytest.fixture
def neighbours_key(new_key: NewKey, neighbour: License) -> str:
    """A key that reaches the neighbour only."""
    return new_key(neighbour)


@pytest.fixture
def ada(books: Books, school: License, course: Context) -> str:
    """A member of the school."""
    with books() as session:
        return make_member(session, school, course).id


def test_every_address_of_the_api_checks_a_key_and_declares_its_scope(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    assert rules
    for rule in rules:
        declared = vars(app.view_functions[rule.endpoint])
        assert declared["access"] is access.PROGRAM, rule
        assert declared["scope"] in api_keys.SCOPES, rule


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer ", "Basic YTpi", "crk_x", "Bearer crk_x", "Bearer \x7f"])
def test_without_a_known_key_nobody_comes_in(client: FlaskClient, problem: Any, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    refused = client.get("/api/v1/licenses", headers=headers)
    assert problem(refused) == (401, "unauthorized")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_key_in_the_address_is_not_read(client: FlaskClient, new_key: NewKey) -> None:
    assert client.get("/api/v1/licenses", query_string={"api_key": new_key()}).status_code == 401


@pytest.fixture
def revoked_in_use(books: Books, get: Get, post: Post, new_key: NewKey, student: str) -> tuple[str, str]:
    """A key that was used until it was revoked, and a hold that is open: it spent a credit under "done"."""
    key = new_key(scopes=("spend",))
    assert get(f"/members/{student}", key=key).status_code == 200
    hold = post(f"/members/{student}/holds", key=key, **ONE).get_json()["id"]
    assert post(f"/members/{student}/spends", key=key, once="done", **ONE).status_code == 201
    with books() as session:
        [used] = session.scalars(select(ApiKey.id).where(ApiKey.secret_hash == api_keys.hashed(key)))
        api_keys.revoke(session, used, now=NOW)
    return key, hold


def test_a_key_that_is_revoked_in_use_does_and_repeats_nothing_more(
    app: Flask, get: Get, post: Post, student: str, revoked_in_use: tuple[str, str]
) -> None:
    key, hold = revoked_in_use
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.methods and "POST" in rule.methods:
            address = rule.rule.replace("<uuid:member_id>", student).replace("<uuid:hold_id>", hold)
            body = ONE if "<uuid:member_id>" in rule.rule else {}
            for once in ("done", "new"):
                refused = post(address.removeprefix("/api/v1"), key=key, once=once, **body)
                assert told(refused) == (401, "unauthorized"), rule
    assert balance(get, student) == (1, 1, 1, 3)
    # Last, since it looks the key up: those above must be refused though the door remembers it.
    assert told(get(f"/members/{student}", key=key)) == (401, "unauthorized")


UNREAD = {
    "too large": (b" " * 20_000, "application/json", "new"),
    "another type": (b"{}", "text/plain", "new"),
    "no JSON": (b"{", "application/json", "new"),
    "no Idempotency-Key": (b"{}", "application/json", ""),
}


@pytest.mark.parametrize("how", UNREAD)
def test_a_key_that_is_revoked_in_use_is_told_so_whatever_it_sends(
    client: FlaskClient, student: str, revoked_in_use: tuple[str, str], how: str
) -> None:
    key, _ = revoked_in_use
    body, kind, once = UNREAD[how]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "Idempotency-Key": once}
    refused = client.post(f"/api/v1/members/{student}/spends", data=body, headers=headers)
    assert told(refused) == (401, "unauthorized")
    assert refused.headers["WWW-Authenticate"].endswith('error="invalid_token"')


def test_a_key_without_the_scope_that_is_revoked_in_use_is_told_so(
    books: Books, get: Get, post: Post, new_key: NewKey, student: str
) -> None:
    key = new_key(scopes=("read",))
    assert get(f"/members/{student}", key=key).status_code == 200
    assert told(post(f"/members/{student}/spends", key=key, **ONE)) == (403, "forbidden")
    with books() as session:
        [used] = session.scalars(select(ApiKey.id).where(ApiKey.secret_hash == api_keys.hashed(key)))
        api_keys.revoke(session, used, now=NOW)
    assert told(post(f"/members/{student}/spends", key=key, **ONE)) == (401, "unauthorized")


def test_a_revoked_key_is_as_good_as_an_unknown_one(get: Get, books: Books, new_key: NewKey, school: License) -> None:
    key = new_key(school)
    assert get("/licenses", key=key).status_code == 200
    with books() as session:
        row = session.scalars(select(ApiKey).where(ApiKey.license_id == school.id)).one()
        api_keys.revoke(session, row.id, now=NOW)
    refused = get("/licenses", key=key)
    assert refused.status_code == 401
    assert refused.get_json() == get("/licenses", key="crk_unknown").get_json()


def test_the_secret_is_not_in_the_database(books: Books, new_key: NewKey) -> None:
    secret = new_key()
    assert secret.startswith("crk_")
    assert len(secret) == len("crk_") + 43  # 256 bits in base64url
    with books() as session:
        row = session.scalars(select(ApiKey)).one()
        kept = " ".join(str(value) for value in vars(row).values())
    assert secret not in kept
    assert secret.removeprefix("crk_") not in kept


def test_spend_includes_read(get: Get, new_key: NewKey, school: License) -> None:
    assert get(f"/licenses/{school.id}", key=new_key(school, scopes=("spend",))).status_code == 200


def test_a_key_without_the_scope_is_refused(get: Get, books: Books, new_key: NewKey, problem: Any) -> None:
    key = new_key()
    with books() as session:
        for row in session.scalars(select(ApiKey)):
            row.scopes = ""
    assert problem(get("/licenses", key=key)) == (403, "forbidden")


def test_a_key_with_a_license_sees_that_one_only(
    get: Get, new_key: NewKey, school: License, neighbour: License
) -> None:
    key = new_key(school)
    assert [one["id"] for one in get("/licenses", key=key).get_json()["items"]] == [school.id]
    for below in ("", "/members", "/transfers"):
        assert get(f"/licenses/{school.id}{below}", key=key).status_code == 200


def test_another_license_and_none_at_all_look_the_same_from_behind_the_wall(
    get: Get, neighbours_key: str, problem: Any, school: License
) -> None:
    key = neighbours_key
    for below in ("", "/members", "/transfers"):
        theirs = get(f"/licenses/{school.id}{below}", key=key)
        nobodys = get(f"/licenses/{uuid4()}{below}", key=key)
        assert problem(theirs) == problem(nobodys) == (403, "forbidden")
        assert theirs.get_json() == nobodys.get_json()


def test_another_licenses_member_and_nobody_look_the_same_from_behind_the_wall(
    get: Get, neighbours_key: str, problem: Any, ada: str
) -> None:
    key = neighbours_key
    theirs, nobodys = get(f"/members/{ada}", key=key), get(f"/members/{uuid4()}", key=key)
    assert problem(theirs) == problem(nobodys) == (404, "not_found")
    assert theirs.get_json() == nobodys.get_json()


def test_a_key_without_a_license_is_told_what_is_missing(get: Get, problem: Any) -> None:
    for address in (f"/licenses/{uuid4()}", f"/licenses/{uuid4()}/members", f"/licenses/{uuid4()}/transfers"):
        assert problem(get(address)) == (404, "not_found")
    assert problem(get(f"/members/{uuid4()}")) == (404, "not_found")


def test_a_key_that_calls_too_often_waits_and_others_do_not(
    make_app: MakeApp, new_key: NewKey, school: License, problem: Any
) -> None:
    client = make_app(api_rate_limit="2/minute").test_client()
    hasty, patient = ({"Authorization": f"Bearer {new_key(school)}"} for _ in range(2))
    answers = [client.get("/api/v1/licenses", headers=hasty) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2]) == (429, "too_many_requests")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert client.get("/api/v1/licenses", headers=patient).status_code == 200


def test_a_key_needs_a_name_known_scopes_and_a_license_that_exists(books: Books) -> None:
    with books() as session:
        for name, scopes in ((" ", ("read",)), ("n" * 201, ("read",)), ("Exporter", ()), ("Exporter", ("write",))):
            with pytest.raises(Invalid):
                api_keys.create(session, name=name, scopes=scopes, license_id=None, now=NOW)
        with pytest.raises(NotFound):
            api_keys.create(session, name="Exporter", scopes=("read",), license_id=str(uuid4()), now=NOW)
