"""B1 to B12: every known bad payload is refused with a page that a person can read."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.conftest import Sent, assert_refused
from tests.lti_platform import ABSENT


@dataclass(frozen=True)
class Bad:
    """What is wrong with the launch, and the code that says so."""

    code: str
    changes: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None


BAD = {
    "B1_no_kid": Bad("LTI-KID-MISSING", header={"kid": ABSENT, "typ": ABSENT, "badtestonly": "12345"}),
    "B2_incorrect_kid": Bad("LTI-KID-UNKNOWN", header={"kid": "imstester_66067"}),
    "B3_wrong_version": Bad("LTI-VERSION", {"version": "11.3"}),
    "B4_no_version": Bad("LTI-VERSION", {"version": ABSENT}),
    "B5_invalid_message": Bad("LTI-KID-MISSING", header={"kid": ABSENT}, body={"name": "badltilaunch"}),
    "B6_missing_claims": Bad("LTI-VERSION", {"message_type": ABSENT, "version": ABSENT, "roles": ABSENT}),
    "B6_missing_claims_of_the_other_port": Bad(
        "LTI-ISS", {"aud": ABSENT, "iss": ABSENT, "sub": ABSENT, "deployment_id": ABSENT, "roles": ABSENT}
    ),
    "B7_timestamps": Bad("LTI-EXPIRED", {"iat": 11111, "exp": 22222}),
    "B8_no_message_type": Bad("LTI-CLAIM-MISSING", {"message_type": ABSENT}),
    "B9_no_roles": Bad("LTI-CLAIM-MISSING", {"roles": ABSENT}),
    "B10_no_deployment_id": Bad("LTI-CLAIM-MISSING", {"deployment_id": ABSENT}),
    "B11_no_resource_link": Bad("LTI-CLAIM-MISSING", {"resource_link": ABSENT}),
    "B12_no_user": Bad("LTI-CLAIM-MISSING", {"sub": ""}),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_payload_is_refused_with_a_readable_page(case: str, attempt: Sent) -> None:
    bad = BAD[case]
    assert_refused(attempt(bad.changes, header=bad.header, body=bad.body), bad.code)
