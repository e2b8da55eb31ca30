"""What every act of the story shares: the school, its model, chance, and the comparison after each step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from lti_tool.db import micros
from lti_tool.simulation import checks
from lti_tool.simulation.chance import Trouble, story
from lti_tool.simulation.model import Model, Person
from lti_tool.simulation.school import School
from lti_tool.simulation.shop import Shop
from lti_tool.simulation.shop_model import Orders
from lti_tool.simulation.tool import Tool


class Diverged(Exception):
    """The tool and the model do not agree; the message says about what."""


class Scene:
    """The school and its model side by side, and where the story is."""

    def __init__(self, tool: Tool, seed: int, *, is_quiet: bool) -> None:
        self.tool = tool
        self.name = f"term_{seed}"
        self.chance: Random = story(seed)
        self.trouble = Trouble(tool, seed, is_quiet=is_quiet)
        self.school = School(tool, self.name, is_trusted=self.chance.random() < 0.3)
        self.model = Model()
        self.shop, self.orders = Shop(self.school), Orders(self.model)
        self.doing = "the beginning"
        self.day = self.steps = 0
        self._later: list[tuple[datetime, Callable[[], None]]] = []
        self._numbers = 0

    @property
    def now_s(self) -> int:
        """The moment of the story, in whole seconds."""
        return int(self.tool.now.timestamp())

    def new_name(self, what: str) -> str:
        """A name that nothing else in the story has."""
        self._numbers += 1
        return f"{self.name}_{what}_{self._numbers}"

    def somebody(self) -> str:
        """One of the members, who may have left."""
        return self.chance.choice(sorted(self.model.people))

    def later(self, act: Callable[[], None], *, days: float) -> None:
        """Something will come of this, so many days from now at the earliest."""
        self._later.append((self.tool.now + timedelta(days=days), act))

    def take_due(self) -> Callable[[], None] | None:
        """One of the things whose time has come, in no order; None if there is none."""
        due = [one for one in self._later if one[0] <= self.tool.now]
        if not due:
            return None
        chosen = self.chance.choice(due)
        self._later.remove(chosen)
        return chosen[1]

    def expect(self, found: object, proper: object, what: str = "the answer") -> None:
        """Raises Diverged where the tool says something else than the model."""
        if found != proper:
            raise Diverged(f"{what} is {found}, and should be {proper}")

    def compare(self) -> None:
        """Every figure of the licence against the model, to the unit. Raises Diverged."""
        if not self.model.adds_up():
            raise Diverged("the model itself does not add up")
        with self.tool.read() as session:
            seen = checks.look(session, self.school.license_id, self.school.resource.name, now_us=micros(self.tool.now))
            ordered = self.shop.figures(session)
        model = self.model
        self.expect(seen.pool, (model.issued, model.pool, model.movements), "the pool (issued, left, movements)")
        proper = {who: self._figures(person) for who, person in model.people.items()}
        for who in sorted(proper | seen.people):
            self.expect(seen.people.get(who), proper.get(who), f"the account of {who}")
        self.expect(ordered, {name: order.figures for name, order in self.orders.every.items()}, "what was ordered")

    def _figures(self, person: Person) -> checks.Figures:
        return (
            person.received,
            person.automatic,
            person.used,
            person.received - person.used,
            person.held(self.now_s),
            person.movements,
            not person.courses,
        )
