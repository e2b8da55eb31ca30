"""What must be true of orders and a pool once payment messages were heard: a plain model, in plain Python."""

from dataclasses import dataclass, field

from tests.faults.stripe_says import Dispute, Message, Other, Page, Refund


@dataclass
class Ordered:
    """An order as it was before anything was heard, and as it comes to be."""

    total: int
    quantity: int
    status: str
    refunded: int = 0
    missing: int = 0


@dataclass
class Money:
    """One payment; `disputes` has the newest state of each, and its amount."""

    amount: int = 0
    currency: str = ""
    status: str = "pending"
    order_id: str | None = None
    returned: int = 0
    disputes: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        return sum(amount for state, amount in self.disputes.values() if state == "lost")

    @property
    def is_disputed(self) -> bool:
        return any(state == "open" for state, _ in self.disputes.values())


@dataclass
class Model:
    """A licence's pool and orders, and all money that was heard of."""

    pool: int
    orders: dict[str, Ordered] = field(default_factory=dict)
    money: dict[str, Money] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)

    def allot(self, amount: int) -> int:
        """A teacher allots so much, or what is left; how much it was."""
        given = min(amount, self.pool)
        self.pool -= given
        return given

    def hear(self, message: Message) -> None:
        """Stripe's word, once."""
        if message.id in self.heard:
            return
        self.heard.add(message.id)
        match message.news:
            case Page() as page:
                self._page(page)
            case Refund() as refund:
                money = self._of(refund.payment, refund.order_id)
                money.currency = money.currency or refund.currency
                money.returned = max(money.returned, refund.returned)
                self._settle(money.order_id)
            case Dispute() as dispute:
                money = self._of(dispute.payment, None)
                money.currency = money.currency or dispute.currency
                if dispute.state != "open" or dispute.id not in money.disputes:
                    money.disputes[dispute.id] = (dispute.state, dispute.amount)
                self._settle(money.order_id)
            case Other():
                pass

    def _page(self, page: Page) -> None:
        known = self.money.get(page.payment)
        is_ours = page.order_id in self.orders or (known is not None and known.order_id is not None)
        if page.state == "expired" or (page.state != "paid" and not is_ours):
            return
        money = self._of(page.payment, page.order_id)
        if money.status != "paid" and not (money.status == "failed" and page.state == "unpaid"):
            money.status = {"unpaid": "pending"}.get(page.state, page.state)
            money.amount, money.currency = page.amount, page.currency
        order = self.orders.get(money.order_id or "")
        if order is not None and page.state == "failed" and order.status == "placed":
            of_order = [one for one in self.money.values() if one.order_id == money.order_id]
            if all(one.status == "failed" for one in of_order):
                order.status = "refused"
        self._settle(money.order_id)

    def _of(self, reference: str, order_id: str | None) -> Money:
        money = self.money.setdefault(reference, Money())
        if money.order_id is None and order_id in self.orders:
            money.order_id = order_id
        return money

    def _settle(self, order_id: str | None) -> None:
        if order_id is None:
            return
        order = self.orders[order_id]
        sound = (order_id, "paid", "usd")
        came = [one for one in self.money.values() if (one.order_id, one.status, one.currency) == sound]
        paid = sum(one.amount for one in came)
        if paid >= order.total and order.status in ("placed", "expired", "refused"):
            order.status = "fulfilled"
            self.pool += order.quantity
        if order.status == "fulfilled":
            back = sum(min(one.amount, one.returned + one.lost) for one in came) - max(0, paid - order.total)
            owed = order.quantity * min(order.total, max(0, back)) // order.total
            more = max(0, owed - order.refunded - order.missing)
            taken = min(more, self.pool)
            self.pool -= taken
            order.refunded += taken
            order.missing += more - taken
