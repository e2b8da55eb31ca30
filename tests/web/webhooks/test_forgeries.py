"""Only what Stripe itself signed just now is believed; and nothing that it signs breaks us."""

import json
import logging
from time import time

import pytest
from stripe import WebhookSignature
from werkzeug.test import TestResponse

from tests.conftest import MakeApp
from tests.gateway import Event, Gateway
from tests.web.webhooks.conftest import Shop

OTHER_SECRET = "whsec_somebody_elses_secret"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here reaches far into the database."""
    return sqlite_url


def refused(answer: TestResponse, code: str) -> bool:
    """Whether it was refused with this code, and nothing said besides."""
    return (answer.status_code, answer.json) == (400, {"code": code})


def paid(shop: Shop) -> Event:
    """A payment that would be credited."""
    return shop.gateway.pay(shop.page(shop.order()))


def test_forged_stale_and_future_messages_are_refused_and_nothing_is_kept(shop: Shop, gateway: Gateway) -> None:
    event = paid(shop)
    forged = gateway.signed(event, secret=OTHER_SECRET)
    assert refused(shop.post(*forged), "signature_wrong")
    body, headers = gateway.signed(event)
    assert refused(shop.post(body.replace(b"5000", b"5001"), headers), "signature_wrong")
    assert refused(shop.post(body, {}), "signature_wrong")
    for age_s in (302, 86_400, -302, -86_400 * 3_650):
        assert refused(shop.post(*gateway.signed(event, age_s=age_s)), "signature_not_fresh"), age_s
    assert shop.kept() == []
    for age_s in (295, -295):
        assert shop.post(*gateway.signed(event, age_s=age_s)).status_code == 200
    assert [kept.outcome for kept in shop.kept()] == ["applied"]


def test_headers_that_are_none_are_refused(shop: Shop, gateway: Gateway) -> None:
    body, headers = gateway.signed(paid(shop))
    now, good = int(time()), headers["Stripe-Signature"]
    signature = good.partition(",")[2]
    for header in (
        "",
        "t=,v1=",
        f"t={now}",
        signature,
        f"t={now},v1=",
        f"t={now},v1=" + "0" * 64,
        f"t={now},v1=é",
        f"t={now},{signature.replace('v1', 'v0')}",
        f"t=-{now},{signature}",
        f"t={'9' * 5_000},{signature}",
        f"t=٣{str(now)[1:]},{signature}",
        f"t={now}.0,{signature}",
        f"t={now + 9_000},{good}",
        f"{good},t={now}",
        good.replace(",", ", "),
        f"t={now}" + ",v1=0" * 5_000,
        "," * 100,
    ):
        answer = shop.post(body, headers | {"Stripe-Signature": header})
        assert refused(answer, "signature_wrong"), header[:80]
    rotating = f"{good},v1={'0' * 64},v0={'f' * 64}"
    assert shop.post(body, headers | {"Stripe-Signature": rotating}).status_code == 200


def test_two_secrets_count_while_one_is_being_replaced(make_app: MakeApp, shop: Shop, gateway: Gateway) -> None:
    old, new = gateway.webhook_secret, "whsec_creditroll_demo_new"
    events = [paid(shop) for _ in range(3)]
    for secrets, counts in (([old, new], (200, 200)), ([new], (400, 200)), ([new, "", "  "], (400, 200))):
        tool = make_app(**gateway.settings() | {"stripe_webhook_secrets": secrets})
        event = events.pop()
        answers = [
            tool.test_client().post("/webhooks/stripe", data=body, headers=headers).status_code
            for body, headers in (gateway.signed(event, secret=secret) for secret in (old, new))
        ]
        assert tuple(answers) == counts


def test_without_a_key_or_a_secret_there_is_nothing_at_the_address(
    make_app: MakeApp, shop: Shop, gateway: Gateway
) -> None:
    body, headers = gateway.signed(paid(shop))
    without: tuple[dict[str, object], ...] = ({"stripe_secret_key": ""}, {"stripe_webhook_secrets": []})
    for missing in without:
        tool = make_app(**gateway.settings() | {"stripe_api_base": ""} | {"stripe_secret_key": "sk_test_1"} | missing)
        assert tool.test_client().post("/webhooks/stripe", data=body, headers=headers).status_code == 404


def test_the_content_type_matters_as_little_as_other_methods_are_taken(shop: Shop, gateway: Gateway) -> None:
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""):
        body, headers = gateway.signed(paid(shop))
        assert shop.post(body, headers | {"Content-Type": content_type}).status_code == 200
    answer = shop.app.test_client().get("/webhooks/stripe")
    assert (answer.status_code, answer.json) == (405, {"code": "method_not_allowed"})


def test_a_huge_body_is_not_read(shop: Shop, gateway: Gateway) -> None:
    body, headers = gateway.signed(paid(shop) | {"padding": "x" * 262_144})
    answer = shop.post(body, headers)
    assert (answer.status_code, answer.json) == (413, {"code": "request_entity_too_large"})
    assert shop.kept() == []


def signed(shop: Shop, text: str) -> TestResponse:
    """Sends whatever text it is, with a good signature."""
    header = WebhookSignature.generate_signature_header(text, shop.gateway.webhook_secret)
    return shop.post(text.encode(), {"Stripe-Signature": header})


def test_a_signed_body_of_any_shape_is_kept_as_a_problem(shop: Shop) -> None:
    event = paid(shop)
    good = json.dumps(event)
    bodies = [
        "",
        good[:-1],
        "null",
        "[]",
        '"text"',
        "NaN",
        "[" * 100_000,
        '{"id":' * 30_000,
        good.replace('"created": ', '"created": 1e400, "other": '),
        good.replace('"created": ', f'"created": {"9" * 5_000}, "other": '),
        "\0" + good,
        "\ufeff" + good[:-1],
        '{"id": "evt_2", ' + good[1:],
        good.replace(event["id"], "evt_\\u0000"),
        good.replace(event["id"], "evt_\\ud800"),
        good.replace(event["id"], "x" * 300),
    ]
    for body in bodies:
        assert signed(shop, body).status_code == 200, body[:80]
    kept = shop.kept()
    assert {one.outcome for one in kept} == {"problem"}
    its_own = f"{event['id']}:unreadable"
    assert [one.event_id == its_own for one in kept].count(True) == 1
    assert len(kept) == len(bodies)
    assert shop.problems() == ["unreadable"] * len(kept)
    assert shop.payments() == []


def test_no_amount_is_believed_that_nobody_can_pay(shop: Shop) -> None:
    event = paid(shop)
    for number, amount in enumerate((True, -1, 10**30, 5_000.0, "5000")):
        thing = event["data"]["object"] | {"amount_total": amount}
        assert shop.tell(event | {"id": f"evt_{number}", "data": {"object": thing}}) == [200]
    assert (shop.problems(), shop.payments()) == (["unreadable"] * 5, [])


def test_what_could_not_be_read_or_believed_counts_once_it_can_be(shop: Shop) -> None:
    order = shop.order()
    event = shop.gateway.pay(shop.page(order))
    shop.tell(event | {"created": "soon"}, event | {"livemode": True})
    assert (shop.credits(order), shop.problems()) == ((0, 0), ["unreadable", "mode_differs"])
    shop.tell(event, event)
    assert shop.credits(order) == (100, 100)


@pytest.mark.slow
def test_no_field_of_a_signed_message_breaks_us(shop: Shop) -> None:
    """Every field that is there, in turn missing or of every other kind: a 200, and no credit that was not paid."""
    order = shop.order()
    page = shop.page(order)
    event = shop.gateway.pay(page)
    refund = shop.gateway.refund(event["data"]["object"]["payment_intent"], 100)
    dispute = shop.gateway.dispute(event["data"]["object"]["payment_intent"], 100)
    odd: tuple[object, ...] = (None, True, -1, 1.5, 10**30, "", "\0", "\ud800", "x" * 300, [], {}, {"id": "x"})
    number = 0
    for whole in (event, refund, dispute):
        for path in _paths(whole):
            for value in odd:
                number += 1
                changed = json.loads(json.dumps(whole))
                changed["id"] = f"evt_odd_{number}"
                holder = changed["data"]["object"] if path[0] == "thing" else changed
                holder[path[1]] = value
                assert signed(shop, json.dumps(changed)).status_code == 200, (path, value)
    assert shop.credits(order)[0] in (0, 100)


def _paths(event: Event) -> list[tuple[str, str]]:
    acted_on = {"client_reference_id", "payment_intent", "amount_total", "currency", "payment_status", "metadata"}
    acted_on |= {"id", "amount", "amount_refunded", "status", "charge", "mode"}
    thing = event["data"]["object"]
    return [("event", key) for key in event] + [("thing", key) for key in thing if key in acted_on]


def test_nobody_of_the_message_is_in_a_log(
    shop: Shop, gateway: Gateway, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        event = paid(shop)
        shop.tell(event, event | {"id": 7}, secret=OTHER_SECRET)
        shop.tell(event, event | {"id": 7})
    written = caplog.text + "".join(capfd.readouterr())
    assert "payment event" in written
    assert [word for word in ("Whitfield", "made-up-school", gateway.webhook_secret) if word in written] == []
