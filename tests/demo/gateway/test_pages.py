"""The stand-in's pages: people pay, decide what the bank does, and disturb the webhooks, all without scripts."""

import re

import pytest
import requests
from stripe.checkout import Session

from tests.demo.gateway.conftest import Tool, line, sdk, wanted
from tests.demo_lms import TIMEOUT_S
from tests.gateway import Gateway


def press(gateway: Gateway, path: str, origin: str | None = None, **fields: str) -> requests.Response:
    """A button, as a browser sends it from the stand-in's own page."""
    headers = {"Origin": gateway.url if origin is None else origin}
    return requests.post(gateway.url + path, data=fields, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)


def page(gateway: Gateway, path: str = "/") -> str:
    """What it shows."""
    answer = requests.get(gateway.url + path, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    return answer.text


def test_a_payer_sees_the_bill_pays_by_card_and_is_sent_on_once_the_tool_was_told(
    gateway: Gateway, tool: Tool, opened: Session
) -> None:
    shown = page(gateway, f"/pay/{opened.id}")
    for words in ("no money moves", "Export credits", "100 × $0.20", "$20.00", "$1.65", "Pay $21.65 by card"):
        assert words in shown

    declined = press(gateway, f"/pay/{opened.id}", way="declined")
    assert declined.headers["Location"] == f"/pay/{opened.id}"
    assert "The card was declined" in page(gateway, f"/pay/{opened.id}")
    assert tool.heard == []

    paid = press(gateway, f"/pay/{opened.id}", way="card")
    assert (paid.status_code, tool.types) == (303, ["checkout.session.completed"])
    assert paid.headers["Location"] == f"http://127.0.0.1:9/checkout/return?session={opened.id}"
    assert "You can close this page" in page(gateway, f"/pay/{opened.id}")
    again = press(gateway, f"/pay/{opened.id}", way="card")
    assert (again.status_code, len(tool.heard)) == (400, 1)


@pytest.mark.parametrize(("what", "became"), [("settle", "Paid"), ("fail", "The bank transfer failed")])
def test_a_bank_transfer_is_decided_where_it_was_made(
    gateway: Gateway, tool: Tool, opened: Session, what: str, became: str
) -> None:
    press(gateway, f"/pay/{opened.id}", way="bank")
    assert "The bank transfer is under way" in page(gateway, f"/pay/{opened.id}")

    back = press(gateway, f"/sessions/{opened.id}", what=what, **{"from": "pay"})

    assert back.headers["Location"] == f"/pay/{opened.id}"
    assert f"<h1>{became}</h1>" in page(gateway, f"/pay/{opened.id}")
    assert len(tool.heard) == 2


def test_refunds_and_disputes_are_made_by_hand(gateway: Gateway, tool: Tool, opened: Session) -> None:
    payment = gateway.pay(opened.id)["data"]["object"]["payment_intent"]
    for wrong in ("0", "-5", "1.005", "much", "1e9999999", "NaN", "21.66"):
        assert press(gateway, f"/payments/{payment}", what="refund", amount=wrong).status_code == 400

    press(gateway, f"/payments/{payment}", what="refund", amount="5.5")
    assert "$5.50 given back" in page(gateway)
    press(gateway, f"/payments/{payment}", what="dispute")
    assert "dispute open" in page(gateway)
    press(gateway, f"/payments/{payment}", what="won")
    assert "dispute won" in page(gateway)
    press(gateway, f"/payments/{payment}", what="refund", amount="")
    assert "$21.65 given back" in page(gateway)
    assert tool.types[1:] == ["charge.refunded", "charge.dispute.created", "charge.dispute.closed", "charge.refunded"]


def test_webhooks_are_disturbed_by_hand(gateway: Gateway, tool: Tool, opened: Session) -> None:
    press(gateway, "/events", what="hold")
    paid = gateway.pay(opened.id)
    refunds = [gateway.refund(paid["data"]["object"]["payment_intent"], 100) for _ in range(2)]
    assert "They are held: 3 wait." in page(gateway)
    assert press(gateway, f"/events/{refunds[0]['id']}", what="drop").status_code == 303
    press(gateway, "/events", what="reverse")
    assert [event.id for event in tool.heard] == [refunds[1]["id"], paid["id"]]

    for what in ("again", "forged", "old"):
        press(gateway, f"/events/{paid['id']}", what=what)
    assert (len(tool.heard), tool.forged) == (3, 2)
    assert "Answered: 200, 200, 400 (by another secret), 400 (3600 s old)" in page(gateway)


def test_no_other_site_presses_its_buttons_and_nobody_frames_or_scripts_it(
    gateway: Gateway, tool: Tool, opened: Session
) -> None:
    foreign = press(gateway, f"/pay/{opened.id}", origin="http://elsewhere.example", way="card")
    assert (foreign.status_code, tool.heard) == (403, [])

    policy = requests.get(opened.url or "", timeout=TIMEOUT_S).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9;" in policy, "the form ends at the seller's"


def test_what_a_seller_sends_is_shown_as_text_and_other_currencies_as_their_own(gateway: Gateway, tool: Tool) -> None:
    bill = [line("<b>Credits & more</b>", 1500, 2, "jpy")]
    made = sdk(gateway).v1.checkout.sessions.create(params=wanted(line_items=bill, client_reference_id="<i>"))
    shown = page(gateway, f"/pay/{made.id}")
    assert "&lt;b&gt;Credits &amp; more&lt;/b&gt;" in shown
    assert re.search(r"Pay ¥3,000 by card", shown)
    assert "<i>" not in page(gateway)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/pay/cs_test_unknown", {"way": "card"}, 404),
        ("/sessions/cs_test_unknown", {"what": "settle"}, 404),
        ("/sessions/cs_test_unknown", {"what": "made-up"}, 400),
        ("/payments/pi_unknown", {"what": "refund"}, 404),
        ("/events/evt_unknown", {"what": "again"}, 404),
        ("/events", {"what": "made-up"}, 400),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    gateway: Gateway, tool: Tool, path: str, fields: dict[str, str], status: int
) -> None:
    answer = press(gateway, path, **fields)
    assert (answer.status_code, "All payments and webhooks" in answer.text) == (status, True)
    assert ("forgets everything when the demo ends" in answer.text) is (status == 404)
