"""What validating a launch costs beside one bare PyJWT decode of the same token, by CPU time, in one process.

All checks of `launches.verify`, keys and registration warm: the state's signature and the browser's secret, the token's
shape, algorithm and signature, every claim, the role. Not the database's part, which a bare decode has nothing beside.
"""

import gc
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy.orm import Session

from lti_tool import schema
from lti_tool.db import open_engine, writing
from lti_tool.lti import launches
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.door import Door, open_door
from lti_tool.lti.launches import Posted
from lti_tool.settings import Settings, load
from tests.lti_platform import CLAIM, FakePlatform, id_token, register, serving_platform

ROUNDS, REPEATS = 61, 40
MOST = 1.5
"""The ratio that we want to stay below."""
_MOODLE = Path(__file__).parent.parent / "tests" / "fixtures" / "moodle" / "launch-teacher.json"


def main() -> None:
    """Prints a line for a token as Moodle makes it, and one for a token twice as long, as Canvas does."""
    with tempfile.TemporaryDirectory() as folder, serving_platform() as platform:
        settings = _settings(Path(folder))
        engine = open_engine(settings.database_url)
        schema.upgrade(engine)
        with writing(engine) as session:
            register(session, platform)
        with Session(engine) as session:
            for what, more in (("Moodle", {}), ("Canvas", {f"{CLAIM}custom": _custom()})):
                print(_compare(_launch(session, open_door(settings), platform, more)).line(what))
        engine.dispose()


def _settings(folder: Path) -> Settings:
    return load(
        {},
        database_url=f"sqlite:///{folder / 'bench.db'}",
        secret_key=secrets.token_hex(32),
        public_url="https://tool.test",
        keys_dir=str(folder / "keys"),
        allow_private_hosts=["localhost", "127.0.0.1"],
    )


def _custom() -> dict[str, str]:
    """Some 1.7 kB: what Canvas puts there when a tool asks for much."""
    return {f"canvas_variable_{number}": f"$Canvas.some.variable.that.is.long.{number}" for number in range(20)}


@dataclass(frozen=True)
class _Timed:
    """A launch to be validated, both ways."""

    size: int
    ours: Callable[[], object]
    bare: Callable[[], object]


def _launch(session: Session, door: Door, platform: FakePlatform, more: Mapping[str, Any]) -> _Timed:
    """A launch that passes, with everything warm that is warm in a running tool."""
    now = datetime.now(UTC)
    registered = door.registrations.of_client(session, platform.issuer, platform.client_id, now=now)
    state, secret = door.states.begin(registered.id, now=now)
    token = id_token(platform, {**_claims(platform, state.nonce, now), **more})
    posted = Posted(id_token=token, state=door.states.sign(state), cookies={state.cookie_name: secret})
    key = platform.key.private.public_key()

    def ours() -> object:
        return launches.verify(session, posted, Attempt(launches.STEPS), door=door, now=now)

    def bare() -> object:
        return jwt.decode(token, key, algorithms=["RS256"], audience=platform.client_id, issuer=platform.issuer)

    ours()
    bare()
    return _Timed(len(token), ours, bare)


def _claims(platform: FakePlatform, nonce: str, now: datetime) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(_MOODLE.read_text("utf-8"))["launch"]["claims"]
    issued = int(now.timestamp())
    return seen | {
        "iss": platform.issuer,
        "aud": platform.client_id,
        "nonce": nonce,
        "iat": issued,
        "exp": issued + 600,
        f"{CLAIM}deployment_id": platform.deployment_id,
        f"{CLAIM}target_link_uri": "https://tool.test/lti/launch",
    }


@dataclass(frozen=True)
class _Result:
    """Microseconds of CPU for one validation, round by round."""

    size: int
    ours: list[float]
    bare: list[float]

    def line(self, what: str) -> str:
        """The medians, their ratio, and the quarter of rounds above and below."""
        ratios = [ours / bare for ours, bare in zip(self.ours, self.bare, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        verdict = "as wanted" if middle <= MOST else f"more than {MOST}"
        return (
            f"validating a {what} launch ({self.size:,} bytes): {statistics.median(self.ours):.0f} µs;"
            f" bare decode {statistics.median(self.bare):.0f} µs;"
            f" ratio {middle:.2f} (quartiles {low:.2f} to {high:.2f}, {ROUNDS} rounds of {REPEATS}): {verdict}"
        )


def _compare(timed: _Timed) -> _Result:
    """Rounds of both in turn, so that whatever else the machine does meets both."""
    result = _Result(timed.size, [], [])
    gc.disable()
    try:
        for number in range(ROUNDS):
            pair = ((result.ours, timed.ours), (result.bare, timed.bare))
            for taken, act in pair if number % 2 else reversed(pair):
                taken.append(_cpu_us(act))
            gc.collect()
    finally:
        gc.enable()
    return result


def _cpu_us(act: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(REPEATS):
        act()
    return (time.process_time_ns() - began) / REPEATS / 1000


if __name__ == "__main__":
    main()
