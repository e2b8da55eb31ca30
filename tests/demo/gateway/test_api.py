"""Stripe's API as the stand-in has it, called by the official SDK over real HTTP."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe
from stripe.checkout import Session

from tests.demo.gateway.conftest import ORDER, Tool, line, sdk, wanted
from tests.demo_lms import TIMEOUT_S
from tests.gateway import Gateway


def test_a_session_is_opened_found_again_and_expired_and_its_lines_are_totalled(gateway: Gateway, tool: Tool) -> None:
    sessions = sdk(gateway).v1.checkout.sessions
    made = sessions.create(params=wanted())
    assert (made.amount_total, made.currency, made.status, made.payment_status) == (2165, "usd", "open", "unpaid")
    assert (made.client_reference_id, made.payment_intent) == (ORDER, None)
    assert made.to_dict()["metadata"] == {"order": ORDER}
    assert made.url == f"{gateway.url}/pay/{made.id}"
    assert sessions.retrieve(made.id).to_dict() == made.to_dict()

    assert sessions.expire(made.id).status == "expired"
    assert sessions.retrieve(made.id).url is None
    assert tool.types == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        sessions.expire(made.id)


def test_a_key_gives_one_session_however_often_and_whatever_goes_wrong(gateway: Gateway, tool: Tool) -> None:
    create: Callable[..., Session] = sdk(gateway).v1.checkout.sessions.create
    options: Any = {"idempotency_key": f"{ORDER}:1"}
    gateway.plant(500, "lost")
    with pytest.raises(stripe.APIConnectionError):  # the SDK tries the 500 again, but no answer that broke off
        create(params=wanted(), options=options)

    first, again = (create(params=wanted(), options=options) for _ in range(2))

    assert first.id == again.id
    assert first.last_response is not None
    assert first.last_response.headers["Idempotent-Replayed"] == "true", "made by the call whose answer was lost"
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as other:
        create(params=wanted(client_reference_id="another"), options=options)
    assert other.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        sdk(gateway).v1.checkout.sessions.expire(first.id, options=options)
    assert create(params=wanted(), options={"idempotency_key": f"{ORDER}:2"}).id != first.id


def test_a_key_used_by_many_at_once_makes_one_session(gateway: Gateway, tool: Tool) -> None:
    client, options = sdk(gateway), stripe.RequestOptions(idempotency_key="at once")
    with ThreadPoolExecutor(8) as many:
        made = list(
            many.map(lambda _: client.v1.checkout.sessions.create(params=wanted(), options=options).id, range(16))
        )
    assert len(set(made)) == 1


def test_what_was_refused_before_it_ran_leaves_its_key_free(gateway: Gateway, tool: Tool) -> None:
    create, options = sdk(gateway).v1.checkout.sessions.create, stripe.RequestOptions(idempotency_key="a second try")
    with pytest.raises(stripe.InvalidRequestError):
        create(params=wanted(success_url=None), options=options)
    assert create(params=wanted(), options=options).status == "open"


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"made_up": "1"}, "made_up", "parameter_unknown"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]", "parameter_missing"),
        ({"line_items": [line("Credits", 20, 0)]}, "line_items[0][quantity]", "parameter_invalid"),
        ({"line_items": [line("Credits", -1, 1)]}, "line_items[0][price_data][unit_amount]", "parameter_invalid"),
        ({"line_items": [line("Credits", 49, 1)]}, None, "amount_too_small"),
        ({"line_items": [line("a", 50, 1), line("b", 50, 1, "eur")]}, "line_items", None),
        ({"mode": "subscription"}, "mode", "parameter_invalid"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", "parameter_invalid"),
        ({"metadata": {f"k{n}": "" for n in range(51)}}, "metadata", "parameter_invalid"),
        ({"expires_at": 1}, "expires_at", None),
        ({"expires_at": int(time.time()) + 25 * 3600}, "expires_at", None),
    ],
)
def test_wrong_parameters_are_named(
    gateway: Gateway, tool: Tool, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk(gateway).v1.checkout.sessions.create(params=wanted(**changes))
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)


def test_only_its_own_key_opens_it_and_what_it_lacks_is_refused_as_stripe_does(gateway: Gateway, tool: Tool) -> None:
    with pytest.raises(stripe.AuthenticationError) as wrong:
        sdk(gateway, "sk_test_another").v1.checkout.sessions.create(params=wanted())
    assert (wrong.value.http_status, "another" in str(wrong.value)) == (401, False)
    assert requests.get(f"{gateway.url}/v1/checkout/sessions/cs_1", timeout=TIMEOUT_S).status_code == 401
    with pytest.raises(stripe.InvalidRequestError, match=r"No such checkout\.session") as unknown:
        sdk(gateway).v1.checkout.sessions.retrieve("cs_test_unknown")
    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        sdk(gateway).v1.customers.create()


@pytest.mark.parametrize(
    ("status", "raised"),
    [(402, stripe.CardError), (403, stripe.PermissionError), (429, stripe.RateLimitError), (500, stripe.APIError)],
)
def test_planted_faults_reach_the_caller_as_the_sdks_own_errors(
    gateway: Gateway, tool: Tool, status: int, raised: type[Exception]
) -> None:
    gateway.plant(status)
    client = stripe.StripeClient(gateway.secret_key, base_addresses={"api": gateway.url}, max_network_retries=0)
    with pytest.raises(raised):
        client.v1.checkout.sessions.create(params=wanted())


def test_refunds_add_up_and_end_at_what_was_paid(gateway: Gateway, tool: Tool, opened: Session) -> None:
    refunds = sdk(gateway).v1.refunds
    payment = gateway.pay(opened.id)["data"]["object"]["payment_intent"]

    first = refunds.create(params={"payment_intent": payment, "amount": 500})
    assert (first.amount, first.status, first.payment_intent) == (500, "succeeded", payment)
    with pytest.raises(stripe.InvalidRequestError, match=r"\$20\.00\) is greater than .* \(\$16\.65\)"):
        refunds.create(params={"payment_intent": payment, "amount": 2000})
    assert refunds.create(params={"charge": str(first.charge)}).amount == 1665
    with pytest.raises(stripe.InvalidRequestError) as spent:
        refunds.create(params={"payment_intent": payment})
    assert spent.value.code == "charge_already_refunded"

    charges: list[Any] = [event.data.object for event in tool.heard[1:]]
    assert tool.types[1:] == ["charge.refunded"] * 2
    assert [(each.amount_refunded, each.refunded) for each in charges] == [(500, False), (2165, True)]
    assert all(each.metadata["order"] == ORDER and each.payment_intent == payment for each in charges)


def test_nobody_gives_back_what_has_not_come_or_is_disputed(gateway: Gateway, tool: Tool, opened: Session) -> None:
    payment = gateway.pay_later(opened.id)["data"]["object"]["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        sdk(gateway).v1.refunds.create(params={"payment_intent": payment})
    gateway.settle(opened.id)
    gateway.dispute(payment)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        sdk(gateway).v1.refunds.create(params={"payment_intent": payment})
