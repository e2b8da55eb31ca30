"""What the stand-in sends the tool, and how: signed, again, late, out of order, never, forged, old."""

from typing import Any

import pytest
import stripe
from stripe.checkout import Session

from tests.demo.gateway.conftest import ORDER, Tool, sdk, wanted
from tests.gateway import Gateway, running_gateway


def test_paying_by_card_tells_the_tool_and_nobody_pays_twice(gateway: Gateway, tool: Tool, opened: Session) -> None:
    gateway.pay(opened.id)

    [event] = tool.heard
    session: Any = event.data.object
    assert event.type == "checkout.session.completed"
    assert (session.id, session.payment_status, session.status) == (opened.id, "paid", "complete")
    assert session.client_reference_id == ORDER
    intent = sdk(gateway).v1.payment_intents.retrieve(session.payment_intent)
    assert (intent.amount_received, intent.metadata["order"]) == (2165, ORDER)
    with pytest.raises(AssertionError, match="status of `complete`"):
        gateway.pay(opened.id)


@pytest.mark.parametrize("comes", [True, False])
def test_a_bank_transfer_is_unpaid_until_it_comes_or_fails(
    gateway: Gateway, tool: Tool, opened: Session, comes: bool
) -> None:
    gateway.pay_later(opened.id)
    (gateway.settle if comes else gateway.fail)(opened.id)

    first, second = tool.heard
    assert (first.type, first.data.object["payment_status"]) == ("checkout.session.completed", "unpaid")
    decided = ("succeeded", "paid") if comes else ("failed", "unpaid")
    assert second.type == f"checkout.session.async_payment_{decided[0]}"
    assert second.data.object["payment_status"] == decided[1]
    with pytest.raises(AssertionError, match="No bank transfer is under way"):
        gateway.settle(opened.id)


def test_a_dispute_names_only_the_payment_and_is_won_or_lost(gateway: Gateway, tool: Tool, opened: Session) -> None:
    payment = gateway.pay(opened.id)["data"]["object"]["payment_intent"]
    gateway.dispute(payment, 700)
    gateway.close_dispute(payment, won=False)

    disputes: list[Any] = [event.data.object for event in tool.heard[1:]]
    assert tool.types[1:] == ["charge.dispute.created", "charge.dispute.closed"]
    assert [each.status for each in disputes] == ["needs_response", "lost"]
    assert {(each.payment_intent, each.amount) for each in disputes} == {(payment, 700)}
    assert all(each.metadata.to_dict() == {} for each in disputes)


def test_a_session_that_nobody_pays_runs_out_by_itself(gateway: Gateway, tool: Tool, opened: Session) -> None:
    gateway.later(24 * 3600 - 60)
    assert sdk(gateway).v1.checkout.sessions.retrieve(opened.id).status == "open"
    gateway.later(120)
    assert tool.types == ["checkout.session.expired"]
    assert sdk(gateway).v1.checkout.sessions.retrieve(opened.id).status == "expired"


def test_what_the_tool_does_not_take_is_sent_again_the_same_each_time_and_some_day_no_more(
    gateway: Gateway, tool: Tool, opened: Session
) -> None:
    tool.answers = [500, 302, 200]
    event = gateway.pay(opened.id)
    assert len(tool.heard) == 1
    gateway.later(4)
    assert len(tool.heard) == 1, "5 seconds are not over"
    gateway.later(1)
    gateway.later(30)
    gateway.later(100_000)
    assert [one.id for one in tool.heard] == [event["id"]] * 3
    assert gateway.told()[-1]["state"] == "taken"

    tool.answers = [500] * 20
    tool.heard.clear()
    payment = event["data"]["object"]["payment_intent"]
    gateway.refund(payment)
    for _ in range(20):
        gateway.later(100_000)
    assert len(tool.heard) == 5
    assert gateway.told()[-1]["state"] == "refused"


def test_events_are_held_reordered_doubled_and_dropped(gateway: Gateway, tool: Tool, opened: Session) -> None:
    gateway.hold()
    paid = gateway.pay(opened.id)
    payment = paid["data"]["object"]["payment_intent"]
    first, second, third = (gateway.refund(payment, 100) for _ in range(3))
    gateway.later(100_000)
    assert tool.heard == [], "what is held is not sent by time either"

    gateway.drop(second)
    gateway.release(third, paid)
    assert [one.id for one in tool.heard] == [third["id"], paid["id"]]
    assert gateway.deliver(paid) == 200
    gateway.release()
    assert [one.id for one in tool.heard[2:]] == [paid["id"], first["id"]]
    gateway.refund(payment, 100)
    assert len(tool.heard) == 5, "nothing is held any more"


def test_forged_and_old_deliveries_are_refused_by_whoever_looks(gateway: Gateway, tool: Tool, opened: Session) -> None:
    event = gateway.pay(opened.id)
    assert gateway.deliver(event, secret="whsec_of_somebody_else") == 400
    assert gateway.deliver(event, age_s=400) == 400
    assert (tool.forged, gateway.deliver(event, age_s=200), gateway.deliver(event)) == (2, 200, 200)
    assert gateway.told()[-1]["answers"] == [200, 400, 400, 200, 200]


def test_without_a_tool_events_wait_and_a_test_signs_them_itself() -> None:
    with running_gateway() as gateway:
        opened = sdk(gateway).v1.checkout.sessions.create(params=wanted())
        gateway.pay(opened.id)
        [event] = gateway.events
        body, headers = gateway.signed({**event, "id": "evt_another"})
        read = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], gateway.webhook_secret)
        assert (read.id, read.type) == ("evt_another", "checkout.session.completed")
        assert gateway.told()[0]["state"] == "held"
