"""What happens by chance, always the same for a seed; and, apart from it, what goes wrong on the way."""

from collections.abc import Callable
from random import Random
from typing import TypeVar

from lti_tool.simulation.crashes import Crash
from lti_tool.simulation.tool import Tool

T = TypeVar("T")

_MOST_MOMENTS = 14
"""A longer deed is cut off near its beginning only; most have fewer."""


def story(seed: int) -> Random:
    """What people do."""
    return Random(f"story {seed}")  # noqa: S311 - the same each time is what it is for


class Trouble:
    """Processes that end in the middle, and answers that are lost; whoever asked then asks again, with the same key.

    It has a chance of its own: the story is the same with trouble and without.
    """

    def __init__(self, tool: Tool, seed: int, *, is_quiet: bool) -> None:
        self._tool = tool
        self._chance = Random(f"trouble {seed}")  # noqa: S311 - the same each time is what it is for
        self._is_quiet = is_quiet
        self.crashes = 0
        self.lost_answers = 0

    def through(self, deed: Callable[[], T], *, is_keyed: bool = True) -> list[T]:
        """Does the deed until it was answered; all answers that it gave, of which the last one arrived.

        Without a key nobody repeats what may have been done; cut off before its end, it surely was not.
        """
        if self._is_quiet:
            return [deed()]
        moment = self._chance.choice((0, 0, 0, self._chance.randint(1, _MOST_MOMENTS)))
        is_lost = self._chance.random() < 0.1
        try:
            with self._tool.crashes.at(moment):
                answers = [deed()]
        except Crash:
            self.crashes += 1
            self._tool.restart()
            answers = [deed()]
        if is_lost and is_keyed:
            self.lost_answers += 1
            answers.append(deed())
        return answers
