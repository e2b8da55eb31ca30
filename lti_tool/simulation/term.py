"""A school term from a seed: day by day what happens, told to the tool and to the model, which must agree each time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType

from lti_tool.db import micros
from lti_tool.ledger import as_of, audit, expiry, pools
from lti_tool.ledger.pools import Totals
from lti_tool.licenses import idempotency
from lti_tool.purchasing import audit as purchases
from lti_tool.simulation import checks
from lti_tool.simulation.buying import Buying
from lti_tool.simulation.classroom import Classroom
from lti_tool.simulation.programs import Programs
from lti_tool.simulation.scene import Scene
from lti_tool.simulation.tool import Tool

START = datetime(2024, 9, 2, tzinfo=UTC)
"""A Monday that is over: ids are made today, and never before what they stand for."""
_MORNING, _NIGHT = timedelta(hours=8), timedelta(hours=22)
_PUPILS = 14


@dataclass(frozen=True)
class Told:
    """A term that went well: how much happened, and what the books were in the end."""

    seed: int
    days: int
    steps: int
    crashes: int
    lost_answers: int
    transfers: int
    digest: str


class Term:
    """One term, on a tool whose clock stands at `START`."""

    def __init__(self, tool: Tool, seed: int, *, is_quiet: bool = False) -> None:
        self._seed = seed
        self.scene = Scene(tool, seed, is_quiet=is_quiet)
        classroom, programs, buying = Classroom(self.scene), Programs(self.scene), Buying(self.scene)
        self._classroom = classroom
        self._acts = {
            classroom.launch: 24,
            classroom.look_in: 1,
            classroom.enroll: 1,
            classroom.leave: 1,
            classroom.come_back: 2,
            classroom.read_roster: 4,
            classroom.grant: 2,
            classroom.set_maximum: 3,
            classroom.allot: 4,
            classroom.allot_by_file: 1,
            classroom.allot_again: 2,
            programs.spend: 20,
            programs.hold: 16,
            programs.capture: 10,
            programs.release: 5,
            programs.ask_again: 4,
            programs.ask_otherwise: 1,
            buying.by_paper: 2,
            buying.by_card: 2,
        }
        self._evenings: list[tuple[datetime, Totals]] = []

    def run(self, days: int) -> Told:
        """Tells the whole term. Raises Diverged; whatever else is raised was not foreseen, and is a defect, too."""
        with _Place(self.scene, self._seed, days):
            self._classroom.begin(_PUPILS)
            self.scene.compare()
            for self.scene.day in range(1, days + 1):
                self._day()
            self._finish()
        scene = self.scene
        with scene.tool.read() as session:
            size = audit.size(session, scene.school.license_id)
            digest = checks.digest(session, scene.school.license_id)
        trouble = scene.trouble
        return Told(self._seed, days, scene.steps, trouble.crashes, trouble.lost_answers, size.transfers, digest)

    def _day(self) -> None:
        chance = self.scene.chance
        self._wait_for(_MORNING)
        is_weekend = self.scene.day % 7 in (6, 0)
        for _ in range(chance.randint(0, 3) if is_weekend else chance.randint(5, 17)):
            self._step()
        self._wait_for(_NIGHT)
        self._evening()

    def _step(self) -> None:
        scene = self.scene
        # Even seconds; holds last odd ones. So none ends in the very moment of a step, where a millionth would decide.
        scene.tool.time.move(timedelta(seconds=2 * scene.chance.randint(1, 900)))
        scene.steps += 1
        due = scene.take_due() if scene.chance.random() < 0.3 else None
        act = due or scene.chance.choices(list(self._acts), list(self._acts.values()))[0]
        act()
        scene.compare()

    def _evening(self) -> None:
        """What runs by itself at night, and then the whole audit."""
        scene, now = self.scene, self.scene.tool.now
        scene.doing = "the evening"
        with scene.tool.write() as session:
            expiry.sweep(session, now=now)
            idempotency.forget(session, now=now)
        scene.compare()
        license_id = scene.school.license_id
        with scene.tool.read() as session:
            found = [*audit.audit(session, license_id), *purchases.faults(session, license_id)]
            scene.expect([f"{fault.code}: {fault.detail}" for fault in found], [], "what the audit finds")
            [totals] = pools.totals(session, license_id, now_us=micros(now))
            self._evenings.append((now, totals))

    def _finish(self) -> None:
        """All news arrives in the end; then each evening is asked for again, as it was."""
        scene = self.scene
        scene.tool.time.move(timedelta(days=30))
        while (act := scene.take_due()) is not None:
            act()
            scene.compare()
        self._evening()
        with scene.tool.read() as session:
            for at, totals in self._evenings:
                [past] = as_of.license_at(session, scene.school.license_id, at)
                was = (totals.issued, totals.pool, totals.available, totals.held, totals.used)
                told = past.totals
                now = (told.issued, told.pool, told.available, told.held, told.used)
                scene.expect(now, was, f"the books as of {at:%Y-%m-%d}")

    def _wait_for(self, hour: timedelta) -> None:
        at = START + timedelta(days=self.scene.day - 1) + hour
        self.scene.tool.time.move(at - self.scene.tool.now)


class _Place:
    """Says of whatever goes wrong in its block where in the story that was, and how to see it again."""

    def __init__(self, scene: Scene, seed: int, days: int) -> None:
        self._scene = scene
        self._again = f"creditroll simulate --seed {seed} --days {days}"
        self._seed = seed

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            scene = self._scene
            error.add_note(f"Seed {self._seed}, day {scene.day}, step {scene.steps}: {scene.doing}.")
            error.add_note(f"Again: {self._again}")
