"""A database that cannot answer now: everybody is told so, and when to come again, and nobody sees the inside."""

import sqlite3

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError, ProgrammingError, TimeoutError

from lti_tool.db import Sql, is_passing, open_engine
from lti_tool.ids import new_id
from lti_tool.purchasing.office_links import OfficeLink
from lti_tool.web import office_address
from tests.conftest import MakeApp
from tests.web.api.conftest import told

LOGIN = {"iss": "https://lms.test", "login_hint": "x", "target_link_uri": "https://tool.test/lti/launch"}


@pytest.fixture
def cut_off(make_app: MakeApp) -> Flask:
    """A tool whose database is gone."""
    return make_app(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")


@pytest.fixture
def visitor(cut_off: Flask) -> FlaskClient:
    """Somebody who comes to it."""
    return cut_off.test_client()


def test_programs_are_told_to_send_it_again_with_the_same_key(visitor: FlaskClient) -> None:
    answer = visitor.get("/api/v1/licenses", headers={"Authorization": "Bearer crk_x"})
    assert told(answer) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_people_are_told_on_a_page(visitor: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = visitor.post("/lti/login", data=LOGIN)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Creditroll cannot reach its books" in answer.text
    assert not any(record.exc_info for record in caplog.records)
    assert "the database cannot answer" in caplog.text


@pytest.mark.parametrize("kept_at", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "sqlite://"])
def test_an_address_that_is_as_good_as_a_key_is_in_no_log_whatever_goes_wrong(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, kept_at: str
) -> None:
    app = make_app(database_url=kept_at)  # none that answers, or one without tables
    with app.app_context():
        link = office_address.address(OfficeLink(id=new_id())).removeprefix("https://tool.test")
    expected = 503 if "postgresql" in kept_at else 500
    assert app.test_client().get(link).status_code == expected
    assert "/office/<token>" in caplog.text
    assert link.removeprefix("/office/") not in caplog.text


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("SQLITE_FULL", True),
        ("SQLITE_IOERR_WRITE", True),
        ("SQLITE_BUSY_SNAPSHOT", True),
        ("SQLITE_CANTOPEN", True),
        ("SQLITE_ERROR", False),
    ],
)
def test_what_passes_by_itself_is_told_from_a_fault_of_ours_on_sqlite(said: str, passes: bool) -> None:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorcode = getattr(sqlite3, said)
    assert is_passing(OperationalError(None, None, error)) == passes


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.UndefinedTable(), False),
    ],
)
def test_what_passes_by_itself_is_told_from_a_fault_of_ours_on_postgresql(error: psycopg.Error, passes: bool) -> None:
    kind = OperationalError if isinstance(error, psycopg.OperationalError) else ProgrammingError
    assert is_passing(kind(None, None, error)) == passes


def test_a_statement_that_is_its_own_transaction_finds_no_database_as_any_other_does() -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as refused:
        Sql("select 1").alone(engine)
    assert is_passing(refused.value)


def test_all_connections_in_use_passes() -> None:
    assert is_passing(TimeoutError())
