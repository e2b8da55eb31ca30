"""Orders as a child would keep them: what was paid, what went back, and what follows for the pool."""

from dataclasses import dataclass, field

from lti_tool.simulation.model import Model


@dataclass
class Money:
    """One payment, in the smallest unit of its currency."""

    amount: int = 0
    state: str = "pending"
    returned: int = 0


@dataclass
class Ordered:
    """One order, and the money that came for it."""

    total: int
    quantity: int
    state: str = "placed"
    taken_back: int = 0
    missing: int = 0
    money: dict[str, Money] = field(default_factory=dict)

    @property
    def paid(self) -> int:
        """What came in."""
        return sum(one.amount for one in self.money.values() if one.state == "paid")

    @property
    def returned(self) -> int:
        """What of it went back."""
        return sum(min(one.amount, one.returned) for one in self.money.values() if one.state == "paid")

    @property
    def figures(self) -> tuple[str, int, int]:
        """What the product's own order must show."""
        return self.state, self.taken_back, self.missing


@dataclass
class Orders:
    """All orders of one licence, by the story's names for them."""

    books: Model
    every: dict[str, Ordered] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    """Messages that have taken effect."""

    def approve(self, name: str) -> str | None:
        """The operator trusts the school's purchase order."""
        order = self.every[name]
        if order.state == "fulfilled":
            return None
        if order.state != "placed" and order.paid < order.total:
            return "order_closed"
        self._fulfil(order)
        self._settle(order)
        return None

    def cancel(self, name: str) -> str | None:
        """The school thinks better of it."""
        order = self.every[name]
        if order.state not in ("placed", "cancelled"):
            return "order_closed"
        order.state = "cancelled"
        return None

    def receive(self, name: str, reference: str, amount: int) -> None:
        """The bank has the money; the same reference counts once."""
        order = self.every[name]
        if reference not in order.money:
            order.money[reference] = Money(amount, "paid")
        self._settle(order)

    def hear_of_payment(self, message: str, name: str, reference: str, state: str) -> None:
        """The provider says of a card's payment that it is paid, pending or failed."""
        if message in self.heard:
            return
        self.heard.add(message)
        order = self.every[name]
        money = order.money.setdefault(reference, Money())
        if money.state != "paid" and not (money.state == "failed" and state == "pending"):
            money.amount, money.state = order.total, state
        if state == "failed" and order.state == "placed" and all(one.state == "failed" for one in order.money.values()):
            order.state = "refused"
        self._settle(order)

    def hear_of_refund(self, message: str, name: str, reference: str, returned: int) -> None:
        """The provider says that so much of a payment went back by now."""
        if message in self.heard:
            return
        self.heard.add(message)
        order = self.every[name]
        money = order.money.setdefault(reference, Money())
        money.returned = max(money.returned, returned)
        self._settle(order)

    def _fulfil(self, order: Ordered) -> None:
        order.state = "fulfilled"
        self.books.come_in(order.quantity)

    def _settle(self, order: Ordered) -> None:
        if order.paid >= order.total and order.state in ("placed", "refused"):
            self._fulfil(order)
        if order.state == "fulfilled":
            surplus = max(0, order.paid - order.total)
            owed = order.quantity * min(order.total, max(0, order.returned - surplus)) // order.total
            more = max(0, owed - order.taken_back - order.missing)
            taken = min(more, self.books.pool)
            if taken:
                self.books.come_in(-taken)
            order.taken_back += taken
            order.missing += more - taken
