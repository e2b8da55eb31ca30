"""Random schedules of payment messages: what happens to a few orders, and how the news of it travels.

One seed is one schedule, always the same.
"""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from tests.faults.stripe_says import Dispute, Message, News, Other, Page, Refund, message

SOUND, LIES = "sound", ("forged", "altered", "stale", "future", "unsigned", "retired")


@dataclass(frozen=True)
class Delivery:
    """One request to the webhook; only a sound one may be believed."""

    message: Message
    how: str = SOUND


@dataclass(frozen=True)
class Allot:
    """Meanwhile a teacher allots so much of the pool, or what is left of it."""

    amount: int


Step = Delivery | Allot


@dataclass(frozen=True)
class Bought:
    """What a story needs to know of an order."""

    id: str
    total: int


def schedule(random: Random, bought: list[Bought]) -> list[Step]:
    """What reaches us of what happened to these orders, and of things that are none of ours."""
    told = [message(news) for order in bought for news in _story(random, order)]
    told += [message(news) for news in _noise(random, bought)]
    believed: list[Step] = [Delivery(one) for one in told for _ in range(random.choice((1, 1, 1, 2, 3)))]
    _travel(random, believed)
    lies: list[Step] = [Delivery(one, random.choice(LIES)) for one in random.sample(told, k=len(told) // 3)]
    # Money that never came: whoever believes one of these gives credits away.
    lies += [Delivery(message(_paid(random, order)), random.choice(LIES)) for order in bought]
    lies += [Allot(random.randint(1, 400)) for _ in range(random.choice((0, 1, 3)))]
    for lie in lies:
        believed.insert(random.randint(0, len(believed)), lie)
    return believed


def _travel(random: Random, steps: list[Step]) -> None:
    """Late, out of order, or (now and then) as it happened."""
    disorder = random.choice((0, 3, len(steps)))
    late = {index: index + random.uniform(0, disorder) for index in range(len(steps))}
    steps[:] = [steps[index] for index in sorted(late, key=lambda index: late[index])]


def _story(random: Random, order: Bought) -> list[News]:
    """What happened to one order, in the order in which it did."""
    story = random.choice((_no_payment, _card, _card, _card, _bank, _two_payments, _parts, _foreign_money))
    return story(random, order)


def _payment(random: Random) -> str:
    return f"pi_{random.getrandbits(80):x}"


def _paid(random: Random, order: Bought) -> Page:
    return Page(_payment(random), order.id, order.total)


def _no_payment(random: Random, order: Bought) -> list[News]:
    return [Page(_payment(random), order.id, order.total, state="expired")]


def _card(random: Random, order: Bought) -> list[News]:
    page = _paid(random, order)
    return [page, *_aftermath(random, page)]


def _bank(random: Random, order: Bought) -> list[News]:
    payment, news = _payment(random), list[News]()
    end = random.choice(("paid", "paid", "failed", "unpaid"))
    news.append(Page(payment, order.id, order.total, state="unpaid"))
    if end != "unpaid":
        news.append(page := Page(payment, order.id, order.total, state=end, was_pending=True))
        news += _aftermath(random, page) if end == "paid" else _card(random, order) if random.random() < 0.5 else []
    return news


def _two_payments(random: Random, order: Bought) -> list[News]:
    return _card(random, order) + _card(random, order)


def _parts(random: Random, order: Bought) -> list[News]:
    """Less, or more, than was asked; perhaps the rest afterwards."""
    came = random.choice((1, order.total - 1, order.total + 1, random.randint(1, order.total)))
    first = Page(_payment(random), order.id, came)
    rest = Page(_payment(random), order.id, max(1, order.total - came))
    return [first, *_aftermath(random, first), *([rest] if random.random() < 0.6 else [])]


def _foreign_money(random: Random, order: Bought) -> list[News]:
    page = Page(_payment(random), order.id, order.total, currency="eur")
    return [page, *_aftermath(random, page), *(_card(random, order) if random.random() < 0.3 else [])]


def _aftermath(random: Random, page: Page) -> list[News]:
    """Perhaps some of the money goes back, in one or more steps, or is asked for by a bank."""
    news, returned = list[News](), 0
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        returned = random.randint(returned, page.amount) if random.random() < 0.7 else page.amount
        news.append(Refund(page.payment, page.order_id, returned, page.currency))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        dispute = f"du_{random.getrandbits(80):x}"
        amount = random.choice((page.amount, random.randint(1, page.amount)))
        news.append(Dispute(page.payment, dispute, amount, "open", page.currency))
        if random.random() < 0.7:
            news.append(Dispute(page.payment, dispute, amount, random.choice(("lost", "won")), page.currency))
    return news


def _noise(random: Random, bought: list[Bought]) -> list[News]:
    """Money of nobody, of others, and messages that cannot be meant for us."""
    stranger = Bought(str(UUID(int=random.getrandbits(128))), random.randint(1, 9_000))
    order = random.choice(bought)
    nameless = Page(_payment(random), None, order.total)
    page = {
        "id": f"cs_{random.getrandbits(80):x}",
        "client_reference_id": order.id,
        "amount_total": order.total,
        "currency": "usd",
        "payment_intent": _payment(random),
        "payment_status": "paid",
    }
    completed = "checkout.session.completed"
    possible: list[list[News]] = [
        [_paid(random, stranger)],
        _card(random, stranger),
        [nameless, *_aftermath(random, nameless)],
        [Refund(_payment(random), order.id, 1)],
        [Dispute(_payment(random), f"du_{random.getrandbits(80):x}", 1, "lost")],
        [Other("customer.created", {"id": "cus_1"}), Other("a.kind.of.tomorrow", None)],
        [Other(completed, page, (("account", "acct_of_others"),), "foreign_account")],
        [Other(completed, page, (("livemode", True),), "mode_differs")],
        [Other(completed, page | {"amount_total": f"{order.total}"}, (), "unreadable")],
        [Other(completed, page | {"amount_total": -order.total}, (), "unreadable")],
        [Other(completed, page | {"payment_status": "paid?"}, (), "unreadable")],
        [Other(completed, None, (), "unreadable")],
    ]
    return [news for some in random.sample(possible, k=4) for news in some]
