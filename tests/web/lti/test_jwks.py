"""LMSs read our public keys, and only those."""

from flask.testing import FlaskClient

from lti_tool.lti.keyring import open_keyring
from lti_tool.settings import Settings


def test_the_key_set_is_public_and_checks_what_we_sign(client: FlaskClient, settings: Settings) -> None:
    answer = client.get("/lti/jwks.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == open_keyring(settings.keys_dir).jwks
    assert "max-age=300" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert all(set(key) == {"kty", "n", "e", "kid", "alg", "use"} for key in answer.json["keys"])
