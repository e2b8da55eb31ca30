"""Films and their exports: a credit is set aside, the film is rendered, and the credit is used, or free again."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock, Thread

from lti_tool.client import Balance, Client, CreditrollError, InsufficientCredits
from lti_tool.demo.exporter.config import ExporterConfig
from lti_tool.demo.exporter.tokens import Student

TITLE = "The life of a cell"
_STEPS = 20
_FAILS_AT = 12
_MOST_KEPT = 500


class State(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    RENDERING = "rendering"
    DONE = "done"
    FAILED = "failed"
    NO_CREDITS = "no credits"
    NO_ANSWER = "no answer"

    @property
    def is_under_way(self) -> bool:
        """Whether something still happens by itself."""
        return self in (State.WAITING, State.RENDERING)


class RenderingFailedError(Exception):
    """The film could not be made."""


@dataclass
class Export:
    """One try. Its id is the key of the hold, so that however often it is sent, one credit is set aside."""

    id: str
    fails: bool
    state: State = State.WAITING
    percent: int = 0
    balance: Balance | None = None
    """What Creditroll said last."""


@dataclass
class Film:
    """A student's work. `id` is unguessable: whoever has the address is who was handed on."""

    id: str
    student: Student
    exports: list[Export] = field(default_factory=list)

    @property
    def latest(self) -> Export | None:
        """The last try."""
        return self.exports[-1] if self.exports else None


class Studio:
    """All films, in memory."""

    def __init__(self, config: ExporterConfig, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._config = config
        self._sleep = sleep
        self._films: dict[str, Film] = {}
        self._lock = Lock()

    def open(self, student: Student) -> Film:
        """A film for whoever was handed on."""
        film = Film(secrets.token_urlsafe(24), student)
        with self._lock:
            self._films[film.id] = film
            while len(self._films) > _MOST_KEPT:
                del self._films[next(iter(self._films))]
        return film

    def find(self, film_id: str) -> Film | None:
        """The film of that address; None if there is none any more."""
        return self._films.get(film_id)

    def export(self, film: Film, *, fails: bool) -> None:
        """Begins an export, unless one is under way: pressed twice, it is one."""
        with self._lock:
            if film.latest and film.latest.state.is_under_way:
                return
            export = Export(secrets.token_urlsafe(16), fails)
            film.exports.append(export)
        Thread(target=self._run, args=(film.student, export), daemon=True).start()

    def _run(self, student: Student, export: Export) -> None:
        client = Client(self._config.tool_url, self._config.api_keys[student.license])
        try:
            with client.hold(student.member, 1, reference=TITLE, expires_in_s=600, key=export.id) as hold:
                export.balance = hold.held.balance
                export.state = State.RENDERING
                self._render(export)
            export.balance = hold.held.balance
            export.state = State.DONE
        except RenderingFailedError:
            export.balance = hold.held.balance
            export.state = State.FAILED
        except InsufficientCredits:
            export.state = State.NO_CREDITS
        except CreditrollError:
            export.state = State.NO_ANSWER

    def _render(self, export: Export) -> None:
        for step in range(1, _STEPS + 1):
            self._sleep(self._config.step_s)
            export.percent = 100 * step // _STEPS
            if export.fails and step == _FAILS_AT:
                raise RenderingFailedError()
