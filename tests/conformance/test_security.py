"""R1 to R23: what the Security Framework forbids is refused with a page that a person can read."""

import time

import jwt
import pytest
from flask.testing import FlaskClient

from tests.conformance.conftest import Sent, assert_refused, launch_claims
from tests.lti_platform import ABSENT, FakePlatform, id_token, key, login, post

DAY_S = 86_400


@pytest.fixture
def lms(registered: FakePlatform) -> FakePlatform:
    """The validator."""
    return registered


def token(lms: FakePlatform, nonce: str) -> str:
    """The token of a good launch."""
    return id_token(lms, launch_claims(lms, nonce))


def now() -> int:
    return int(time.time())


def test_r1_alg_none(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    unsigned = jwt.encode(launch_claims(lms, begun.nonce), "", algorithm="none", headers={"kid": lms.key.kid})
    assert_refused(post(client, id_token=unsigned, state=begun.state), "LTI-ALG")


def test_r2_hs256_with_the_public_key(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    body, secret = launch_claims(lms, begun.nonce), str(lms.key.jwk["n"])
    signed = jwt.encode(body, secret, algorithm="HS256", headers={"kid": lms.key.kid})
    assert_refused(post(client, id_token=signed, state=begun.state), "LTI-ALG")


def test_r3_a_flipped_signature(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    signed, _, signature = token(lms, begun.nonce).rpartition(".")
    flipped = f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    assert_refused(post(client, id_token=flipped, state=begun.state), "LTI-SIGNATURE")


def test_r4_the_key_of_another_platform(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    forged = jwt.encode(
        launch_claims(lms, begun.nonce), key("other").private, algorithm="RS256", headers={"kid": lms.key.kid}
    )
    assert_refused(post(client, id_token=forged, state=begun.state), "LTI-SIGNATURE")


def test_r5_a_wrong_audience(attempt: Sent) -> None:
    assert_refused(attempt({"aud": "imstester_7654321"}), "LTI-AUD")


def test_r6_several_audiences_without_us(attempt: Sent) -> None:
    assert_refused(attempt({"aud": ["one", "two"]}), "LTI-AUD")


def test_r7_azp_of_another(attempt: Sent, lms: FakePlatform) -> None:
    assert_refused(attempt({"aud": [lms.client_id, "other"], "azp": "other"}), "LTI-AZP")
    assert_refused(attempt({"aud": [lms.client_id, "other"]}), "LTI-AZP")


def test_r8_another_issuer(attempt: Sent) -> None:
    assert_refused(attempt({"iss": "https://ltiadvantagevalidator.imsglobal.org.example"}), "LTI-ISS")


def test_r9_no_nonce(attempt: Sent) -> None:
    assert_refused(attempt({"nonce": ABSENT}), "LTI-NONCE")


def test_r10_an_unknown_nonce(attempt: Sent) -> None:
    assert_refused(attempt({"nonce": "made-up"}), "LTI-NONCE")


def test_r11_a_used_nonce(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    assert post(client, id_token=token(lms, begun.nonce), state=begun.state).status_code == 303
    again = id_token(lms, launch_claims(lms, begun.nonce, {"sub": "somebody else"}))
    assert_refused(post(client, id_token=again, state=begun.state), "LTI-NONCE-USED")


def test_r12_no_state(client: FlaskClient, lms: FakePlatform) -> None:
    assert_refused(post(client, id_token=token(lms, login(client, lms).nonce)), "LTI-STATE-MISSING")


def test_r13_an_unknown_state(client: FlaskClient, lms: FakePlatform) -> None:
    assert_refused(post(client, id_token=token(lms, login(client, lms).nonce), state="made-up"), "LTI-STATE-UNKNOWN")


def test_r14_a_used_state(client: FlaskClient, lms: FakePlatform) -> None:
    used, fresh = login(client, lms), login(client, lms)
    assert post(client, id_token=token(lms, used.nonce), state=used.state).status_code == 303
    assert_refused(post(client, id_token=token(lms, fresh.nonce), state=used.state), "LTI-NONCE")


def test_r15_a_state_of_another_browser(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    other = client.application.test_client()
    assert_refused(post(other, id_token=token(lms, begun.nonce), state=begun.state), "LTI-STATE-BROWSER")


def test_r16_expired(attempt: Sent) -> None:
    assert_refused(attempt({"iat": now() - 400, "exp": now() - 100}), "LTI-EXPIRED")


def test_r17_iat_in_the_future(attempt: Sent) -> None:
    assert_refused(attempt({"iat": now() + 600, "exp": now() + 900}), "LTI-IAT")


def test_r18_iat_of_too_long_ago(attempt: Sent) -> None:
    assert_refused(attempt({"iat": now() - 2 * DAY_S}), "LTI-IAT")


def test_r19_nbf_in_the_future(attempt: Sent) -> None:
    assert_refused(attempt({"nbf": now() + 600}), "LTI-IAT")


def test_r20_an_unknown_deployment(attempt: Sent) -> None:
    assert_refused(attempt({"deployment_id": "another"}), "LTI-DEPLOYMENT-PENDING")


def test_r21_a_token_of_two_parts(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    two = token(lms, begun.nonce).rpartition(".")[0]
    assert_refused(post(client, id_token=two, state=begun.state), "LTI-TOKEN")


def test_r22_a_huge_token(attempt: Sent) -> None:
    assert_refused(attempt({"custom": {"text": "x" * 64_000}}), "LTI-TOKEN-SIZE")


def test_r23_two_states(client: FlaskClient, lms: FakePlatform) -> None:
    begun = login(client, lms)
    answer = post(client, id_token=token(lms, begun.nonce), state=[begun.state, begun.state])
    assert_refused(answer, "LTI-STATE-MISSING")
