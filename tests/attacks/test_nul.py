"""A NUL, which PostgreSQL takes in no text, is refused before any page looks at it."""

import pytest
from flask.testing import FlaskClient

LOGIN = "/lti/login?iss=%00&client_id=%00&login_hint=a&target_link_uri=https://tool.test/lti/launch"


@pytest.mark.parametrize("address", [LOGIN, "/manager/members?search=%00", "/manager/history?batch=%00"])
def test_a_nul_in_an_address_is_refused_as_a_bad_request(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code in (400, 401)


def test_a_nul_in_a_form_is_refused_as_a_bad_request(client: FlaskClient) -> None:
    assert client.post("/lti/login", data={"iss": "a\0", "client_id": "b"}).status_code == 400
