"""What Stripe tells takes effect once, in whatever order; and what cannot is listed."""

from collections.abc import Callable, Mapping
from itertools import permutations

import pytest

from lti_tool.purchasing import payments
from tests.conftest import Books
from tests.gateway import Event, Gateway
from tests.web.webhooks.conftest import Shop

PAYER = ("Dana", "Whitfield", "made-up-school", "Made-up Street", "02139")


def test_a_paid_page_is_credited_once_however_often_it_is_told(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    assert shop.credits(order) == (0, 0)
    assert shop.tell(paid, paid, paid) == [200, 200, 200]
    assert shop.credits(order) == (100, 100)
    assert shop.now(order).status == "fulfilled"
    assert shop.pages(order) == ["complete"]
    payment = shop.payment(order)
    assert (payment.status, payment.amount, payment.currency) == ("paid", 5_000, "USD")
    [kept] = shop.kept()
    assert (kept.event_id, kept.outcome, kept.order_id) == (paid["id"], "applied", order.id)
    assert [word for word in PAYER if word in kept.summary] == []
    assert shop.problems() == []


def test_a_bank_transfer_is_credited_when_it_has_come(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    page = shop.page(order)
    shop.tell(gateway.pay_later(page))
    assert (shop.credits(order), shop.payment(order).status, shop.pages(order)) == ((0, 0), "pending", ["complete"])
    shop.tell(gateway.settle(page))
    assert (shop.credits(order), shop.payment(order).status) == ((100, 100), "paid")


def test_a_transfer_that_failed_refuses_the_order_which_can_be_paid_again(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    first = shop.page(order)
    begun, failed = gateway.pay_later(first), gateway.fail(first)
    shop.tell(failed, begun)
    assert (shop.now(order).status, shop.payment(order).status) == ("refused", "failed")
    second = shop.page(order)
    assert second != first
    shop.tell(gateway.pay(second))
    assert (shop.credits(order), shop.now(order).status) == ((100, 100), "fulfilled")


def test_a_failure_that_is_told_after_pay_was_pressed_again_refuses_nothing(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    first = shop.page(order)
    shop.tell(gateway.expire(first))
    shop.page(order)
    failed = _as_failed(gateway.events[-1])
    assert shop.tell(failed) == [200]
    assert (shop.now(order).status, shop.pages(order)) == ("placed", ["complete", "open"])


def test_an_expired_page_is_marked_and_the_order_can_be_paid_again(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    first = shop.page(order)
    shop.tell(gateway.expire(first))
    assert (shop.pages(order), shop.now(order).status) == (["expired"], "placed")
    shop.tell(gateway.pay(shop.page(order)))
    assert (shop.pages(order), shop.credits(order)) == (["expired", "complete"], (100, 100))


def test_what_is_told_late_of_a_page_that_was_paid_changes_nothing(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    shop.tell(paid, _as_expired(paid), _as_failed(paid))
    assert (shop.pages(order), shop.now(order).status) == (["complete"], "fulfilled")


def test_a_failure_refuses_no_order_that_another_payment_is_on_its_way_to(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    begun = gateway.pay_later(shop.page(order))
    shop.tell(begun, _as_failed(begun))
    assert shop.now(order).status == "placed"


@pytest.mark.slow
def test_the_order_of_messages_makes_no_difference(shop: Shop, gateway: Gateway) -> None:
    for turn in permutations(range(4)):
        order = shop.order()
        page = shop.page(order)
        begun, come = gateway.pay_later(page), gateway.settle(page)
        payment = begun["data"]["object"]["payment_intent"]
        told = [begun, come, gateway.refund(payment, 2_500), _as_expired(begun)]
        assert shop.tell(*(told[number] for number in turn)) == [200] * 4
        assert shop.credits(order) == (50, 50), turn
        assert (shop.pages(order), shop.payment(order).status) == (["complete"], "paid"), turn
    assert shop.problems() == []


def test_a_refund_takes_units_back_in_proportion(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    shop.tell(gateway.pay(shop.page(order)))
    reference = shop.payment(order).reference
    later, sooner = gateway.refund(reference, 1_000), gateway.refund(reference, 1_500)
    shop.tell(sooner, later)
    assert (shop.payment(order).refunded, shop.credits(order)) == (2_500, (50, 50))


def test_a_refund_that_did_not_arrive_is_listed(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    shop.tell(gateway.pay(shop.page(order)))
    refund = {"id": "re_1", "payment_intent": shop.payment(order).reference, "amount": 2_500, "currency": "usd"}
    back = gateway.refund(shop.payment(order).reference, 2_500)
    shop.tell(back, back | {"id": "evt_failed", "type": "refund.failed", "data": {"object": refund}})
    assert (shop.credits(order), shop.problems()) == ((50, 50), ["refund_failed"])


@pytest.mark.parametrize("won", [True, False], ids=["won", "lost"])
@pytest.mark.parametrize("arrange", [list, reversed], ids=["in order", "end first"])
def test_a_dispute_is_listed_until_it_is_decided_and_a_lost_one_takes_units_back(
    shop: Shop, gateway: Gateway, *, won: bool, arrange: Callable[[list[Event]], list[Event]]
) -> None:
    order = shop.order()
    shop.tell(gateway.pay(shop.page(order)))
    reference = shop.payment(order).reference
    opened = gateway.dispute(reference)
    told = [opened, gateway.close_dispute(reference, won=won)]
    first, second = arrange(told)
    shop.tell(first)
    if first is opened:
        assert (shop.payment(order).is_disputed, shop.problems()) == (True, ["disputed"])
        assert shop.credits(order) == (100, 100)
    shop.tell(second)
    payment = shop.payment(order)
    assert (payment.is_disputed, payment.lost) == (False, 0 if won else 5_000)
    assert shop.credits(order) == ((100, 100) if won else (0, 0))
    assert shop.problems() == ([] if won else ["dispute_lost"])


def test_two_disputes_of_a_payment_are_counted_each(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    shop.tell(gateway.pay(shop.page(order)))
    opened = gateway.dispute(shop.payment(order).reference, 2_000)
    closed = gateway.close_dispute(shop.payment(order).reference, won=False)
    other = {"id": "du_other", "amount": 1_000}
    shop.tell(opened, _changed(opened, other, "evt_other_1"), closed)
    assert (shop.payment(order).is_disputed, shop.payment(order).lost) == (True, 2_000)
    shop.tell(_changed(closed, other, "evt_other_2"))
    assert (shop.payment(order).is_disputed, shop.payment(order).lost) == (False, 3_000)
    assert shop.credits(order) == (40, 40)


def test_another_amount_or_currency_credits_nothing_until_the_whole_price_came(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    less = {"payment_intent": "pi_less", "amount_total": 4_999}
    pesos = {"payment_intent": "pi_pesos", "currency": "mxn"}
    shop.tell(_changed(paid, less, "evt_less"), _changed(paid, pesos, "evt_pesos"))
    assert (shop.credits(order), shop.now(order).status) == ((0, 0), "placed")
    assert shop.problems().count("amount_differs") == 2
    shop.tell(_changed(paid, {"payment_intent": "pi_rest", "amount_total": 1}, "evt_rest"))
    assert shop.credits(order) == (100, 100)


def test_a_free_page_buys_nothing(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    free = {"payment_intent": None, "amount_total": 0, "payment_status": "no_payment_required"}
    shop.tell(_changed(gateway.pay(shop.page(order)), free, "evt_free"))
    assert (shop.credits(order), shop.problems()) == ((0, 0), ["amount_differs"])


def test_money_that_nobody_knows_is_kept_and_listed_until_it_is_matched(
    shop: Shop, gateway: Gateway, books: Books
) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    for number, reference in enumerate((None, "0199a1b2-0000-7000-8000-000000000001", "'; drop table orders")):
        change = {"metadata": {"order_id": reference}, "payment_intent": f"pi_{number}"}
        assert shop.tell(_changed(paid, change, f"evt_{number}")) == [200]
    assert (shop.problems(), shop.credits(order)) == (["unmatched"] * 3, (0, 0))
    back = gateway.refund(paid["data"]["object"]["payment_intent"], 2_500)
    shop.tell(_changed(back, {"metadata": {}}, back["id"]))
    assert shop.problems() == ["unmatched"] * 4
    shop.tell(paid)
    assert (shop.problems(), shop.credits(order)) == (["unmatched"] * 3, (50, 50))
    with books() as session:
        assert {one.order_id for one in payments.problems(session)} == {None}


def test_what_a_payer_bought_elsewhere_of_the_seller_pays_no_order_that_the_payer_names(
    shop: Shop, gateway: Gateway
) -> None:
    order = shop.order()
    elsewhere = {"id": "cs_link", "metadata": {}, "payment_link": "plink_1", "client_reference_id": order.id}
    shop.tell(_changed(gateway.pay(shop.page(order)), elsewhere, "evt_link"))
    assert (shop.credits(order), shop.problems(), shop.now(order).status) == ((0, 0), ["unmatched"], "placed")


def test_a_payment_counts_for_one_order_only(shop: Shop, gateway: Gateway) -> None:
    mine, other = shop.order(), shop.order()
    paid = gateway.pay(shop.page(mine))
    shop.tell(paid, _changed(paid, {"metadata": {"order_id": other.id}}, "evt_again"))
    assert (shop.credits(mine), shop.credits(other)) == ((100, 100), (0, 0))
    assert shop.problems() == ["other_order"]
    assert shop.payment(mine).order_id == mine.id


@pytest.mark.parametrize(
    ("change", "code"),
    [({"livemode": True}, "mode_differs"), ({"account": "acct_seller"}, "foreign_account")],
    ids=["real money for a test key", "another seller"],
)
def test_money_that_is_not_ours_credits_nothing(
    shop: Shop, gateway: Gateway, change: dict[str, object], code: str
) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    assert shop.tell(paid | change) == [200]
    assert (shop.credits(order), shop.problems(), shop.kept()[0].outcome) == ((0, 0), [code], "problem")


def test_a_cancelled_order_is_not_credited_and_an_expired_one_is(shop: Shop, gateway: Gateway, books: Books) -> None:
    for status, credits, problem in (("cancelled", (0, 0), "paid_after_cancel"), ("expired", (100, 100), "paid_late")):
        order = shop.order()
        page = shop.page(order)
        with books() as session:
            session.get_one(type(order), order.id).status = status
        shop.tell(gateway.pay(page))
        assert (shop.credits(order), shop.problems()[-1]) == (credits, problem)


def test_what_is_of_no_interest_is_kept_all_the_same(shop: Shop, gateway: Gateway) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    shop.tell(paid | {"type": "customer.created"})
    [kept] = shop.kept()
    assert (kept.kind, kept.outcome, kept.summary) == ("customer.created", "ignored", "{}")
    assert (shop.credits(order), shop.problems()) == ((0, 0), [])


def _changed(event: Event, thing: Mapping[str, object], event_id: str) -> Event:
    return event | {"id": event_id, "data": {"object": event["data"]["object"] | thing}}


def _as_expired(event: Event) -> Event:
    late = {"status": "expired", "payment_status": "unpaid", "payment_intent": None}
    return _changed(event, late, f"{event['id']}_expired") | {"type": "checkout.session.expired"}


def _as_failed(event: Event) -> Event:
    failed = _changed(event, {"payment_intent": "pi_failed"}, f"{event['id']}_failed")
    return failed | {"type": "checkout.session.async_payment_failed"}
