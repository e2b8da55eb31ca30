"""N1 to N4: after a teacher's launch the roster is asked for, in the form and with the token that LTI wants."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from tests.conformance.conftest import ReadRoster
from tests.roster_lms import RosterLms, person, serving_roster

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@pytest.fixture
def service(read_roster: ReadRoster) -> Iterator[RosterLms]:
    """The validator's services, after a teacher launched and the background work was done."""
    with serving_roster(checks_assertions=False) as services:
        services.members = [person("40899", name="Carrie A Lowell")]
        read_roster(services)
        yield services


def test_n1_the_roster_of_a_launch_is_asked_for(service: RosterLms, client: FlaskClient) -> None:
    assert len(service.pages) == 1
    assert "Carrie A Lowell" in client.get("/manager/members").text


def test_n2_accept_and_authorization_are_as_the_service_asks(service: RosterLms) -> None:
    asked = service.headers[-1]
    assert asked["Accept"] == MEDIA_TYPE
    assert asked["Authorization"].removeprefix("Bearer ") in service.tokens
    assert asked["User-Agent"].startswith("Creditroll")


def test_n3_the_token_was_given_for_an_assertion_that_our_published_key_signed(
    service: RosterLms, client: FlaskClient
) -> None:
    [form] = service.forms
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    shown: Any = client.get("/lti/jwks.json").json
    kid = jwt.get_unverified_header(form["client_assertion"])["kid"]
    signed = jwt.decode(
        form["client_assertion"],
        jwt.PyJWKSet.from_dict(shown)[kid],
        algorithms=["RS256"],
        audience=service.token_url,
        options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"]},
    )
    assert signed["iss"] == signed["sub"] == service.client_id
    assert signed["exp"] - signed["iat"] <= 300


def test_n4_the_scope_is_the_rosters(service: RosterLms) -> None:
    assert SCOPE in service.forms[0]["scope"].split()
