"""Raw claims end here: plain values come out, or a refusal that names the claim."""

import json
from pathlib import Path
from typing import Any

import pytest

from lti_tool.lti.claims import CLAIM, NAMES_AND_ROLES, parse
from lti_tool.lti.refusals import ClaimMalformed, ClaimMissing
from lti_tool.lti.roles import Role, resolve

MOODLE = Path(__file__).parent.parent / "fixtures" / "moodle"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"

# What a real Moodle 4.5 sent: subject, name, role, course title.
SEEN = {
    "admin": ("2", "Admin User", Role.TEACHER, "Biology 101, Section A"),
    "manager": ("6", "Maud Manager", Role.TEACHER, "Biology 101, Section A"),
    "student": ("7", "Aisha O'Neill-01", Role.LEARNER, "Biology 101, Section A"),
    "student-deep-linked": ("8", "Ben O'Neill-02", Role.LEARNER, "Biology 101, Section A"),
    "student-minimal": ("7", None, Role.LEARNER, "Biology 101, Section A"),
    "student-odd-name": ("66", 'Tara & Co Žižek "Q" 5 > 4', Role.LEARNER, "Biology 101, Section A"),
    "ta": ("4", "Tomás Ibáñez", Role.TEACHER, "Biology 101, Section A"),
    "teacher": ("3", "Grace Okafor", Role.TEACHER, "Biology 101, Section A"),
    "teacher-minimal": ("3", None, Role.TEACHER, "Biology 101, Section A"),
    "teacher-odd-course-title": ("5", "Henrik Sørensen", Role.TEACHER, 'Chemistry 201 LAB & "Theory"'),
    "teacher-switched-to-student": ("3", "Grace Okafor", Role.LEARNER, "Biology 101, Section A"),
}


def moodle(case: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads((MOODLE / f"launch-{case}.json").read_text("utf-8"))["launch"]["claims"]
    return claims


@pytest.mark.parametrize("case", SEEN)
def test_a_real_moodle_launch_is_the_right_person_in_the_right_role(case: str) -> None:
    claims = parse(moodle(case))
    assert claims.context is not None
    assert (claims.subject, claims.name, resolve(claims.roles), claims.context.title) == SEEN[case]


def test_every_launch_that_moodle_sent_is_among_the_cases() -> None:
    sent = {
        path.stem.removeprefix("launch-") for path in MOODLE.glob("launch-*.json") if '"claims"' in path.read_text()
    }
    assert sent == set(SEEN)


def test_what_services_and_pages_need_of_a_moodle_launch_is_kept() -> None:
    claims = parse(moodle("student"))
    assert claims.deployment_id == "1"
    assert claims.resource_link_id == "3"
    assert claims.locale == "en"
    assert claims.email == "student01@school.example"
    assert claims.memberships_url is not None
    assert claims.memberships_url.endswith("/services.php/CourseSection/2/bindings/1/memberships")
    assert claims.return_url is not None
    assert claims.return_url.startswith("https://lms.localhost:8443/mod/lti/return.php")


def body(**changes: object) -> dict[str, Any]:
    """The least that a launch has; names without a colon are LTI's own claims unless they are the token's."""
    claims: dict[str, Any] = {
        "sub": "s-1",
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}deployment_id": "d-1",
        f"{CLAIM}target_link_uri": "https://tool.test/lti/launch",
        f"{CLAIM}roles": [LEARNER],
        f"{CLAIM}resource_link": {"id": "link-1"},
    }
    for name, value in changes.items():
        full = name if name in ("sub", "name", "given_name", "family_name", "email", "locale") else f"{CLAIM}{name}"
        claims[full] = value
    return claims


def test_nothing_but_the_least_is_needed() -> None:
    claims = parse(body())
    assert (claims.subject, claims.context, claims.name, claims.email, claims.locale) == ("s-1", None, None, None, None)
    assert (claims.memberships_url, claims.return_url, claims.mentored) == (None, None, ())


@pytest.mark.parametrize("value", [None, "", "  ", "$Person.name.full", "@PERSON_NAME@"])
def test_a_text_that_is_missing_empty_or_unresolved_is_none(value: str | None) -> None:
    claims = parse(body(name=value, email=value, context={"id": "c", "label": value, "title": value}))
    assert claims.context is not None
    assert (claims.name, claims.email, claims.context.label, claims.context.title) == (None, None, None, None)


def test_nulls_and_the_leftovers_of_canvas_are_tolerated() -> None:
    junk: dict[str, Any] = {"errors": {"errors": {}}, "validation_context": None}
    claims = parse(
        body(
            context={"id": "c", "title": None, **junk},
            resource_link={"id": "r", "description": None, **junk},
            launch_presentation=None,
            role_scope_mentor=None,
        )
        | {NAMES_AND_ROLES: {"context_memberships_url": None, **junk}}
    )
    assert claims.context is not None
    assert claims.context.title is None


def test_a_name_is_put_together_where_only_its_parts_came() -> None:
    assert parse(body(given_name="Ana", family_name="Rivera")).name == "Ana Rivera"
    assert parse(body(family_name="Rivera")).name == "Rivera"


def test_a_name_is_cleaned_of_what_no_page_can_show_and_keeps_the_rest() -> None:
    assert parse(body(name="Zoë\x00\n Nuñez\ud800")).name == "Zoë   Nuñez"
    assert parse(body(name="علی‌رضا 👩‍🎓")).name == "علی‌رضا 👩‍🎓"
    assert parse(body(name="x" * 5000)).name == "x" * 255


def test_mentored_students_are_kept() -> None:
    assert parse(body(role_scope_mentor=["s-1", "", "s-2", "x" * 300])).mentored == ("s-1", "s-2")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://lms.test/", "//lms.test", "x" * 3000, "https://a\nb"])
def test_an_address_that_is_not_of_the_web_is_none(url: str) -> None:
    claims = parse(body(launch_presentation={"return_url": url}) | {NAMES_AND_ROLES: {"context_memberships_url": url}})
    assert (claims.return_url, claims.memberships_url) == (None, None)


MISSING: dict[str, dict[str, Any]] = {
    "sub_empty": {"sub": ""},
    "message_type": {"message_type": None},
    "deployment_id": {"deployment_id": None},
    "deployment_id_empty": {"deployment_id": ""},
    "roles": {"roles": None},
    "context_without_id": {"context": {"title": "Biology"}},
    "context_with_null_id": {"context": {"id": None}},
    "context_with_unresolved_id": {"context": {"id": "$Context.id"}},
    "context_empty": {"context": {}},
}


@pytest.mark.parametrize("case", MISSING)
def test_a_claim_that_must_be_there_is_asked_for(case: str) -> None:
    with pytest.raises(ClaimMissing):
        parse(body(**MISSING[case]))


MALFORMED: dict[str, dict[str, Any]] = {
    "sub_number": {"sub": 5},
    "sub_long": {"sub": "x" * 256},
    "sub_with_nul": {"sub": "s\x00"},
    "sub_half_character": {"sub": "\ud800"},
    "roles_text": {"roles": LEARNER},
    "roles_numbers": {"roles": [1, 2]},
    "roles_nested": {"roles": [[LEARNER]]},
    "roles_object": {"roles": {"0": LEARNER}},
    "roles_far_too_many": {"roles": [LEARNER] * 1000},
    "context_text": {"context": "c-1"},
    "context_list": {"context": ["c-1"]},
    "context_id_number": {"context": {"id": 2}},
    "context_id_long": {"context": {"id": "x" * 256}},
    "context_title_number": {"context": {"id": "c", "title": 5}},
    "resource_link_list": {"resource_link": [{"id": "r"}]},
    "resource_link_id_number": {"resource_link": {"id": 7}},
    "deployment_id_number": {"deployment_id": 1},
    "deployment_id_long": {"deployment_id": "x" * 256},
    "message_type_list": {"message_type": ["LtiResourceLinkRequest"]},
    "target_link_uri_object": {"target_link_uri": {}},
    "launch_presentation_text": {"launch_presentation": "iframe"},
    "role_scope_mentor_text": {"role_scope_mentor": "s-1"},
    "name_object": {"name": {"full": "Ada"}},
    "email_list": {"email": ["a@school.example"]},
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_claim_of_the_wrong_type_or_too_long_is_refused(case: str) -> None:
    with pytest.raises(ClaimMalformed):
        parse(body(**MALFORMED[case]))


def test_names_and_roles_that_are_no_object_are_refused() -> None:
    with pytest.raises(ClaimMalformed):
        parse(body() | {NAMES_AND_ROLES: "https://lms.test/members"})


def test_no_roles_at_all_is_missing_but_an_empty_list_is_allowed() -> None:
    assert parse(body(roles=[])).roles == ()


def test_who_does_not_say_who_they_are_has_no_subject() -> None:
    claims = body()
    del claims["sub"]
    assert parse(claims).subject is None


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("c-2,c-1", ("c-2", "c-1")),
        (" c-2 , c-1,", ("c-2", "c-1")),
        ("a%2Cb,%C3%A9", ("a,b", "é")),
        ("c-3,c-2,truncated", ("c-3", "c-2")),
        ("timed out", ()),
        ("", ()),
        ("$Context.id.history", ()),
        (7660186, ()),
        (["c-1"], ()),
        ("x" * 256 + ",c-1,%00", ("c-1",)),
        (",".join(f"c-{n}" for n in range(1000)) + ",truncated", tuple(f"c-{n}" for n in range(20))),
    ],
)
def test_the_courses_that_one_is_a_copy_of_are_read_as_each_lms_writes_them(said: object, ids: tuple[str, ...]) -> None:
    body = moodle("teacher") | {f"{CLAIM}custom": {"context_history": said}}
    assert parse(body).copied_from == ids


@pytest.mark.parametrize("custom", ["text", 7, ["context_history"], None])
def test_custom_parameters_of_a_wrong_type_refuse_nobody(custom: object) -> None:
    assert parse(moodle("teacher") | {f"{CLAIM}custom": custom}).copied_from == ()


SERVICE = {
    "service_versions": ["1.0"],
    "platform_notification_service_url": "https://lms.test/api/lti/notice-handlers/106",
    "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
}


@pytest.mark.parametrize(
    ("service", "url"),
    [
        (SERVICE, "https://lms.test/api/lti/notice-handlers/106"),
        (SERVICE | {"notice_types_supported": ["LtiHelloWorldNotice"]}, None),
        (SERVICE | {"notice_types_supported": "LtiContextCopyNotice"}, None),
        (SERVICE | {"platform_notification_service_url": "javascript:alert(1)"}, None),
        (SERVICE | {"platform_notification_service_url": 106}, None),
        ("service", None),
        ([], None),
        (None, None),
    ],
)
def test_an_lms_that_tells_of_copied_courses_is_asked_where_it_says(service: object, url: str | None) -> None:
    assert parse(moodle("teacher") | {f"{CLAIM}platformnotificationservice": service}).notices_url == url
