"""The stand-in works on this machine, with keys of its own making, and nowhere else."""

from typing import Any

import pytest

from lti_tool.demo.gateway.app import create_gateway
from lti_tool.demo.gateway.config import GatewayConfig, NotAStandIn, made_up_keys

SECRET_KEY, WEBHOOK_SECRET = made_up_keys()


def config(**changes: Any) -> GatewayConfig:
    """One that may start, with changes."""
    right: dict[str, Any] = {
        "url": "http://localhost:9",
        "webhook_url": "http://127.0.0.1:9/webhooks/stripe",
        "secret_key": SECRET_KEY,
        "webhook_secret": WEBHOOK_SECRET,
    }
    return GatewayConfig(**right | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"secret_key": "sk_live_51Real"},
        {"secret_key": "sk_test_51OfSomebodysAccount"},
        {"secret_key": ""},
        {"webhook_secret": "whsec_of_a_real_endpoint"},
        {"url": "https://pay.school.example"},
        {"url": "http://0.0.0.0:9"},
        {"webhook_url": "https://credits.school.example/webhooks/stripe"},
        {"webhook_url": "http://localhost.school.example/webhooks/stripe"},
    ],
)
def test_it_does_not_start_with_real_keys_or_real_addresses(changes: dict[str, str]) -> None:
    with pytest.raises(NotAStandIn):
        config(**changes)


@pytest.mark.parametrize(("asker", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("", 403)])
def test_whatever_serves_it_only_this_machine_is_answered(asker: str, status: int) -> None:
    client = create_gateway(config()).test_client()
    for path, here in (("/", status), ("/v1/checkout/sessions", 405 if status == 200 else 403)):
        answer = client.get(path, environ_base={"REMOTE_ADDR": asker})
        assert answer.status_code in (here, 401 if status == 200 else here), path


def test_its_control_is_closed_unless_a_test_opens_it() -> None:
    assert create_gateway(config()).test_client().post("/control/hold", json={}).status_code == 404
    assert create_gateway(config(control=True)).test_client().post("/control/hold", json={}).status_code == 200


def test_a_form_of_another_site_does_not_reach_the_control() -> None:
    client = create_gateway(config(control=True)).test_client()
    assert client.post("/control/hold", data="{}", content_type="text/plain").status_code == 415
