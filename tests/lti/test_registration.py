"""Which addresses belong together, whom a client id may serve, and how long a page's form is good."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lti_tool.lti import by_hand, platforms
from lti_tool.lti.by_hand import Typed
from lti_tool.lti.families import FAMILIES, Endpoints
from lti_tool.lti.invitations import Proposal, Seal, invitation
from lti_tool.lti.platform_configuration import Configuration, parse
from lti_tool.lti.platforms import AlreadyRegistered, TooManyWaiting
from lti_tool.lti.registration import Registrar
from lti_tool.lti.registration_answer import Granted
from lti_tool.lti.registration_refusals import ClientOfAnother, HostsDisagree, PageTooOld
from lti_tool.settings import Settings, load
from tests.factories import NOW, make_platform
from tests.registering_lms import CANVAS, PLATFORM, shape

SCHOOL = "https://lms.school.example"
CLOUD: dict[str, Any] = shape("canvas", SCHOOL) | {
    "issuer": "https://canvas.instructure.com",
    "authorization_endpoint": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "registration_endpoint": "https://district.instructure.com/api/lti/registrations",
    "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
    "token_endpoint": "https://sso.canvaslms.com/login/oauth2/token",
}
NOBODY = frozenset[str]()


def read(document: dict[str, Any], found_at: str = f"{SCHOOL}/configuration", **changes: Any) -> Configuration:
    return parse(deepcopy(document) | changes, found_at=found_at, allow_private_hosts=NOBODY)


@pytest.mark.parametrize("host", ["canvas.instructure.com", "sso.canvaslms.com", "district.instructure.com"])
def test_canvas_speaks_for_its_one_issuer_from_any_of_its_hosts(host: str) -> None:
    found = read(CLOUD, f"https://{host}/api/lti/security/openid-configuration?registration_token=x")
    assert (found.family_name, found.school, found.auth_audience) == ("canvas", "Lincoln Unified", None)


@pytest.mark.parametrize(
    ("found_at", "changes"),
    [
        (f"{SCHOOL}/configuration", {}),
        ("https://instructure.com.evil.example/", {}),
        ("https://evilinstructure.com/", {}),
        (None, {"registration_endpoint": f"{SCHOOL}/registrations"}),
        (None, {"token_endpoint": f"{SCHOOL}/token"}),
        (None, {"jwks_uri": f"{SCHOOL}/jwks"}),
        (None, {"authorization_endpoint": f"{SCHOOL}/auth"}),
        (None, {"issuer": SCHOOL}),
    ],
)
def test_nobody_else_speaks_for_canvas(found_at: str | None, changes: dict[str, str]) -> None:
    with pytest.raises(HostsDisagree):
        read(CLOUD, found_at or "https://sso.canvaslms.com/configuration", **changes)


def test_a_vendors_issuer_is_that_vendors_whatever_it_calls_itself() -> None:
    document = CLOUD | {PLATFORM: CLOUD[PLATFORM] | {"product_family_code": "moodle"}}
    assert read(document, "https://sso.canvaslms.com/configuration").family_name == "canvas"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example", "registration_endpoint": "https://other.example/registrations"},
        {"issuer": f"{SCHOOL}:8443"},
        {"issuer": "https://lms.school.example.evil.example"},
        {"registration_endpoint": "https://other.example/registrations"},
        {"registration_endpoint": f"{SCHOOL}:8443/registrations"},
        {"registration_endpoint": "https://district.instructure.com/registrations"},
    ],
)
def test_issuer_and_registration_are_where_the_configuration_is(changes: dict[str, str]) -> None:
    with pytest.raises(HostsDisagree):
        read(shape("moodle", SCHOOL), **changes)


def test_a_host_is_the_same_in_every_spelling() -> None:
    assert read(shape("moodle", SCHOOL), "https://LMS.School.example:443/x", issuer=f"{SCHOOL}./").issuer
    assert read(shape("moodle", SCHOOL), jwks_uri="https://keys.example/jwks").jwks_url == "https://keys.example/jwks"


def test_a_school_of_its_own_name_may_register_at_its_vendor() -> None:
    found = read(shape("brightspace", SCHOOL) | {
        "registration_endpoint": "https://lti.brightspace.com/register",
        "token_endpoint": "https://auth.brightspace.com/core/connect/token",
    })  # fmt: skip
    assert (found.family_name, found.auth_audience) == ("brightspace", "https://api.brightspace.com/auth/token")


@pytest.mark.parametrize("family", ["canvas", "brightspace", "moodle"])
@pytest.mark.parametrize(
    "changes",
    [
        {"authorization_server": "https://api.brightspace.com/auth/token"},
        {"authorization_server": "https://sso.canvaslms.com/login/oauth2/token"},
        {"token_endpoint": "https://sso.canvaslms.com/login/oauth2/token"},
        {"token_endpoint": "https://lti-service.svc.schoology.com/lti-service/access-token"},
    ],
)
def test_nothing_is_signed_for_a_stranger_that_another_lms_would_take(family: str, changes: dict[str, str]) -> None:
    with pytest.raises(HostsDisagree):
        read(shape(family, SCHOOL), **changes)


def test_an_lms_that_the_operator_named_may_have_any_audience() -> None:
    found = parse(
        shape("brightspace", "https://lms.intranet"),
        found_at="https://lms.intranet/x",
        allow_private_hosts=frozenset({"lms.intranet"}),
    )
    assert found.auth_audience == "https://api.brightspace.com/auth/token"


def test_names_are_cleaned_and_cut_before_people_see_them() -> None:
    document = shape("canvas", SCHOOL)
    document[PLATFORM][f"{CANVAS}account_name"] = " Lincoln\u202e \ud800 Unified\n" + "x" * 500
    found = read(document)
    assert found.school is not None
    assert found.school.startswith("Lincoln Unified xxx")
    assert len(found.school) <= 100


@pytest.fixture
def settings() -> Settings:
    """A tool that admits whoever registers."""
    return load({}, secret_key="x" * 32, public_url="https://tool.test", registration="open")


def keep(session: Session, settings: Settings, issuer: str, client_id: str = "client-1") -> platforms.Platform:
    """An LMS at that address gave us that client."""
    configuration = parse(shape("moodle", issuer), found_at=f"{issuer}/x", allow_private_hosts=NOBODY)
    granted = Granted(client_id=client_id, deployment_id=None, scopes=frozenset())
    return Registrar(settings).keep(session, configuration, granted, now=NOW).platform


def test_a_client_id_of_one_lms_is_not_taken_for_another(session: Session, settings: Settings) -> None:
    keep(session, settings, SCHOOL)
    with pytest.raises(ClientOfAnother):
        keep(session, settings, "https://evil.example")
    assert keep(session, settings, "https://evil.example", "client-2").status == "active"


def test_nor_is_it_where_somebody_types_it_in(session: Session, settings: Settings) -> None:
    keep(session, settings, SCHOOL)
    evil = "https://evil.example"
    typed = Typed(
        family=FAMILIES["moodle"],
        name="Evil",
        client_id="client-1",
        endpoints=Endpoints(issuer=evil, auth_login_url=f"{evil}/a", auth_token_url=f"{evil}/t", jwks_url=f"{evil}/k"),
    )
    with pytest.raises(AlreadyRegistered):
        by_hand.register(session, typed, is_admitted=True, allow_private_hosts=NOBODY, now=NOW)


def test_strangers_register_only_so_many_lmss_a_day_even_where_all_are_welcome(
    session: Session, settings: Settings
) -> None:
    registrar = Registrar(settings)
    for number in range(100):
        registrar.require_open(session, now=NOW)
        keep(session, settings, f"https://lms-{number}.example", f"client-{number}")
    with pytest.raises(TooManyWaiting):
        registrar.require_open(session, now=NOW)
    registrar.require_open(session, now=NOW + timedelta(days=1, seconds=1))


def test_the_client_of_canvas_serves_its_beta_too(session: Session, settings: Settings) -> None:
    for stage in ("", "beta."):
        host = f"https://canvas.{stage}instructure.com"
        document = CLOUD | {"issuer": host, "token_endpoint": f"https://sso.{stage}canvaslms.com/login/oauth2/token"}
        configuration = read(document, host)
        Registrar(settings).keep(session, configuration, Granted("1", None, frozenset()), now=NOW)
    assert len(platforms.every(session)) == 2


def test_a_guessed_client_does_not_keep_canvas_out_but_its_tokens_do(session: Session, settings: Settings) -> None:
    make_platform(session, issuer="https://evil.example", client_id="1")
    configuration = read(CLOUD, "https://sso.canvaslms.com/")
    assert Registrar(settings).keep(session, configuration, Granted("1", None, frozenset()), now=NOW).is_new
    thief = make_platform(session, issuer="https://thief.example", client_id="2")
    thief.auth_token_url = configuration.auth_token_url
    session.flush()
    with pytest.raises(AlreadyRegistered):
        Registrar(settings).keep(session, configuration, Granted("2", None, frozenset()), now=NOW)


def test_a_form_is_good_for_an_hour_and_only_here() -> None:
    configuration = read(shape("moodle", SCHOOL))
    asked = invitation(configuration_url=f"{SCHOOL}/x", token="a-secret")
    closed = Seal("x" * 32).close(Proposal(asked, configuration), now=NOW)
    assert "a-secret" not in closed
    assert Seal("x" * 32).open(closed, now=NOW + timedelta(minutes=59)) == Proposal(asked, configuration)
    with pytest.raises(PageTooOld):
        Seal("x" * 32).open(closed, now=NOW + timedelta(minutes=61))
    with pytest.raises(PageTooOld):
        Seal("y" * 32).open(closed, now=NOW)
