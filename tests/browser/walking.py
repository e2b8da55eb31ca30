"""The tasks of `tasks.md`, and somebody who walks one of them while the presses are counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Frame, Locator, Page

from tests.browser.chromium import PRESSED
from tests.browser.seat import Seat

TABLE = Path(__file__).parent / "tasks.md"


@dataclass(frozen=True)
class Task:
    """A line of the table; `begins_on` is how the title of its first page begins."""

    who: str
    what: str
    begins_on: str
    most: int
    test: str


def read_tasks() -> list[Task]:
    """Every line of the table."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [Task(who, what, begins_on, int(most), test) for who, what, begins_on, most, test in cells]


class Walk:
    """One task in front of one page; `press` is a click, or a tap where there is no mouse."""

    def __init__(self, task: Task, seat: Seat, *, touches: bool = False) -> None:
        self.seat = seat
        self.has_begun = False
        self._task = task
        self._touches = touches
        self._presses = 0

    def press(self, place: Locator) -> None:
        """Once, where it is."""
        if self._touches:
            place.tap()
        else:
            place.click()

    @contextmanager
    def begin(self, page: Frame | Page) -> Iterator[None]:
        """The first page stands; what is done within this counts, in each of its frames and windows."""
        assert page.title().startswith(self._task.begins_on), page.title()
        context = self.seat.page.context
        context.on("console", self._hear)
        self._presses, self.has_begun = 0, True
        yield
        self.seat.page.evaluate("0")  # what was pressed before it is told before its answer
        context.remove_listener("console", self._hear)
        most = self._task.most
        assert min(1, most) <= self._presses <= most, f"{self._task.what}: {self._presses} clicks"

    def _hear(self, message: ConsoleMessage) -> None:
        self._presses += message.text == PRESSED
