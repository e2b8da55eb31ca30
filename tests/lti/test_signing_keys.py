"""The newest key whose time has come signs; all are shown; and it is known when an old one may go."""

import logging
import traceback
from datetime import timedelta

import jwt
import pytest

from lti_tool.db import micros
from lti_tool.lti.signing_keys import ALWAYS, LONGEST_LIFE, Keyring, SigningKey, Status
from tests.factories import NOW
from tests.lti_platform import key

HOUR = timedelta(hours=1)
EXP = micros(NOW + timedelta(minutes=4)) // 1_000_000


def signing(kid: str, hours: float | None = None) -> SigningKey:
    """A key that signs from so many hours on; without any, always."""
    return SigningKey(kid, key(kid).private, ALWAYS if hours is None else NOW + hours * HOUR)


def kids(keyring: Keyring, *hours: float) -> list[str]:
    return [keyring.signer(NOW + hour * HOUR).kid for hour in hours]


def test_a_key_that_waits_signs_from_its_time_on() -> None:
    keyring = Keyring([signing("key-1"), signing("key-2", 25)])
    assert kids(keyring, 0, 24.9, 25, 1000) == ["key-1", "key-1", "key-2", "key-2"]


def test_a_key_made_in_an_emergency_is_not_replaced_by_one_that_waited_before_it() -> None:
    keyring = Keyring([signing("key-1"), signing("key-2", 25), signing("key-3", 1)])
    assert kids(keyring, 0, 1, 25, 1000) == ["key-1", "key-3", "key-3", "key-3"]


def test_where_the_clock_says_that_no_key_may_sign_yet_the_first_one_does() -> None:
    assert kids(Keyring([signing("key-1", 5), signing("key-2", 25)]), 0) == ["key-1"]


def test_what_is_signed_names_its_key_and_is_checked_with_the_shown_one() -> None:
    keyring = Keyring([signing("key-1"), signing("key-2", -1), signing("key-3", 25)])
    assert [shown["kid"] for shown in keyring.jwks["keys"]] == ["key-1", "key-2", "key-3"]
    token = keyring.sign({"sub": "client-1", "exp": EXP}, NOW)
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": "key-2"}
    published = jwt.PyJWK(keyring.jwks["keys"][1])
    assert jwt.decode(token, published, algorithms=["RS256"], options={"verify_exp": False})["sub"] == "client-1"


def test_the_key_set_shows_nothing_of_the_private_halves() -> None:
    [shown] = Keyring([signing("key-1")]).jwks["keys"]
    assert set(shown) == {"kty", "n", "e", "kid", "alg", "use"}


def test_what_would_outlive_its_key_is_not_signed() -> None:
    keyring = Keyring([signing("key-1")])
    keyring.sign({"exp": (NOW + LONGEST_LIFE).timestamp()}, NOW)
    with pytest.raises(ValueError, match="outlive"):
        keyring.sign({"exp": (NOW + LONGEST_LIFE).timestamp() + 1}, NOW)
    with pytest.raises(KeyError):
        keyring.sign({}, NOW)


def test_an_old_key_is_needed_until_nothing_that_it_signed_can_be_good() -> None:
    first, second, third = signing("key-1"), signing("key-2", 25), signing("key-3", 50)
    keyring = Keyring([first, second, third])
    ends = keyring.needed_until(first)
    assert ends is not None
    assert ends >= second.signs_from + LONGEST_LIFE
    assert ends == NOW + 27 * HOUR
    assert keyring.needed_until(second) == NOW + 52 * HOUR
    assert keyring.needed_until(third) is None


def test_a_key_that_never_came_to_sign_is_not_needed() -> None:
    passed_over = signing("key-2", 25)
    keyring = Keyring([signing("key-1"), passed_over, signing("key-3", 1)])
    assert keyring.needed_until(passed_over) == NOW + HOUR


def test_each_key_has_its_status() -> None:
    keyring = Keyring([signing("key-1"), signing("key-2", -1), signing("key-3", 25)])
    assert [keyring.status(one, NOW) for one in keyring.keys] == [Status.OLD, Status.SIGNING, Status.WAITING]


def test_no_text_log_or_traceback_of_a_key_tells_its_private_half(caplog: pytest.LogCaptureFixture) -> None:
    one = signing("key-1")
    keyring = Keyring([one])
    logging.getLogger("lti_tool").error("%s %r %s", one, keyring, vars(one).keys())
    with pytest.raises(TypeError) as failed:
        keyring.sign({"exp": EXP, "sub": object()}, NOW)
    told = caplog.text + "".join(traceback.format_exception(failed.value)) + repr(one) + str(keyring)
    assert "key-1" in told
    assert "private" not in repr(one)
    private = one.private.private_numbers()
    assert not any(str(number) in told or hex(number)[2:] in told for number in (private.d, private.p, private.q))
    assert "PRIVATE KEY" not in told
