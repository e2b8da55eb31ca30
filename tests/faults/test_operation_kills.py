"""Killed with -9 at any moment of any operation on the books: nothing is half done, and again it is done once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from lti_tool.db import database_now, micros, transaction
from lti_tool.ids import new_id
from lti_tool.ledger import allotment, audit, issuing, policies, pools
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys
from lti_tool.lti import platforms
from lti_tool.lti.platforms import Deployment
from lti_tool.settings import Settings
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member
from tests.faults.killing import Killer
from tests.ledger.a_class import TEACHER
from tests.lti_platform import HOSTS, FakePlatform, claims, id_token, login, register, serving_platform

PUBLIC_URL = "https://tool.test"
_LEAST_MOMENTS = 4
"""Fewer would mean that the killer does not see the statements."""


def call(app: Flask, _license_id: str, path: str, headers: dict[str, str], body: dict[str, object]) -> TestResponse:
    """A program's POST, the same each time it is sent."""
    return app.test_client().post(f"/api/v1{path}", base_url=PUBLIC_URL, headers=headers, json=body)


def launch(app: Flask, _license_id: str, fields: dict[str, str], cookies: dict[str, str]) -> TestResponse:
    """A student's browser posts what the LMS signed."""
    client = app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value, domain="tool.test", secure=True)
    return client.post("/lti/launch", base_url=PUBLIC_URL, data=fields)


def allot(app: Flask, license_id: str, member_ids: list[str], form: str) -> None:
    """A teacher's form: 5 credits each."""
    with app.app_context(), transaction() as session:
        allotment.allot(
            session,
            license_id,
            EXPORT_CREDITS,
            member_ids=member_ids,
            each=5,
            actor=TEACHER,
            now=NOW,
            request_key=form,
        )


def save_maximum(app: Flask, license_id: str, based_on: int) -> None:
    """A teacher's form, which saw that version of the setting."""
    with app.app_context(), transaction() as session:
        policies.save(session, license_id, EXPORT_CREDITS, maximum=50, based_on=based_on, actor=TEACHER, now=NOW)


def grant(app: Flask, license_id: str) -> None:
    """An operator's command, which has no key: who saw it killed looks whether the credits are there."""
    with app.app_context(), transaction() as session:
        if pools.totals(session, license_id, now_us=0)[0].issued == 100:
            issuing.grant(session, license_id, EXPORT_CREDITS, amount=30, actor=OPERATOR, now=NOW)


@dataclass(frozen=True)
class State:
    """All that the operations change."""

    pool: int = 100
    available: int = 0
    held: int = 0
    used: int = 0
    members: int = 1
    transfers: int = 1
    batches: int = 1
    settings: int = 1
    holds: str = ""
    """Their states, in the order of their making."""


Given = tuple[object, ...]
"""What a deed is given, the license's id first."""


@dataclass
class World:
    """Licenses of 100 credits with a maximum of 10, a student without credits in each, and whom it takes to act."""

    app: Flask
    books: Books
    platform: FakePlatform
    deployment_id: str
    key: str
    """Of a program that may spend."""

    def open(self, students: int = 1) -> tuple[str, list[str]]:
        """The ids of such a license and of its students; they are in the course that has the license's id as name."""
        with self.books() as session:
            course = make_context(session, session.get_one(Deployment, self.deployment_id), context_id=new_id())
            license_ = make_license(session, context=course)
            license_.name = course.context_id
            policies.save(session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=TEACHER, now=NOW)
            return license_.id, sorted(make_member(session, license_, course).id for _ in range(students))

    def give(self, license_id: str, student: str, amount: int) -> None:
        """What a teacher gave by hand."""
        with self.books() as session:
            allotment.allot(
                session, license_id, EXPORT_CREDITS, member_ids=[student], each=amount, actor=TEACHER, now=NOW
            )

    def request(self, license_id: str, path: str, **body: object) -> Given:
        """A program's request with a key of its own."""
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": new_id()}
        return license_id, path, headers, body

    def arrival(self, license_id: str, subject: str) -> Given:
        """What a student's browser brings from the LMS, which sends a new one whenever they come."""
        with self.books() as session:
            course = session.scalars(text("select name from licenses where id = :id"), {"id": license_id}).one()
        client = self.app.test_client()
        begun = login(client, self.platform)
        [cookie] = begun.response.headers.getlist("Set-Cookie")
        name, _, value = cookie.partition(";")[0].partition("=")
        said = claims(self.platform, tool=PUBLIC_URL, nonce=begun.nonce, subject=subject, context=course)
        return license_id, {"id_token": id_token(self.platform, said), "state": begun.state}, {name: value}

    def state(self, license_id: str) -> State:
        """Everything of the license, as anybody would see it now."""
        with self.books() as session:
            [figures] = pools.totals(session, license_id, now_us=micros(database_now(session)))
            known = {"license_id": license_id}
            members, transfers, batches, settings = (
                session.scalars(text(f"select count(*) from {table} where license_id = :license_id"), known).one()
                for table in ("members", "transfers", "batches", "policies")
            )
            holds = session.scalars(text("select status from holds where license_id = :license_id order by at"), known)
            return State(
                figures.pool,
                figures.available,
                figures.held,
                figures.used,
                members,
                transfers,
                batches,
                settings,
                " ".join(holds),
            )

    def faults(self, license_id: str) -> list[audit.Fault]:
        """What an audit of the license finds."""
        with self.books() as session:
            return audit.audit(session, license_id)


def to_launch_first(world: World) -> Given:
    license_id, _ = world.open()
    return world.arrival(license_id, f"new-{license_id}")


def come_again(world: World, given: Given) -> Given:
    return world.arrival(str(given[0]), f"new-{given[0]}")


def to_hold(world: World, *, has: int, amount: int) -> Given:
    license_id, [student] = world.open()
    if has:
        world.give(license_id, student, has)
    return world.request(license_id, f"/members/{student}/holds", resource="export-credits", amount=amount)


def to_spend(world: World, *, has: int, amount: int) -> Given:
    license_id, path, headers, body = to_hold(world, has=has, amount=amount)
    return license_id, str(path).replace("holds", "spends"), headers, body


def to_close(world: World, how: str, **body: object) -> Given:
    license_id, path, headers, wish = to_hold(world, has=5, amount=4)
    held = world.app.test_client().post(f"/api/v1{path}", base_url=PUBLIC_URL, headers=headers, json=wish)
    return world.request(str(license_id), f"/holds/{held.get_json()['id']}/{how}", **body)


def to_allot(world: World, *, students: int) -> Given:
    license_id, member_ids = world.open(students)
    return license_id, member_ids, new_id()


@dataclass(frozen=True)
class Case:
    """An operation with its world, and what must be true in the end; `again` is what whoever tries again brings."""

    prepare: Callable[[World], Given]
    deed: Callable[..., TestResponse | None]
    end: State
    again: Callable[[World, Given], Given] = lambda _, given: given


CASES = {
    "a first launch": Case(
        to_launch_first, launch, State(pool=95, available=5, members=2, transfers=2, batches=2), come_again
    ),
    "a covered hold": Case(
        lambda world: to_hold(world, has=5, amount=4),
        call,
        State(pool=95, available=1, held=4, transfers=2, batches=2, holds="held"),
    ),
    "a hold that takes a bundle": Case(
        lambda world: to_hold(world, has=0, amount=4),
        call,
        State(pool=95, available=1, held=4, transfers=2, batches=2, holds="held"),
    ),
    "a capture of a part": Case(
        lambda world: to_close(world, "capture", amount=3),
        call,
        State(pool=95, available=2, used=3, transfers=3, batches=2, holds="captured"),
    ),
    "a release": Case(
        lambda world: to_close(world, "release"),
        call,
        State(pool=95, available=5, transfers=2, batches=2, holds="released"),
    ),
    "a covered spend": Case(
        lambda world: to_spend(world, has=5, amount=4),
        call,
        State(pool=95, available=1, used=4, transfers=3, batches=2),
    ),
    "a spend that takes two bundles": Case(
        lambda world: to_spend(world, has=0, amount=7),
        call,
        State(pool=90, available=3, used=7, transfers=3, batches=2),
    ),
    "a spend that is refused": Case(
        lambda world: to_spend(world, has=5, amount=20), call, State(pool=95, available=5, transfers=2, batches=2)
    ),
    "an allotment to one": Case(
        lambda world: to_allot(world, students=1), allot, State(pool=95, available=5, transfers=2, batches=2)
    ),
    "an allotment to many": Case(
        lambda world: to_allot(world, students=12),
        allot,
        State(pool=40, available=60, members=12, transfers=13, batches=2),
    ),
    "a new maximum": Case(lambda world: (world.open()[0], 1), save_maximum, State(settings=2)),
    "a grant": Case(lambda world: (world.open()[0],), grant, State(pool=130, transfers=2, batches=2)),
}


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    """The students' LMS."""
    with serving_platform() as platform:
        yield platform


@pytest.fixture
def world(app: Flask, books: Books, platform: FakePlatform) -> World:
    """The tool that goes on, beside those that die."""
    with books() as session:
        [deployment] = platforms.deployments(session, register(session, platform))
        _, key = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=None, now=NOW)
    return World(app, books, platform, deployment.id, key)


@pytest.fixture
def killer(settings: Settings) -> Iterator[Killer]:
    """Kills tools like `app` on the same database."""
    same = ("database_url", "secret_key", "public_url", "keys_dir", "api_rate_limit", "launch_rate_limit")
    killer = Killer({name: getattr(settings, name) for name in same} | {"allow_private_hosts": sorted(HOSTS)})
    yield killer
    killer.end()


@pytest.mark.slow
def test_killed_at_any_moment_it_is_done_or_not_and_once_when_tried_again(
    killer: Killer, world: World, subtests: pytest.Subtests
) -> None:
    for name, case in CASES.items():
        with subtests.test(name):
            assert die_at_each_moment(killer, world, case) >= _LEAST_MOMENTS


def die_at_each_moment(killer: Killer, world: World, case: Case) -> int:
    """How many moments there were."""
    for moment in count(1):
        given = case.prepare(world)
        license_id = str(given[0])
        before = world.state(license_id)
        was_killed = killer.die(moment, case.deed, *given)
        found = world.state(license_id)
        assert found in ((before, case.end) if was_killed else (case.end,))
        assert world.faults(license_id) == []
        first = case.deed(world.app, *case.again(world, given))
        second = case.deed(world.app, *case.again(world, given))
        assert world.state(license_id) == case.end
        assert world.faults(license_id) == []
        if case.deed is call:
            assert_told_alike(first, second)
        if not was_killed:
            return moment
    raise AssertionError("there is an end")


def assert_told_alike(first: TestResponse | None, second: TestResponse | None) -> None:
    """Whoever tries again hears the same each time."""
    assert first is not None
    assert second is not None
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert first.status_code in (200, 201, 409)
    assert second.headers["Idempotency-Replayed"] == "true"
