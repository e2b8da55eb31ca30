"""A teacher places links from the LMS's picker: a page to choose, and a signed answer that only the LMS's form gets."""

import logging
import re
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.licenses import licenses
from lti_tool.lti import platforms
from tests.conftest import Books
from tests.factories import NOW
from tests.lti_platform import ABSENT, CLAIM, DEEP_LINKING, FakePlatform, claims, id_token, launch, login, picking, post
from tests.web import pages
from tests.web.lti.conftest import give_license, rows
from tests.web.pages import Page

TOOL = "https://tool.test"
ANSWER = "/lti/deep-link"
RETURN = "https://lms.example/deep_links?session=secret"


def ask(client: FlaskClient, platform: FakePlatform, role: str = "Instructor", **settings: Any) -> TestResponse:
    """Somebody opens the LMS's picker."""
    return launch(client, platform, role=role, changes=picking(**settings))


def choose(client: FlaskClient, asked: TestResponse, *names: str, **buttons: str) -> TestResponse:
    """Presses the page's button with these pages chosen."""
    form = Page(asked).form(ANSWER)
    fields = {name: value for name, value in form.fields if name != "page"}
    return client.post(ANSWER, data=fields | {"page": list(names)} | buttons)


def sent(client: FlaskClient, platform: FakePlatform, answer: TestResponse) -> dict[str, Any]:
    """What the LMS receives, checked as an LMS checks it: with the tool's published keys."""
    [form] = Page(answer).forms
    [(name, token)] = form.fields
    assert name == "JWT"
    [key] = jwt.PyJWKSet.from_dict(client.get("/lti/jwks.json").get_json()).keys
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    wanted = ["exp", "iat", "nonce", "iss", "aud"]
    claims: dict[str, Any] = jwt.decode(
        token, key, ["RS256"], audience=platform.issuer, issuer=platform.client_id, options={"require": wanted}
    )
    return claims


def form_targets(answer: TestResponse) -> str:
    found = re.search(r"form-action ([^;]+);", answer.headers["Content-Security-Policy"])
    assert found
    return found[1]


def test_a_teacher_places_credits(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform)
    assert asked.status_code == 200
    page = Page(asked)
    assert "Add Creditroll to your course" in page.text
    assert "Course context-1" in page.text
    form = page.form(ANSWER)
    answer = pages.post(client, form)  # what is chosen at first is Credits
    claims = sent(client, platform, answer)
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert claims[f"{CLAIM}version"] == "1.3.0"
    assert claims[f"{CLAIM}deployment_id"] == platform.deployment_id
    assert claims[f"{DEEP_LINKING}data"] == "data-1"
    [item] = claims[f"{DEEP_LINKING}content_items"]
    assert (item["type"], item["title"], item["url"]) == ("ltiResourceLink", "Credits", f"{TOOL}/lti/launch")


def test_the_answer_goes_to_the_lms_and_nowhere_else(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform)
    assert form_targets(asked) == "'self'"
    answer = choose(client, asked, "credits")
    [form] = Page(answer).forms
    assert (form.action, form.method) == (RETURN, "post")
    assert form_targets(answer) == "'self' https://lms.example"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert [found["src"].rpartition("/")[2] for found in Page(answer).find("script")] == ["send.js"]
    assert form_targets(client.get("/lti/launch")) == "'self'"


def test_several_pages_become_several_links_where_the_picker_takes_several(
    client: FlaskClient, platform: FakePlatform
) -> None:
    asked = ask(client, platform)
    assert len(Page(asked).find("input", type="checkbox")) == 4
    answer = choose(client, asked, "history", "credits", "members")
    items = sent(client, platform, answer)[f"{DEEP_LINKING}content_items"]
    assert [item["title"] for item in items] == ["Credits", "Manage Members", "History"]
    assert items[1]["url"] == f"{TOOL}/lti/launch?page=members"


def test_a_picker_for_one_link_offers_one(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform, accept_multiple=False)
    assert len(Page(asked).find("input", type="radio")) == 4
    assert len(sent(client, platform, choose(client, asked, "members"))[f"{DEEP_LINKING}content_items"]) == 1
    assert choose(client, asked, "members", "history").status_code == 400


def test_cancel_gives_the_lms_an_empty_answer(client: FlaskClient, platform: FakePlatform) -> None:
    answer = choose(client, ask(client, platform), "credits", cancel="1")
    claims = sent(client, platform, answer)
    assert claims[f"{DEEP_LINKING}content_items"] == []
    assert claims[f"{DEEP_LINKING}data"] == "data-1"


def test_nothing_chosen_says_so_beside_the_choice(client: FlaskClient, platform: FakePlatform) -> None:
    answer = choose(client, ask(client, platform))
    assert answer.status_code == 422
    assert "Choose at least one" in Page(answer).text
    assert len(sent(client, platform, choose(client, answer, "settings"))[f"{DEEP_LINKING}content_items"]) == 1


def test_data_that_did_not_come_does_not_go_back(client: FlaskClient, platform: FakePlatform) -> None:
    answer = choose(client, ask(client, platform, data=ABSENT), "credits")
    assert f"{DEEP_LINKING}data" not in sent(client, platform, answer)


def test_a_place_for_web_links_gets_one_that_leads_somewhere(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform, accept_types=["link"])
    assert "plain web links only" in Page(asked).text
    answer = pages.post(client, Page(asked).form(ANSWER))
    [item] = sent(client, platform, answer)[f"{DEEP_LINKING}content_items"]
    assert item == {"type": "link", "title": "Credits", "url": f"{TOOL}/lti/launch"}
    followed = client.get("/lti/launch")
    assert followed.status_code == 200
    assert "Open Creditroll from your course" in Page(followed).text
    assert choose(client, asked, "members").status_code == 400


def test_a_place_for_files_is_told_and_left(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform, accept_types=["file"])
    assert asked.status_code == 200
    page = Page(asked)
    assert "Creditroll cannot be added here" in page.text
    [(name, value)] = page.form(ANSWER).buttons
    answer = choose(client, asked, **{name: value})
    assert sent(client, platform, answer)[f"{DEEP_LINKING}content_items"] == []


@pytest.mark.parametrize("role", ["Instructor", "ContentDeveloper", "Administrator", "Instructor#TeachingAssistant"])
def test_staff_of_every_kind_may_place_links(role: str, client: FlaskClient, platform: FakePlatform) -> None:
    role = role if "#" not in role else f"http://purl.imsglobal.org/vocab/lis/v2/membership/{role}"
    roles = [role if ":" in role else f"http://purl.imsglobal.org/vocab/lis/v2/membership#{role}"]
    asked = launch(client, platform, role=roles, changes=picking())
    assert "Add Creditroll to your course" in Page(asked).text


@pytest.mark.parametrize("role", ["Learner", "Mentor", "Member", ""])
def test_nobody_else_may_and_is_told_kindly(role: str, client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform, role=role)
    assert asked.status_code == 403
    assert "LTI-PICKER-ROLE" in asked.text
    assert "Only teachers add Creditroll to a course" in Page(asked).text
    assert ANSWER not in asked.text


def test_no_course_and_no_target_are_fine(client: FlaskClient, platform: FakePlatform) -> None:
    changes = picking() | {"context": ABSENT, "target_link_uri": ABSENT}
    asked = launch(client, platform, role="Instructor", changes=changes)
    assert asked.status_code == 200
    assert len(sent(client, platform, choose(client, asked, "credits"))[f"{DEEP_LINKING}content_items"]) == 1


def test_a_target_elsewhere_is_refused_for_pickers_too(client: FlaskClient, platform: FakePlatform) -> None:
    changes = picking() | {"target_link_uri": "https://evil.example/"}
    asked = launch(client, platform, role="Instructor", changes=changes)
    assert (asked.status_code, "LTI-TARGET" in asked.text) == (400, True)


def test_choosing_opens_no_account_and_gives_nobody_anything(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    before = rows(engine, "select count(*) from transfers")
    choose(client, ask(client, platform), "credits")
    assert rows(engine, "select count(*) from people") == [(0,)]
    assert rows(engine, "select count(*) from members") == [(0,)]
    assert rows(engine, "select count(*) from roster_reads") == [(0,)]
    assert rows(engine, "select count(*) from transfers") == before
    assert rows(engine, "select count(*) from spent_nonces") == [(1,)]
    assert rows(engine, "select code from launches") == [("ok",)]


def test_a_request_counts_once_and_never_opens_a_visit_that_is_there(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor")
    begun = login(client, platform)
    body = claims(platform, tool=TOOL, nonce=begun.nonce, role="Instructor", changes=picking())
    token = id_token(platform, body)
    assert post(client, id_token=token, state=begun.state).status_code == 200
    again = post(client, id_token=token, state=begun.state)
    assert (again.status_code, "LTI-NONCE-USED" in again.text) == (401, True)


def test_choosing_needs_no_cookie(app: Flask, client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform)
    answer = choose(app.test_client(), asked, "credits")
    assert len(sent(client, platform, answer)[f"{DEEP_LINKING}content_items"]) == 1


def test_a_teachers_own_visit_goes_on_beside_the_picker(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor", subject="teacher")
    launch(client, platform, role="Instructor", subject="teacher", changes=picking())
    assert client.get("/manager/").status_code == 200


def test_the_visit_of_somebody_else_ends_when_a_picker_opens(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor", subject="before")
    launch(client, platform, role="Instructor", subject="now", changes=picking())
    assert client.get("/manager/").status_code == 401


def test_a_choice_made_too_late_or_by_hand_is_refused(client: FlaskClient, platform: FakePlatform) -> None:
    asked = ask(client, platform)
    for fields in ({}, {"asked": "x", "page": "credits"}, {"asked": ["x", "y"], "page": "credits"}):
        refused = client.post(ANSWER, data=fields)
        assert (refused.status_code, "LTI-PICKER" in refused.text) == (400, True)
    assert choose(client, asked, "nothing").status_code == 400
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert choose(client, asked, "credits").status_code == 400


def test_an_lms_that_was_switched_off_meanwhile_gets_no_answer(
    client: FlaskClient, app: Flask, platform: FakePlatform, books: Books
) -> None:
    asked = ask(client, platform)
    with books() as session:
        platforms.disable(platforms.find(session, platform.id))
    vars(app.extensions["creditroll_door"].registrations)["_remembered"].clear()
    answer = choose(client, asked, "credits")
    assert (answer.status_code, "LTI-PLATFORM-DISABLED" in answer.text) == (403, True)


def test_whatever_an_lms_writes_is_text(client: FlaskClient, platform: FakePlatform) -> None:
    evil = "\"><script>alert('x')</script>&"
    changes = picking(data=evil, title=evil, text=evil, deep_link_return_url="https://lms.example/?a='%22&b={c}&lt;d=1")
    changes |= {"context": {"id": "c", "title": evil}}
    asked = launch(client, platform, role="Instructor", changes=changes)
    answer = choose(client, asked, "credits")
    for page in (asked, answer):
        assert "<script>alert" not in page.text
    assert evil in Page(asked).text
    [form] = Page(answer).forms
    assert form.action == "https://lms.example/?a='%22&b={c}&lt;d=1"
    assert sent(client, platform, answer)[f"{DEEP_LINKING}data"] == evil


def test_what_an_lms_puts_into_its_address_and_data_is_in_no_log(
    client: FlaskClient,
    platform: FakePlatform,
    engine: Engine,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = ask(client, platform, data="data-of-a-session")
    choose(client, asked, "credits")
    choose(client, asked, "nothing")
    written = caplog.text + "".join(capfd.readouterr()) + str(rows(engine, "select checks, claims from launches"))
    assert "LTI-PICKER" in written
    assert "session=secret" not in written
    assert "data-of-a-session" not in written


def test_data_of_any_size_that_a_token_can_hold_comes_back(client: FlaskClient, platform: FakePlatform) -> None:
    data = "".join(f"{number:x}é" for number in range(4_000))
    answer = choose(client, ask(client, platform, data=data), "credits")
    assert sent(client, platform, answer)[f"{DEEP_LINKING}data"] == data


HOSTILE: dict[str, dict[str, Any]] = {
    "return_to_a_script": {"deep_link_return_url": "javascript:alert(1)"},
    "return_in_the_clear": {"deep_link_return_url": "http://lms.example/"},
    "return_nowhere": {"deep_link_return_url": None},
    "return_a_number": {"deep_link_return_url": 5},
    "types_a_number": {"accept_types": 5},
    "types_nested": {"accept_types": [["link"]]},
    "multiple_an_object": {"accept_multiple": {}},
    "data_a_list": {"data": ["x"]},
    "data_half_a_character": {"data": "\ud800"},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_settings_that_cannot_be_served_are_refused_with_a_page(
    case: str, client: FlaskClient, platform: FakePlatform
) -> None:
    asked = ask(client, platform, **HOSTILE[case])
    assert asked.status_code == 400
    assert "LTI-CLAIM" in asked.text
    assert "alert(1)" not in asked.text


@pytest.mark.parametrize("asked_for", [None, 5, [], "x"])
def test_settings_that_are_none_are_refused_with_a_page(
    asked_for: object, client: FlaskClient, platform: FakePlatform
) -> None:
    changes = picking() | {f"{DEEP_LINKING}deep_linking_settings": asked_for}
    assert launch(client, platform, role="Instructor", changes=changes).status_code == 400


def open_link(client: FlaskClient, platform: FakePlatform, page: str, role: str, subject: str = "s") -> str:
    """Where somebody gets to who opens a placed link."""
    target = {"target_link_uri": f"{TOOL}/lti/launch?page={page}"}
    opened = launch(client, platform, role=role, subject=subject, changes=target)
    assert opened.status_code == 303
    return opened.headers["Location"]


def test_a_placed_link_opens_its_page_for_whoever_may_see_it(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    for page in ("members", "settings", "history"):
        assert open_link(client, platform, page, "Instructor", "owner") == f"/manager/{page}"
    [(license_id, owner)] = rows(engine, "select l.id, p.id from licenses l, people p")
    with books() as session:
        licenses.name_manager(session, license_id, owner, now=NOW)
    # Others who teach do not manage the license from then on (R24).
    assert open_link(client, platform, "members", "Instructor", "other") == "/manager/members"
    assert open_link(client, platform, "settings", "Instructor", "other") == "/manager/"
    assert open_link(client, platform, "history", "Instructor", "other") == "/manager/"
    assert open_link(client, platform, "members", "Learner", "student") == "/student/"
    assert open_link(client, platform, "settings", "Learner", "student") == "/student/"
    assert client.get("/student/").status_code == 200


@pytest.mark.parametrize("page", ["nothing", "..%2F..%2F", "add_save", "members&page=history", "//evil.example"])
def test_a_link_to_no_page_of_ours_opens_home(page: str, client: FlaskClient, platform: FakePlatform) -> None:
    assert open_link(client, platform, page, "Instructor") == "/manager/"
