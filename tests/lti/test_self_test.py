"""The self-test against an LMS on real HTTP: each kind of fault is named, and comes with what mends it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request, Response

from lti_tool.lti import self_test
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.self_test import Result, Step, Subject
from lti_tool.lti.service_tokens import ServiceAccount
from lti_tool.outbound import Answer, Outbound
from tests.demo_lms import running
from tests.factories import NOW, make_context, make_deployment, make_platform
from tests.lti_platform import HOSTS, key
from tests.roster_lms import KEYRING, RosterLms, person

OURS = "https://tool.test"
DEAD = "http://127.0.0.1:9"
"""Nobody listens on the port for discarded things."""


class Lms(RosterLms):
    """It also shows its keys and a login address; what is planted there is answered instead."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        answers = {
            "/auth": Response("Sign in first", status=401),
            "/jwks": Response(json.dumps({"keys": [key().jwk, key("key-2").jwk]})),
        }
        if request.path not in answers:
            return super().__call__(environ, start_response)
        planted = self.planted[request.path]
        answer = planted.popleft() if planted else answers[request.path]
        assert isinstance(answer, Response)
        return answer(environ, start_response)


@contextmanager
def an_lms(**fields: Any) -> Iterator[Lms]:
    """The LMS on a free port."""
    lms = Lms(**fields)
    with running(lms) as url:
        lms.url = url
        yield lms


@pytest.fixture
def lms() -> Iterator[Lms]:
    """One with three people in its course."""
    with an_lms(members=[person(f"s-{number}") for number in range(3)]) as lms:
        yield lms


def about(lms: Lms, **changes: Any) -> Subject:
    """An LMS with which all is well."""
    healthy = Subject(
        platform_id="p-1",
        status="active",
        family=FAMILIES["other"],
        auth_login_url=f"{lms.url}/auth",
        jwks_url=f"{lms.url}/jwks",
        account=lms.account,
        approved=1,
        waiting=0,
        has_launched=True,
        memberships_url=lms.memberships_url,
    )
    return replace(healthy, **changes)


def examine(subject: Subject, *, off_by: timedelta = timedelta(0), hosts: frozenset[str] = HOSTS) -> dict[str, Step]:
    """The steps by their names; our clock is off by that."""
    steps = self_test.run(
        subject, Outbound(hosts), KEYRING.sign, public_url=OURS, clock=lambda: datetime.now(UTC) + off_by
    )
    return {step.name: step for step in steps}


def test_where_all_is_well_every_step_says_what_was_found(lms: Lms) -> None:
    steps = examine(about(lms))
    assert list(steps) == ["login", "keys", "token", "roster", "deployments", "clock"]
    assert {step.result for step in steps.values()} == {Result.OK}
    assert "2 usable keys: key-1, key-2" in steps["keys"].found
    assert "3 people" in steps["roster"].found
    assert not any(step.mend for step in steps.values())


@pytest.mark.parametrize("status", [404, 405, 410, 500, 503])
def test_a_login_address_where_nothing_is_fails(lms: Lms, status: int) -> None:
    lms.planted["/auth"].append(Response("no", status=status))
    step = examine(about(lms))["login"]
    assert step.result is Result.FAILED
    assert str(status) in step.found
    assert "login (authentication) address" in step.mend


@pytest.mark.parametrize(
    "answer", [Response(status=302, headers={"Location": "/login"}), Response("Bad request", 400), Response("<form>")]
)
def test_a_sign_in_page_or_a_refusal_is_an_answer(lms: Lms, answer: Response) -> None:
    lms.planted["/auth"].append(answer)
    assert examine(about(lms))["login"].result is Result.OK


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "86400"},
        {"Age": "-99999999999999999999"},
    ],
)
def test_a_clock_that_nobody_can_count_with_is_passed_over(lms: Lms, headers: dict[str, str]) -> None:
    class Untimely(Outbound):
        def get(self, *args: Any, **more: Any) -> Answer:
            answer = super().get(*args, **more)
            return replace(answer, headers=CaseInsensitiveDict({**answer.headers, **headers}))

    steps = self_test.run(about(lms), Untimely(HOSTS), KEYRING.sign, public_url=OURS, clock=lambda: datetime.now(UTC))
    assert [(step.name, step.result) for step in steps if step.result is not Result.OK] == [("clock", Result.SKIPPED)]


def test_addresses_that_were_mixed_up_are_seen(lms: Lms) -> None:
    steps = examine(about(lms, auth_login_url=f"{lms.url}/jwks", jwks_url=f"{lms.url}/auth"))
    assert "mixed up" in steps["login"].found
    assert steps["keys"].result is Result.FAILED


def test_an_lms_that_is_not_there_fails_at_each_address_and_nothing_more_is_tried(lms: Lms) -> None:
    account = ServiceAccount("p-1", "client-1", f"{DEAD}/token", f"{DEAD}/token")
    steps = examine(about(lms, auth_login_url=f"{DEAD}/auth", jwks_url=f"{DEAD}/jwks", account=account))
    for name in ("login", "keys", "token"):
        assert steps[name].result is Result.FAILED
        assert "127.0.0.1" in steps[name].found
        assert "can be reached" in steps[name].mend
        assert "platform correct" in steps[name].mend
    assert steps["roster"].result is Result.SKIPPED
    assert steps["clock"].result is Result.SKIPPED


def test_a_private_address_names_the_setting(lms: Lms) -> None:
    steps = examine(about(lms), hosts=frozenset())
    for name in ("login", "keys", "token"):
        assert steps[name].result is Result.FAILED
        assert steps[name].mend.endswith("CREDITROLL_ALLOW_PRIVATE_HOSTS."), "nothing to change in the LMS"


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>", 200),
        Response('{"keys": []}'),
        Response("gone", 404),
        Response(json.dumps({"keys": [key("small", 1024).jwk]})),
        Response(json.dumps({"keys": [key().jwk | {"use": "enc"}]})),
    ],
)
def test_a_key_set_without_a_usable_key_fails(lms: Lms, answer: Response) -> None:
    lms.planted["/jwks"].append(answer)
    step = examine(about(lms))["keys"]
    assert step.result is Result.FAILED
    assert "keyset (JWKS) address" in step.mend


def test_a_refused_assertion_names_our_key_set_and_leaves_the_roster_out(lms: Lms) -> None:
    lms.plant("token", Response('{"error": "invalid_client"}', 400))
    steps = examine(about(lms))
    assert steps["token"].result is Result.FAILED
    assert f"{OURS}/lti/jwks.json" in steps["token"].mend
    assert steps["roster"].result is Result.SKIPPED
    assert lms.pages == []


def test_a_service_that_is_not_granted_says_what_to_switch_on(lms: Lms) -> None:
    lms.plant("token", Response('{"error": "invalid_scope"}', 400))
    assert "Names and Role Provisioning" in examine(about(lms))["token"].mend


def test_a_token_endpoint_that_is_down_is_tried_once(lms: Lms) -> None:
    lms.plant("token", Response(status=503))
    step = examine(about(lms))["token"]
    assert step.result is Result.FAILED
    assert "503" in step.found
    assert len(lms.forms) == 1


def test_the_audience_of_the_registration_is_used() -> None:
    with an_lms(audience="https://api.brightspace.com/auth/token") as lms:
        assert examine(about(lms))["token"].result is Result.OK


def test_a_roster_is_read_after_the_first_launch_only(lms: Lms) -> None:
    steps = examine(about(lms, has_launched=False, memberships_url=None))
    assert steps["roster"].result is Result.SKIPPED
    assert "open Creditroll once from a course" in steps["roster"].found


def test_launches_without_a_roster_say_what_to_switch_on(lms: Lms) -> None:
    step = examine(about(lms, memberships_url=None))["roster"]
    assert step.result is Result.FAILED
    assert "Names and Role Provisioning" in step.mend


@pytest.mark.parametrize(
    ("status", "mend"), [(403, "Names and Role Provisioning"), (404, "another course"), (500, "in some minutes")]
)
def test_a_roster_that_is_refused_fails_with_its_mend(lms: Lms, status: int, mend: str) -> None:
    lms.plant("page", Response("no", status))
    step = examine(about(lms))["roster"]
    assert step.result is Result.FAILED
    assert mend in step.mend


def test_only_the_first_page_of_a_long_roster_is_read(lms: Lms) -> None:
    lms.page_size = 2
    step = examine(about(lms))["roster"]
    assert "2 people on its first page" in step.found
    assert len(lms.pages) == 1


def test_a_tiny_roster_of_brightspace_is_explained(lms: Lms) -> None:
    lms.members = [person("s-1")]
    step = examine(about(lms, family=FAMILIES["brightspace"]))["roster"]
    assert step.result is Result.OK
    assert "Classlist" in step.mend
    assert examine(about(lms))["roster"].mend == ""


def test_a_mend_ends_in_the_words_of_the_lms(lms: Lms) -> None:
    family = replace(FAMILIES["other"], mends={"token": "In Pigeon LMS that is under Tools."})
    lms.plant("token", Response("no", 400))
    assert examine(about(lms, family=family))["token"].mend.endswith("In Pigeon LMS that is under Tools.")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": "pending"}, "waits for approval"),
        ({"status": "disabled"}, "switched off"),
        ({"waiting": 2}, "2 deployments wait"),
    ],
)
def test_what_waits_for_approval_says_what_the_operator_types(lms: Lms, changes: dict[str, Any], found: str) -> None:
    step = examine(about(lms, **changes))["deployments"]
    assert step.result is Result.FAILED
    assert found in step.found
    assert "creditroll platform approve p-1" in step.mend


def test_without_a_deployment_there_is_nothing_to_approve_yet(lms: Lms) -> None:
    assert examine(about(lms, approved=0))["deployments"].result is Result.SKIPPED


@pytest.mark.parametrize(("off_by", "way"), [(-200, "ahead of"), (200, "behind")])
def test_clocks_that_are_apart_fail(lms: Lms, off_by: int, way: str) -> None:
    step = examine(about(lms), off_by=timedelta(seconds=off_by))["clock"]
    assert step.result is Result.FAILED
    assert way in step.found
    assert "NTP" in step.mend


def test_what_a_cache_kept_for_a_while_is_no_wrong_clock(lms: Lms) -> None:
    for where in ("/auth", "/jwks"):
        lms.planted[where].append(Response(json.dumps({"keys": [key().jwk]}), headers={"Age": "600"}))
    assert examine(about(lms), off_by=timedelta(minutes=10))["clock"].result is Result.OK


def test_an_lms_that_hangs_is_not_asked_to_the_end(lms: Lms) -> None:
    moments = iter(datetime.now(UTC) + timedelta(seconds=10 * number) for number in range(100))
    steps = self_test.run(about(lms), Outbound(HOSTS), KEYRING.sign, public_url=OURS, clock=lambda: next(moments))
    results = {step.name: step.result for step in steps}
    assert results["roster"] is Result.SKIPPED
    assert lms.pages == []


def test_the_subject_is_what_the_books_know_of_the_lms(session: Session) -> None:
    platform = make_platform(session, family="canvas")
    waiting = make_deployment(session, platform, status="pending")
    admitted = make_deployment(session, platform)
    never = self_test.subject(session, platform)
    assert (never.approved, never.waiting, never.has_launched) == (1, 1, False)
    first = make_context(session, admitted, memberships_url="https://lms.test/first")
    later = make_context(session, admitted, memberships_url="https://lms.test/later")
    bare = make_context(session, admitted)
    theirs = make_context(session, make_deployment(session), memberships_url="https://other.test/theirs")
    theirs.last_launch_at = NOW + timedelta(3)
    first.last_launch_at, later.last_launch_at, bare.last_launch_at = NOW, NOW + timedelta(1), NOW + timedelta(2)
    make_context(session, waiting, memberships_url="https://lms.test/named-only")
    session.flush()
    found = self_test.subject(session, platform)
    assert found.has_launched
    assert found.memberships_url == "https://lms.test/later"
    assert found.family.name == "canvas"
