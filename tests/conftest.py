"""One migrated database for each test, SQLite and PostgreSQL, and the tool on top of it.

PostgreSQL: one server a run, shared by the workers of xdist, from $CREDITROLL_TEST_DATABASE_URL or started here. Where
there is none, its tests are skipped, or fail if CREDITROLL_REQUIRE_PG=1.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool import schema
from lti_tool.app import create_app
from lti_tool.db import db, open_engine, writing
from lti_tool.settings import Settings, load
from tests import compiled, pgembed, scratch
from tests.factories import SECRET_KEY

Books = Callable[[], AbstractContextManager[Session]]


class Postgres:
    """The run's server, started when the first test or worker needs it; `template` is migrated and never used."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    @cached_property
    def template(self) -> str:
        """URL of the migrated database that others are cloned from. Raises Unavailable."""
        server = os.environ.get("CREDITROLL_TEST_DATABASE_URL") or self._stack.enter_context(pgembed.server())
        url = _renamed(server, f"template_{uuid4().hex}")
        _administer(url, "create database {name}")
        self._stack.callback(_administer, url, "drop database {name} with (force)")
        engine = open_engine(url)
        schema.upgrade(engine)
        engine.dispose()
        return url

    def stop(self) -> None:
        """Ends the server if it was started here."""
        self._stack.close()


class _Shared:
    """Hands the controller's server to each xdist worker."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if "not postgresql" in node.config.option.markexpr:
            return
        try:
            node.workerinput["postgresql"] = node.config.stash[_POSTGRES].template
        except pgembed.Unavailable as unavailable:
            node.workerinput["postgresql_missing"] = str(unavailable)


_POSTGRES = pytest.StashKey[Postgres]()


def pytest_configure(config: pytest.Config) -> None:
    compiled.share()
    postgres = Postgres()
    config.stash[_POSTGRES] = postgres
    config.add_cleanup(postgres.stop)
    config.pluginmanager.register(_Shared())


def _template(config: pytest.Config) -> str:
    given: dict[str, str] | None = getattr(config, "workerinput", None)
    if given is None:
        return config.stash[_POSTGRES].template
    if "postgresql" not in given:
        raise pgembed.Unavailable(given.get("postgresql_missing", "not asked for"))
    return given["postgresql"]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """A fresh migrated SQLite database: for tests in which the database makes no difference."""
    with scratch.folder() as folder:
        path = folder / "creditroll.db"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    try:
        template = _template(request.config)
    except pgembed.Unavailable as unavailable:
        if os.environ.get("CREDITROLL_REQUIRE_PG") == "1":
            pytest.fail(f"CREDITROLL_REQUIRE_PG=1, but {unavailable}")
        pytest.skip(str(unavailable))
    with _cloned(template) as url:
        yield url


@contextmanager
def _cloned(template: str) -> Iterator[str]:
    url = _renamed(template, f"test_{uuid4().hex}")
    _administer(url, f"create database {{name}} template {make_url(template).database} strategy file_copy")
    yield url
    _administer(url, "drop database {name} with (force)")


def _renamed(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _administer(url: str, statement: str) -> None:
    target = make_url(url)
    server = target.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.format(name=target.database))


@pytest.fixture
def own_logging() -> Iterator[None]:
    """For tests that configure logging: it is as before after them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a tool at https://tool.test that may call loopback and limits nobody's rate."""
    return load(
        {},
        database_url=database_url,
        secret_key=SECRET_KEY,
        public_url="https://tool.test",
        keys_dir=str(tmp_path / "keys"),
        files_dir=str(tmp_path / "files"),
        allow_private_hosts=["127.0.0.1", "localhost"],
        api_rate_limit="off",
        launch_rate_limit="off",
    )


class Client(FlaskClient):
    """Speaks to the tool's public origin, so that Secure cookies are sent."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", self.application.extensions["creditroll"].public_url)
        return super().open(*args, **kwargs)


class MakeApp(Protocol):
    """Makes the tool; keywords replace settings (`make_app(provisioning="trial")`)."""

    def __call__(self, **changed: object) -> Flask: ...


@pytest.fixture
def make_app(settings: Settings) -> Iterator[MakeApp]:
    """For tests that need other settings, or two tools on one database."""
    made: list[Flask] = []

    def make(**changed: object) -> Flask:
        app = create_app(load({}, **vars(settings) | changed))
        app.test_client_class = Client
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The tool."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies, in front of the tool."""
    return app.test_client()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The database without Flask, as other processes use it."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def books(engine: Engine) -> Books:
    """Opens one write after another: `with books() as session: ...` commits at its end."""
    return partial(writing, engine)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One open write for the whole test. On SQLite nobody else can write meanwhile: use `books` beside `client`."""
    with writing(engine) as session:
        yield session
