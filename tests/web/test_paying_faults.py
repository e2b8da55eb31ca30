"""Pressing "Pay" while the provider is away, broken, busy or refuses us: a plain sentence, and nothing doubled."""

from collections.abc import Iterator

import pytest
from flask import Flask

from lti_tool.errors import Refusal
from lti_tool.purchasing.refusals import PaymentNotTaken, ProviderBusy, ProviderRefusesUs, ProviderUnreachable
from tests.conftest import Books, MakeApp
from tests.gateway import Gateway, running_gateway
from tests.web.test_paying import attempts, pay, placed

FAULTS: dict[str, tuple[tuple[int, ...], type[Refusal], str]] = {
    "broken": ((500, 503, 500), ProviderUnreachable, "then try again"),
    "busy": ((429,), ProviderBusy, "Wait a minute"),
    "at work on it": ((409, 409, 409), ProviderBusy, "Wait a minute"),
    "bad key": ((401,), ProviderRefusesUs, "use a purchase order"),
    "not ours to ask": ((403,), ProviderRefusesUs, "Tell whoever runs Creditroll"),
    "card error": ((402,), PaymentNotTaken, "Tell whoever runs Creditroll"),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A stand-in whose events wait."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The faults are the provider's."""
    return sqlite_url


@pytest.fixture
def app(make_app: MakeApp, gateway: Gateway) -> Flask:
    """The tool, which takes cards."""
    gateway.plant()
    return make_app(**gateway.settings())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_keeps_the_order_and_pay_can_be_pressed_again(
    app: Flask, books: Books, gateway: Gateway, fault: str
) -> None:
    planted, refused, says = FAULTS[fault]
    order = placed(books)
    gateway.plant(*planted)
    with pytest.raises(refused, match=says) as refusal:
        pay(app, order)
    assert "Your order is kept, and nothing was charged." in refusal.value.detail
    url = pay(app, order)
    [attempt] = attempts(books, order)
    assert (attempt.attempt, attempt.url) == (1, url)


def test_a_provider_that_stumbles_is_asked_again_by_itself(app: Flask, books: Books, gateway: Gateway) -> None:
    gateway.plant(500, 503)
    assert pay(app, placed(books)).startswith(gateway.url)


def test_an_amount_that_cards_cannot_pay_says_so(app: Flask, books: Books) -> None:
    with pytest.raises(PaymentNotTaken, match="Use a purchase order instead"):
        pay(app, placed(books, goods=49, total=49))


def test_an_unreachable_provider_is_one_plain_sentence(make_app: MakeApp, books: Books, gateway: Gateway) -> None:
    app = make_app(**gateway.settings() | {"stripe_api_base": "http://127.0.0.1:9"})
    with pytest.raises(ProviderUnreachable, match=r"could not be opened\. Your order is kept"):
        pay(app, placed(books))
