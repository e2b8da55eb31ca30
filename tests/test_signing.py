"""What browsers carry for us."""

import pytest
from itsdangerous import BadData

from lti_tool.ids import new_id
from lti_tool.signing import Signing

SECRET = "s" * 32
SHORT = {"who": "Zoë", "ends": 5, "none": None, "several": ["a", "b"]}
LONG = {"several": [new_id() for _ in range(100)]}


@pytest.mark.parametrize("value", [SHORT, LONG])
def test_what_was_signed_comes_back(value: object) -> None:
    assert Signing(SECRET, "one").loads(Signing(SECRET, "one").dumps(value)) == value


@pytest.mark.parametrize("value", [SHORT, LONG])
@pytest.mark.parametrize(("secret", "salt"), [(SECRET, "two"), ("t" * 32, "one")])
def test_it_is_worth_nothing_under_another_name_or_secret(value: object, secret: str, salt: str) -> None:
    with pytest.raises(BadData):
        Signing(secret, salt).loads(Signing(SECRET, "one").dumps(value))


@pytest.mark.parametrize("at", [0, 10, -1])
def test_no_character_can_be_changed(at: int) -> None:
    text = Signing(SECRET, "one").dumps(SHORT)
    changed = [*text]
    changed[at] = "A" if changed[at] != "A" else "B"
    with pytest.raises(BadData):
        Signing(SECRET, "one").loads("".join(changed))


def test_what_is_long_gets_shorter_so_that_a_cookie_holds_it() -> None:
    assert len(Signing(SECRET, "one").dumps(LONG)) < 0.8 * len(str(LONG))
