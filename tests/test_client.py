"""Programs in Python spend over real HTTP: once, whatever gets lost on the way."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from lti_tool.client import Client, InsufficientCredits, Refused, Unreachable
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.demo_lms import running
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Lossy:
    """Lets the tool do its work, and loses as many of its answers to POSTs as it is told."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self.lose = 0
        self.keys: list[str] = []

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            self.keys.append(environ["HTTP_IDEMPOTENCY_KEY"])
            if self.lose:
                self.lose -= 1
                list(self._app(environ, lambda *_: lambda _: None))  # done, and nobody hears of it
                start("502 Bad Gateway", [("Content-Type", "text/html")])
                return [b"<h1>Bad gateway</h1>"]
        return self._app(environ, start)


@pytest.fixture
def tool(app: Flask) -> Lossy:
    """The tool behind a proxy that loses answers."""
    return Lossy(app)


@pytest.fixture
def address(tool: Lossy) -> Iterator[str]:
    """Where it is."""
    with running(tool) as url:
        yield url


@pytest.fixture
def school(books: Books) -> License:
    """A licence with 100 credits."""
    with books() as session:
        return make_license(session)


@pytest.fixture
def student(books: Books, school: License) -> str:
    """A student with 3 credits."""
    with books() as session:
        member = make_member(session, session.get_one(License, school.id), make_context(session))
        allot(session, school.id, EXPORT_CREDITS, member_ids=[member.id], each=3, actor=OPERATOR, now=NOW)
        return member.id


@pytest.fixture
def key(books: Books, school: License) -> str:
    """A key of that licence that may spend."""
    with books() as session:
        return api_keys.create(session, name="Exporter", scopes=("spend",), license_id=school.id, now=NOW)[1]


@pytest.fixture
def waits() -> list[float]:
    """How long the client waited each time, in seconds."""
    return []


@pytest.fixture
def client(address: str, key: str, waits: list[float]) -> Client:
    """A program's client, which does not really wait."""
    return Client(address, key, sleep=waits.append)


def figures(client: Client, student: str) -> tuple[int, int, int]:
    """Available, held, used."""
    balance = client.member(student)["balances"][EXPORT_CREDITS.name]
    return balance["available"], balance["held"], balance["used"]


def test_a_block_that_ends_well_uses_the_credit(client: Client, student: str) -> None:
    with client.hold(student, 2, reference="film-7") as hold:
        assert figures(client, student) == (1, 2, 0)
    assert hold.held.status == "captured"
    assert (hold.held.balance.available, hold.held.balance.used) == (1, 2)
    assert client.find_hold(hold.id).held.reference == "film-7"


def test_a_block_that_fails_frees_it_and_says_what_failed(client: Client, student: str) -> None:
    with pytest.raises(ZeroDivisionError), client.hold(student, 2):
        raise ZeroDivisionError
    assert figures(client, student) == (3, 0, 0)


def test_a_block_may_capture_a_part_or_release_by_itself(client: Client, student: str) -> None:
    with client.hold(student, 3) as hold:
        hold.capture(1)
    assert figures(client, student) == (2, 0, 1)
    with client.hold(student, 2) as hold:
        hold.release()
    assert figures(client, student) == (2, 0, 1)


def test_lost_answers_cost_nothing(client: Client, tool: Lossy, student: str, waits: list[float]) -> None:
    tool.lose = 3
    assert client.spend(student, 2).balance.available == 1
    assert len(set(tool.keys)) == 1
    assert waits == [0.2, 0.4, 0.8]
    tool.lose = 2
    with client.hold(student, 1):
        tool.lose += 1
    assert figures(client, student) == (0, 0, 3)


def test_a_job_that_starts_again_with_its_own_key_spends_once(client: Client, student: str) -> None:
    first, second = (client.spend(student, 1, key="job-7") for _ in range(2))
    assert first == second
    assert figures(client, student) == (2, 0, 1)


def test_refusals_have_code_and_figures(client: Client, student: str) -> None:
    with pytest.raises(InsufficientCredits) as short:
        client.spend(student, 4)
    assert (short.value.status, short.value.figures["available"], short.value.figures["pool"]) == (409, 3, 97)
    with pytest.raises(Refused, match="not_found"):
        client.member("00000000-0000-7000-8000-000000000001")
    hold = client.hold(student, 1)
    client.find_hold(hold.id).release()
    with pytest.raises(Refused, match="hold_not_open"):
        hold.capture()


def test_an_error_in_the_block_is_heard_though_the_hold_cannot_be_released(client: Client, student: str) -> None:
    hold = client.hold(student, 1)
    client.find_hold(hold.id).release()
    with pytest.raises(ZeroDivisionError) as failed, hold:
        raise ZeroDivisionError
    assert "could not be released" in failed.value.__notes__[0]


def test_nobody_there_is_said_so_after_all_tries(key: str, waits: list[float], tool: Lossy, address: str) -> None:
    gone = Client("http://127.0.0.1:9", key, tries=3, sleep=waits.append)
    with pytest.raises(Unreachable, match="3 tries"):
        next(gone.licenses())
    assert waits == [0.2, 0.4]
    with pytest.raises(Unreachable, match="other than Creditroll"):
        Client(f"{address}/elsewhere", key, sleep=waits.append).license("x")


def test_a_full_rate_is_waited_for_as_long_as_it_says(
    make_app: Callable[..., Flask], key: str, waits: list[float]
) -> None:
    with running(make_app(api_rate_limit="1/hour")) as address:
        client = Client(address, key, tries=2, sleep=waits.append)
        assert len(list(client.licenses())) == 1
        with pytest.raises(Refused, match="too_many_requests"):
            next(client.licenses())
    assert len(waits) == 1
    assert waits[0] == 60.0


def test_lists_go_on_to_their_end(client: Client, school: License, student: str) -> None:
    assert [one["id"] for one in client.licenses()] == [school.id]
    assert [one["id"] for one in client.members(school.id)] == [student]
    kinds = [one["kind"] for one in client.transfers(school.id)]
    assert kinds == ["grant", "manual_allotment"]
    first = next(client.transfers(school.id))
    assert [one["kind"] for one in client.transfers(school.id, after=first["id"])] == ["manual_allotment"]
    assert client.license(school.id)["resources"][0]["pool"] == 97
    named = {"issuer": client.member(student)["issuer"], "client_id": "nobody", "subject": "x"}
    assert client.find_member(school.id, **named) is None


def test_it_is_imported_without_flask_and_without_a_database() -> None:
    blocked = "import sys; sys.modules |= dict.fromkeys(('flask', 'sqlalchemy', 'alembic', 'jwt', 'lti_tool.db'))"
    told = f"{blocked}; from lti_tool.client import Client; print(Client('http://tool.test', 'crk_x'))"
    printed = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "crk_x" not in printed.stdout
    assert "Client object" in printed.stdout
