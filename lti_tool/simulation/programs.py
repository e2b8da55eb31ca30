"""What programs do, by the machine API alone: hold, capture, release, spend, ask again, and use a key twice."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lti_tool.simulation.model import Held
from lti_tool.simulation.scene import Scene
from lti_tool.simulation.tool import Answer

_ASKED_AGAIN = timedelta(days=20)
"""Within the 30 days for which an answer is kept (R21)."""


@dataclass(frozen=True)
class _Call:
    """A request that was answered."""

    at: datetime
    address: str
    key: str
    body: dict[str, Any]
    answer: Answer


class Programs:
    """An exporting service of the school."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._calls: list[_Call] = []
        self._holds: list[tuple[str, str]] = []
        """Whose, and their ids; closed ones too."""

    def spend(self) -> None:
        """Some units are used at once."""
        scene, who = self._scene, self._scene.somebody()
        amount = scene.chance.choice((1, 1, 1, 2, 3, 7))
        scene.doing = f"{who} spends {amount}"
        refused = scene.model.spend(who, amount, scene.now_s)
        self._ask(
            who, f"/members/{scene.school.member_id(who)}/spends", {"amount": amount}, status=201, refused=refused
        )

    def hold(self) -> None:
        """Some units are set aside, for a minute or for days."""
        scene, who = self._scene, self._scene.somebody()
        amount = scene.chance.choice((1, 1, 2, 3, 6))
        lasts = scene.chance.choice((59, 901, 3_601, 86_401, 604_799))
        scene.doing = f"{who} holds {amount} for {lasts} s"
        refused = scene.model.hold(who, amount, scene.now_s)
        address = f"/members/{scene.school.member_id(who)}/holds"
        held = Held(amount, scene.now_s + lasts)
        shape = self._ask(who, address, {"amount": amount, "expires_in": lasts}, status=201, refused=refused, held=held)
        if refused is None:
            self._holds.append((who, shape["id"]))

    def capture(self) -> None:
        """A hold ends well: all of it, or a part, or more than there is."""
        scene = self._scene
        if not self._holds:
            return
        who, hold_id = scene.chance.choice(self._holds[-40:])
        part = scene.chance.choice((None, 1, 2, 9))
        scene.doing = f"{who} captures {'all' if part is None else part} of a hold"
        held = self._open(who, hold_id)
        refused = None
        if held is None:
            refused = "hold_not_open"
        elif part is not None and part > held.amount:
            refused = "invalid"
        else:
            del scene.model.people[who].holds[hold_id]
            scene.model.use(who, held.amount if part is None else part)
        self._ask(
            who, f"/holds/{hold_id}/capture", {} if part is None else {"amount": part}, status=200, refused=refused
        )

    def release(self) -> None:
        """A hold ends badly, and costs nothing."""
        scene = self._scene
        if not self._holds:
            return
        who, hold_id = scene.chance.choice(self._holds[-40:])
        scene.doing = f"{who} releases a hold"
        refused = "hold_not_open" if self._open(who, hold_id) is None else None
        if refused is None:
            del scene.model.people[who].holds[hold_id]
        self._ask(who, f"/holds/{hold_id}/release", {}, status=200, refused=refused)

    def ask_again(self) -> None:
        """A request comes once more, days later perhaps: it gets its first answer, and does nothing."""
        scene = self._scene
        self._calls = [one for one in self._calls if one.at > scene.tool.now - _ASKED_AGAIN]
        if self._calls:
            call = scene.chance.choice(self._calls)
            scene.doing = f"{call.key} is asked again"
            again = scene.school.post(call.address, call.key, call.body)
            scene.expect(again, Answer(call.answer.status, call.answer.text, is_replayed=True))

    def ask_otherwise(self) -> None:
        """A key comes once more with another request: a conflict, which changes nothing."""
        scene = self._scene
        self._calls = [one for one in self._calls if one.at > scene.tool.now - _ASKED_AGAIN]
        if self._calls:
            call, who = scene.chance.choice(self._calls), scene.somebody()
            scene.doing = f"{call.key} is asked something else"
            body = {"resource": scene.school.resource.name, "amount": 999}
            other = scene.school.post(f"/members/{scene.school.member_id(who)}/spends", call.key, body)
            scene.expect((other.status, json.loads(other.text)["code"]), (409, "idempotency_conflict"))

    def _open(self, who: str, hold_id: str) -> Held | None:
        held = self._scene.model.people[who].holds.get(hold_id)
        return held if held is not None and held.until > self._scene.now_s else None

    def _ask(
        self,
        who: str,
        address: str,
        wish: dict[str, Any],
        *,
        status: int,
        refused: str | None,
        held: Held | None = None,
    ) -> Any:
        """Asks, in trouble more than once, and holds the answer against the model, which knows it already.

        `status` is that of success; `held` is what it must have set aside.
        """
        scene = self._scene
        key = scene.new_name("key")
        body = wish if address.startswith("/holds") else wish | {"resource": scene.school.resource.name}
        answers = scene.trouble.through(lambda: scene.school.post(address, key, body))
        first = answers[0]
        scene.expect(answers[1:], [Answer(first.status, first.text, is_replayed=True)] * len(answers[1:]))
        self._calls.append(_Call(scene.tool.now, address, key, body, first))
        shape = json.loads(first.text)
        scene.expect((first.status < 400, shape.get("code")), (refused is None, refused))
        if refused is None:
            scene.expect(first.status, status, "the status")
            person = scene.model.people[who]
            if held is not None:
                person.holds[shape["id"]] = held
            now = scene.now_s
            figures = {"available": person.available(now), "held": person.held(now)}
            proper = figures | {"used": person.used, "received": person.received}
            scene.expect(shape["balance"], proper, "the balance in the answer")
        return shape
