"""A picker's settings end here: what can be served is served, and what cannot be is refused by the claim's name."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lti_tool.lti.content_items import HOME, PAGES, answer, items, page_of
from lti_tool.lti.deep_linking import LASTS, SETTINGS, Asked, Picker, Pickers, read
from lti_tool.lti.refusals import ClaimMalformed, ClaimMissing, PickerExpired
from lti_tool.lti.registrations import Registered
from lti_tool.lti.tool_config import tool_at
from tests.factories import NOW
from tests.lti_platform import ABSENT, DEEP_LINKING, DEEP_LINKING_SETTINGS, HOSTS, picking

MOODLE = Path(__file__).parent.parent / "fixtures" / "moodle" / "deep-linking.json"
TOOL = tool_at("https://tool.test")
REGISTERED = Registered(
    "p-1", "https://lms.example", "client-1", "https://lms.example/auth", "https://lms.example/jwks", "other"
)
PICKER = Picker(frozenset({"ltiResourceLink"}), accept_multiple=True, return_url="https://lms.example/dl", data="d")
ASKED = Asked("p-1", "deployment-1", "Biology 9", PICKER)
PICKERS = Pickers("a secret for tests, long enough for all")


def picker(**changes: Any) -> Picker:
    return read(picking(**changes), allow_private_hosts=HOSTS)


def test_a_real_moodle_request_is_understood() -> None:
    body = json.loads(MOODLE.read_text("utf-8"))["request"]["claims"]
    found = read(body, allow_private_hosts=frozenset())
    assert found.takes_launches
    assert found.accept_multiple
    assert found.return_url.startswith("https://lms.localhost:8443/mod/lti/contentitem_return.php?course=2")
    assert found.data is None


@pytest.mark.parametrize(
    ("types", "launches", "anything"),
    [
        (["ltiResourceLink"], True, True),
        (["link"], False, True),
        (["file", "link", "image"], False, True),
        ("link, ltiResourceLink", True, True),
        (["file", "html", "image"], False, False),
        ([], False, False),
    ],
)
def test_what_a_picker_takes_is_known(types: object, launches: bool, anything: bool) -> None:
    found = picker(accept_types=types)
    assert (found.takes_launches, found.takes_anything) == (launches, anything)


def test_what_differs_by_lms_and_changes_nothing_is_not_asked_for() -> None:
    found = picker(accept_presentation_document_targets=ABSENT, accept_media_types="image/*,text/html")
    assert found.takes_launches
    assert not picker(accept_multiple=ABSENT).accept_multiple
    assert picker(accept_multiple="true").accept_multiple


@pytest.mark.parametrize(
    "url",
    [
        "https://lms.example/deep_links?data=" + "e" * 7000,
        "https://lms.example:8443/dl?a=b&c={d}",
        "http://localhost:5000/dl",
        "http://127.0.0.1/dl",
    ],
)
def test_an_address_of_the_web_may_be_answered_to(url: str) -> None:
    assert picker(deep_link_return_url=url).return_url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript://lms.example/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "ftp://lms.example/",
        "http://lms.example/plain",
        "//lms.example/dl",
        "/dl",
        "",
        "https://",
        "https://user:secret@lms.example/",
        "https://lms.example/#fragment",
        "https://lms.example/?a#fragment",
        'https://lms.example/"><script>',
        "https://lms.example;form-action *",
        "https://lms.example /",
        "https://lms.example\\@evil.example/",
        "https://lms.example\n/",
        "https://lms_1.example/",
        "https://lms.example:port/",
        "https://[lms.example/",
        "https://lms.example/" + "a" * 8000,
        ["https://lms.example/"],
        5,
    ],
)
def test_no_form_goes_to_anything_else(url: object) -> None:
    with pytest.raises(ClaimMalformed) as refused:
        picker(deep_link_return_url=url)
    assert refused.value.figures == {"claim": "deep_link_return_url"}


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("accept_types", {"accept_types": 5}),
        ("accept_types", {"accept_types": ["link", 5]}),
        ("accept_types", {"accept_types": {"link": True}}),
        ("accept_types", {"accept_types": ["x"] * 51}),
        ("accept_multiple", {"accept_multiple": "perhaps"}),
        ("accept_multiple", {"accept_multiple": []}),
        ("data", {"data": {"a": 1}}),
        ("data", {"data": "\ud800"}),
    ],
)
def test_a_setting_of_the_wrong_type_is_refused_by_its_name(claim: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ClaimMalformed) as refused:
        picker(**changes)
    assert refused.value.figures == {"claim": claim}


@pytest.mark.parametrize("claim", ["accept_types", "deep_link_return_url"])
def test_a_setting_that_every_picker_has_may_not_be_missing(claim: str) -> None:
    with pytest.raises(ClaimMissing) as refused:
        picker(**{claim: ABSENT})
    assert refused.value.figures == {"claim": claim}


@pytest.mark.parametrize(("settings", "refusal"), [(None, ClaimMissing), ([], ClaimMalformed), ("x", ClaimMalformed)])
def test_a_request_without_settings_is_refused(settings: object, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read({SETTINGS: settings}, allow_private_hosts=HOSTS)
    assert SETTINGS == DEEP_LINKING_SETTINGS


@pytest.mark.parametrize("data", [None, "", "x" * 48_000, "ж" * 10_000, '"><script>\x00\u2028'])
def test_a_page_holds_what_was_asked_and_gives_it_back_unchanged(data: str | None) -> None:
    asked = replace(ASKED, picker=replace(PICKER, data=data))
    text = PICKERS.sign(asked, now=NOW)
    assert text.isascii()
    assert PICKERS.read(text, now=NOW + LASTS - timedelta(seconds=1)) == asked


def test_a_page_counts_for_an_hour_and_only_as_it_was_made() -> None:
    text = PICKERS.sign(ASKED, now=NOW)
    others = Pickers("another secret for tests, long enough for all").sign(ASKED, now=NOW)
    for changed in ("", "x", text[:-1], text + "A", others, "x" * 200_000, "\ud800"):
        with pytest.raises(PickerExpired):
            PICKERS.read(changed, now=NOW)
    with pytest.raises(PickerExpired):
        PICKERS.read(text, now=NOW + LASTS)


def claims(**changes: Any) -> Mapping[str, Any]:
    return answer(replace(ASKED, picker=replace(PICKER, **changes)), REGISTERED, [], now=NOW)


def test_data_goes_back_as_it_came_and_only_if_it_came() -> None:
    assert claims(data="909708")[f"{DEEP_LINKING}data"] == "909708"
    assert claims(data="")[f"{DEEP_LINKING}data"] == ""
    assert f"{DEEP_LINKING}data" not in claims(data=None)


def test_each_answer_has_a_nonce_of_its_own() -> None:
    assert claims()["nonce"] != claims()["nonce"]


def test_each_page_has_its_link_and_each_link_opens_its_page() -> None:
    made = items(TOOL, PAGES, as_launches=True)
    assert [item["url"].startswith("https://tool.test/lti/launch") for item in made] == [True] * len(PAGES)
    assert [page_of(item["url"]) for item in made] == [None if page is HOME else page.name for page in PAGES]


def test_a_link_takes_the_courses_history_with_it_where_the_tools_own_parameters_stay_behind() -> None:
    [item] = items(TOOL, [HOME], as_launches=True)
    assert item["custom"] == {"context_history": "$Context.id.history"}


@pytest.mark.parametrize("query", ["page=nothing", "page=members&page=history", "page=credits", "page=", "members", ""])
def test_what_no_link_of_ours_asks_for_opens_home(query: str) -> None:
    assert page_of(f"https://tool.test/lti/launch?{query}") is None
