"""A disk that is full during a batch: it is said so, nothing is half done, and the tool goes on once there is space."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url, select
from werkzeug.test import TestResponse

from lti_tool import schema
from lti_tool.db import open_engine
from lti_tool.ledger import allotment
from lti_tool.ledger.audit import audit
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from tests import pgembed
from tests.factories import EXPORT_CREDITS, NOW, make_member
from tests.web.api.conftest import told
from tests.web.conftest import School
from tests.web.pages import Form, get, post

ADD = "/manager/members/add"
PEOPLE = 400
MOST = 2_000
"""Spends that surely fill what is left."""
_LEFT = 32_768
"""Bytes that are left free: less than the batch needs, so that it has begun when there is no more."""


@dataclass(frozen=True)
class SmallDisk:
    """A disk of a few megabytes, mounted at `folder`."""

    folder: Path

    def fill(self) -> None:
        """Takes all the space but a little."""
        free = shutil.disk_usage(self.folder).free
        with (self.folder / "ballast").open("wb") as ballast:
            ballast.write(bytes(max(0, free - _LEFT)))

    def clear(self) -> None:
        """Gives it back."""
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A small disk, which takes root to mount."""
    if os.geteuid() != 0:
        if os.environ.get("CREDITROLL_REQUIRE_PG") == "1":
            pytest.fail("a small disk cannot be mounted without root")
        pytest.skip("a small disk cannot be mounted without root")
    folder = Path(tempfile.mkdtemp(prefix="creditroll-disk-", dir="/tmp"))  # where PostgreSQL's own user may go, too
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=0777", "tmpfs", str(folder)], check=True)
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, disk: SmallDisk, sqlite_template: Path) -> Iterator[str]:
    """A database whose data are on the small disk; PostgreSQL's journal is elsewhere, as it often is."""
    if request.param == "sqlite":
        path = disk.folder / "creditroll.db"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite:///{path}"
        return
    with pgembed.server() as server:
        yield _on_small_disk(server, disk)


def _on_small_disk(server: str, disk: SmallDisk) -> str:
    target = make_url(server)
    place = disk.folder / "data"
    place.mkdir()
    shutil.chown(place, "nobody")  # as which the server runs
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"create tablespace small location '{place}'")
        connection.execute("create database small tablespace small")
    url = target.set(database="small").render_as_string(hide_password=False)
    engine = open_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture
def batch(teacher: FlaskClient, school: School) -> Form:
    """A form for a large class, opened while there is space."""
    with school.books() as session:
        license_, course = session.get_one(License, school.license), session.get_one(Context, school.course)
        grant(session, school.license, EXPORT_CREDITS, amount=100_000, actor=OPERATOR, now=NOW)
        for _ in range(PEOPLE):
            make_member(session, license_, course)
    return get(teacher, f"{ADD}?all=1").form(ADD)


@pytest.mark.slow
def test_a_batch_that_finds_the_disk_full_is_refused_whole_and_goes_through_once_there_is_space(
    teacher: FlaskClient, school: School, batch: Form, disk: SmallDisk, database_url: str
) -> None:
    settle(database_url)
    pool = school.pool()
    disk.fill()
    full = post(teacher, batch, amount="5")
    assert full.status_code == 503
    assert int(full.headers["Retry-After"]) > 0
    assert "Creditroll cannot reach its books" in full.text
    assert get(teacher, "/manager/").status == 200, "what needs no space goes on"
    disk.clear()
    assert school.pool() == pool
    with school.books() as session:
        assert audit(session) == []
    assert post(teacher, batch, amount="5").status_code == 303
    assert post(teacher, batch, amount="5").status_code == 303
    with school.books() as session:
        [people] = session.scalars(select(Batch.people).where(Batch.kind == "manual_allotment", Batch.amount_each == 5))
        assert audit(session) == []
    assert people > PEOPLE
    assert school.pool() == pool - 5 * people


def settle(database_url: str) -> None:
    """Has SQLite move its journal into the file, so that no space is left there that a batch could use again."""
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()


@pytest.mark.slow
def test_programs_are_told_when_the_disk_is_full_and_the_same_key_counts_once_afterwards(
    client: FlaskClient, school: School, disk: SmallDisk, database_url: str
) -> None:
    with school.books() as session:
        _, secret = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=school.license, now=NOW)
        grant(session, school.license, EXPORT_CREDITS, amount=100_000, actor=OPERATOR, now=NOW)
        allotment.allot(
            session, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=MOST, actor=OPERATOR, now=NOW
        )

    def spend(number: int) -> TestResponse:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"{number:0255}"}
        wish = {"resource": EXPORT_CREDITS.name, "amount": 1, "reference": "x" * 200}
        return client.post(f"/api/v1/members/{school.ada}/spends", headers=headers, json=wish)

    settle(database_url)
    disk.fill()
    answers = ((number, spend(number)) for number in range(MOST))
    number, full = next((number, answer) for number, answer in answers if answer.status_code != 201)
    assert told(full) == (503, "unavailable")
    assert school.account(school.ada).used == number
    disk.clear()
    assert [spend(again).status_code for again in range(number + 1)] == [201] * (number + 1)
    assert school.account(school.ada).used == number + 1
    with school.books() as session:
        assert audit(session) == []
