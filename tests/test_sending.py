"""Statements that wait for each other are one round trip, and mean what they would mean one by one."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from lti_tool.db import Sql, writing
from tests.wire import watched

KEEP = Sql("insert into kept (id) values (:id)")
COUNT = Sql("select count(*) from kept")
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def kept(engine: Engine) -> None:
    """A table whose rows have each its own id."""
    with writing(engine) as session:
        session.execute(text("create table kept (id bigint primary key)"))


def count(engine: Engine) -> int:
    """Rows that are there for good."""
    [[found]] = COUNT.alone(engine)
    return int(found)


def test_what_is_sent_sees_what_was_sent_before_and_is_kept_together(engine: Engine) -> None:
    with watched(engine) as wire, writing(engine) as session:
        KEEP.send(session, id=1)
        first = COUNT.send(session)
        KEEP.send(session, id=2)
        second = COUNT.send(session)
        assert (first.one(), second.one()) == ((1,), (2,))
        KEEP.send(session, id=3)
    if engine.dialect.name == "postgresql":
        assert wire.trips == 2, wire.said  # up to the answer, and from there to COMMIT
    assert count(engine) == 3


def test_a_statement_that_goes_another_way_comes_after_what_waits(engine: Engine) -> None:
    with writing(engine) as session:
        KEEP.send(session, id=1)
        assert session.execute(text("select count(*) from kept")).scalar_one() == 1
        KEEP.send(session, id=2)
        assert COUNT.run(session).scalar_one() == 2


def test_the_error_of_one_that_waits_undoes_all_and_comes_up_no_later_than_commit(engine: Engine) -> None:
    with pytest.raises(IntegrityError):
        _keep(engine, 1, 1, 2)
    assert count(engine) == 0
    _keep(engine, 1)
    assert count(engine) == 1


def test_what_waits_is_never_sent_once_it_is_rolled_back(engine: Engine) -> None:
    with writing(engine) as session:
        KEEP.send(session, id=1)
        session.rollback()
    assert count(engine) == 0


@ON_POSTGRESQL
@pytest.mark.parametrize("is_begun", [True, False])
def test_who_is_cut_off_hears_of_it_and_the_next_is_served(engine: Engine, *, is_begun: bool) -> None:
    with pytest.raises(OperationalError):
        _keep_and_be_cut_off(engine, is_begun=is_begun)
    _keep(engine, 2)
    assert count(engine) == 1


def _keep(engine: Engine, *ids: int) -> None:
    with writing(engine) as session:
        for each in ids:
            KEEP.send(session, id=each)


def _keep_and_be_cut_off(engine: Engine, *, is_begun: bool) -> None:
    server = make_url(engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as other, writing(engine) as session:
        KEEP.send(session, id=1)
        if is_begun:
            COUNT.send(session).one()
            KEEP.send(session, id=3)
        other.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
