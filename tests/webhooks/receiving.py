"""A receiver over real HTTP, the class it hears of, and the postman who comes to it at a time that the test sets."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from werkzeug.wrappers import Request, Response

from lti_tool.postman import Postman
from lti_tool.settings import Settings
from lti_tool.webhooks import deliveries, endpoints
from lti_tool.webhooks.deliveries import Attempt, Delivery
from lti_tool.webhooks.endpoints import Endpoint
from tests.conftest import Books
from tests.demo_lms import running
from tests.factories import NOW, make_endpoint
from tests.ledger.a_class import Class, open_class

Answer = Callable[[Request], Response]


@dataclass(frozen=True)
class Got:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["Webhook-Id"]

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Takes what comes with 204, unless it is told to answer otherwise."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Answer = field(default=lambda _: Response(status=204))

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.got.append(Got(dict(request.headers), request.get_data()))
        return self.answer(request)(environ, start_response)

    def says(self, status: int, text: str = "", **headers: str) -> None:
        """From now on it answers so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: Response(text, status, headers=named)

    @property
    def ids(self) -> list[str]:
        """The events that came, in their order."""
        return [one.id for one in self.got]


@dataclass
class Post:
    """One licence, one endpoint, and the time."""

    books: Books
    settings: Settings
    engine: Engine
    receiver: Receiver
    class_: Class
    endpoint_id: str
    now: datetime = NOW

    def postman(self, *, call_s: float = 5.0, chance: float = 0.5) -> Postman:
        """Who delivers, at the time of this test."""
        return Postman(self.settings, self.engine, now=lambda: self.now, chance=lambda: chance, call_s=call_s)

    def happen(self, times: int = 1) -> None:
        """Something that is told: a credit for a new student, each time."""
        for _ in range(times):
            self.class_.student(has=1)

    def later(self, **passed: float) -> None:
        """Time goes by."""
        self.now += timedelta(**passed)

    def deliver(self) -> int:
        """All that is due now; how many calls that took."""
        return self.postman().deliver()

    def endpoint(self) -> Endpoint:
        """The endpoint as it stands."""
        with self.books() as session:
            return endpoints.find(session, self.endpoint_id)

    def log(self) -> list[tuple[Delivery, list[Attempt]]]:
        """Each delivery with its attempts, oldest first."""
        with self.books() as session:
            found = list(session.scalars(select(Delivery).order_by(Delivery.event_id)))
            tried = deliveries.attempts(session, found)
            return [(one, tried[one.key]) for one in found]

    def statuses(self) -> list[str]:
        """How far each delivery is, oldest first."""
        return [one.status for one, _ in self.log()]


@contextmanager
def receiving(books: Books, settings: Settings, engine: Engine, path: str = "/hook") -> Iterator[Post]:
    """A receiver that hears of all that happens to a class."""
    receiver = Receiver()
    with running(receiver) as origin:
        receiver.url = f"{origin}{path}"
        class_ = open_class(books, credits=1_000, maximum=10)
        with books() as session:
            endpoint_id = make_endpoint(session, class_.license_id, url=receiver.url).id
        yield Post(books, settings, engine, receiver, class_, endpoint_id)
