"""Registering an LMS: addresses that can be right, once for each client, admitted by the operator."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid, NotFound
from lti_tool.lti import platforms
from lti_tool.lti.platforms import AlreadyRegistered, Platform, TooManyWaiting
from tests.factories import NOW

GOOD: dict[str, Any] = {
    "name": "Lincoln Unified",
    "family": "canvas",
    "issuer": "https://canvas.instructure.com",
    "client_id": "10000000000068",
    "auth_login_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "auth_token_url": "https://sso.canvaslms.com/login/oauth2/token",
    "jwks_url": "https://sso.canvaslms.com/api/lti/security/jwks",
}


def add(session: Session, **changes: Any) -> Platform:
    return platforms.add_platform(
        session, **GOOD | {"allow_private_hosts": frozenset({"lms.intranet"}), "now": NOW} | changes
    )


def test_an_added_platform_is_active_with_its_deployments(session: Session) -> None:
    added = add(session, deployment_ids=("106:8865", "106:8865", "107:1"))
    assert platforms.find(session, added.id).status == "active"
    assert [(one.deployment_id, one.status) for one in platforms.deployments(session, added)] == [
        ("106:8865", "active"),
        ("107:1", "active"),
    ]
    assert platforms.every(session) == [added]


def test_two_schools_share_an_issuer_and_never_a_client(session: Session) -> None:
    add(session)
    add(session, client_id="10000000000069")
    with pytest.raises(AlreadyRegistered):
        add(session)


def test_a_registration_from_outside_waits_until_the_operator_admits_it(session: Session) -> None:
    asked = add(session, is_admitted=False, deployment_ids=("106:8865",))
    assert asked.status == "pending"
    assert [one.status for one in platforms.deployments(session, asked)] == ["pending"]
    platforms.approve(session, asked, now=NOW)
    assert asked.status == "active"
    assert [one.status for one in platforms.deployments(session, asked)] == ["active"]


def test_admitting_a_registration_again_admits_no_installation_that_came_by_launches(session: Session) -> None:
    added = add(session)
    platforms.note_pending(session, platform_id=added.id, deployment_id="seen", now=NOW)
    platforms.disable(added)
    platforms.approve(session, added, now=NOW)
    assert [one.status for one in platforms.deployments(session, added)] == ["pending"]


def test_only_so_many_may_wait(session: Session) -> None:
    for number in range(100):
        add(session, is_admitted=False, client_id=f"client-{number}")
    with pytest.raises(TooManyWaiting):
        add(session, is_admitted=False, client_id="client-100")
    add(session, client_id="client-100")


@pytest.mark.parametrize(
    "theirs",
    [
        {"auth_token_url": "https://SSO.canvaslms.com:443/login/oauth2/token?x=1"},
        {"auth_audience": "https://sso.canvaslms.com/login/oauth2/token"},
    ],
)
def test_nobody_gets_tokens_that_are_another_lmss_client(session: Session, theirs: dict[str, str]) -> None:
    add(session)
    evil = {"family": "other", "issuer": "https://evil.test", "auth_token_url": "https://evil.test/token"}
    with pytest.raises(AlreadyRegistered):
        add(session, **evil | theirs)
    add(session, **evil)


def test_a_host_that_the_operator_named_may_be_several_lmss(session: Session) -> None:
    for issuer in ("https://canvas.test", "https://beta.canvas.test"):
        add(session, family="other", issuer=issuer, auth_token_url="https://lms.intranet/token")


def test_brightspaces_one_audience_need_not_be_named(session: Session) -> None:
    added = add(
        session, family="brightspace", issuer="https://school.brightspace.com", auth_token_url="https://a.test/t"
    )
    assert added.account.audience == "https://api.brightspace.com/auth/token"


BAD_ADDRESSES = (
    "",
    "canvas.instructure.com",
    "//canvas.instructure.com",
    "ftp://canvas.instructure.com",
    "javascript:alert(1)",
    "http://canvas.instructure.com",
    "http://127.0.0.1.evil.example",
    "https://user:password@canvas.instructure.com",
    "https://canvas.instructure.com/#fragment",
    "https://canvas.instructure.com/\n",
    "https://[::1",
    "https://lms.test:port/",
    f"https://canvas.instructure.com/{'x' * 2000}",
)


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("field", ["issuer", "auth_login_url", "auth_token_url", "jwks_url"])
def test_an_address_that_cannot_be_right_is_refused_by_its_name(field: str, address: str, session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        add(session, **{field: address})
    assert refused.value.figures["field"] == field


@pytest.mark.parametrize(
    "origin", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "http://lms.intranet"]
)
def test_plain_http_is_for_this_machine_and_hosts_that_the_operator_named(origin: str, session: Session) -> None:
    assert add(session, issuer=origin, jwks_url=f"{origin}/jwks").issuer == origin


@pytest.mark.parametrize(
    "changes",
    [{"family": "unheard-of"}, {"name": " "}, {"client_id": ""}, {"client_id": "x" * 256}, {"deployment_ids": ("",)}],
)
def test_other_values_that_cannot_be_right_are_refused(changes: dict[str, Any], session: Session) -> None:
    with pytest.raises(Invalid):
        add(session, **changes)


def test_a_platform_that_invents_installations_fills_no_table(session: Session) -> None:
    added = add(session)
    for number in range(105):
        platforms.note_pending(session, platform_id=added.id, deployment_id=f"invented {number}", now=NOW)
    assert len(platforms.deployments(session, added)) == 100


def test_a_waiting_deployment_is_admitted_and_an_admitted_one_stays(session: Session) -> None:
    added = add(session, deployment_ids=("known",))
    for name in ("known", "new", "new"):
        platforms.note_pending(session, platform_id=added.id, deployment_id=name, now=NOW)
    assert {one.deployment_id: one.status for one in platforms.deployments(session, added)} == {
        "known": "active",
        "new": "pending",
    }
    platforms.approve(session, added, deployment_id="new", now=NOW)
    names = {"issuer": added.issuer, "client_id": added.client_id}
    assert platforms.find_deployment(session, **names, deployment_id="new").status == "active"
    with pytest.raises(NotFound):
        platforms.find_deployment(session, **names, deployment_id="never-seen")


def test_a_platform_is_switched_off_and_on(session: Session) -> None:
    added = add(session)
    platforms.disable(added)
    assert platforms.find(session, added.id).status == "disabled"
    platforms.approve(session, added, now=NOW)
    assert platforms.find(session, added.id).status == "active"


def test_a_platform_that_was_never_added_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        platforms.find(session, "no-such-platform")
