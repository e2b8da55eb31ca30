"""How the school buys: by purchase order and by card, with news that comes late, twice and in any order."""

from collections.abc import Callable

from lti_tool.simulation.scene import Scene
from lti_tool.simulation.shop import payment
from lti_tool.simulation.shop_model import Ordered


class Buying:
    """Orders of the school; each leads to news of the next days."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def by_paper(self) -> None:
        """A purchase order is placed, then approved, cancelled, or paid by the bank."""
        scene = self._scene
        name, quantity = scene.new_name("order"), scene.chance.choice((7, 25, 50, 100))
        scene.doing = f"{name} of {quantity} is placed on paper"
        scene.trouble.through(lambda: scene.shop.order_by_paper(name, quantity))
        scene.orders.every[name] = Ordered(scene.shop.totals[name], quantity)
        if scene.school.is_trusted:
            scene.expect(scene.orders.approve(name), None)
        total = scene.shop.totals[name]
        halves: list[Callable[[], None]] = [
            lambda: self._receive(name, "first", total // 2),
            lambda: self._receive(name, "second", total - total // 2),
        ]
        whole: list[Callable[[], None]] = [lambda: self._receive(name, "whole", total)]
        approved: list[Callable[[], None]] = [lambda: self._approve(name)]
        cancelled: list[Callable[[], None]] = [lambda: self._cancel(name)]
        for act in scene.chance.choice((approved * 2, approved + whole, halves, cancelled * 2, cancelled + whole * 2)):
            scene.later(act, days=scene.chance.uniform(0, 9))

    def by_card(self) -> None:
        """A page is opened at the provider, whose messages follow."""
        scene = self._scene
        name, quantity = scene.new_name("order"), scene.chance.choice((25, 50, 100))
        scene.doing = f"{name} of {quantity} is to be paid by card"
        scene.trouble.through(lambda: scene.shop.order_by_card(name, quantity))
        total = scene.shop.totals[name]
        scene.orders.every[name] = Ordered(total, quantity)
        states = scene.chance.choice((["paid"], ["paid"], ["pending", "paid"], ["pending", "failed"], ["pending"]))
        returned = scene.chance.choice(([], [], [total], [total // 3, total // 2]))
        messages = [self._news_of_payment(name, state) for state in states]
        messages += [self._news_of_refund(name, amount) for amount in returned]
        for message in messages:
            for _ in range(scene.chance.choice((1, 1, 2, 3))):
                scene.later(message, days=scene.chance.uniform(0, 5))

    def _news_of_payment(self, name: str, state: str) -> Callable[[], None]:
        scene, message = self._scene, self._scene.new_name("message")

        def hear() -> None:
            scene.doing = f"{message} says that {name} is {state}"
            scene.orders.hear_of_payment(message, name, payment(name), state)
            scene.trouble.through(lambda: scene.shop.hear_of_payment(message, name, state))

        return hear

    def _news_of_refund(self, name: str, amount: int) -> Callable[[], None]:
        scene, message = self._scene, self._scene.new_name("message")

        def hear() -> None:
            scene.doing = f"{message} says that {amount} went back of {name}"
            scene.orders.hear_of_refund(message, name, payment(name), amount)
            scene.trouble.through(lambda: scene.shop.hear_of_refund(message, name, amount))

        return hear

    def _approve(self, name: str) -> None:
        scene = self._scene
        scene.doing = f"{name} is approved"
        refused = scene.orders.approve(name)
        for answer in scene.trouble.through(lambda: scene.shop.approve(name)):
            scene.expect(answer, refused)

    def _cancel(self, name: str) -> None:
        scene = self._scene
        scene.doing = f"{name} is cancelled"
        refused = scene.orders.cancel(name)
        for answer in scene.trouble.through(lambda: scene.shop.cancel(name)):
            scene.expect(answer, refused)

    def _receive(self, name: str, which: str, amount: int) -> None:
        scene = self._scene
        scene.doing = f"the bank has {amount} for {name}"
        scene.orders.receive(name, which, amount)
        for answer in scene.trouble.through(lambda: scene.shop.receive(name, f"{name} {which}", amount)):
            scene.expect(answer, None)
