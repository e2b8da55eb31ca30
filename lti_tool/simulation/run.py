"""Terms one after another, each on a database of its own that is thrown away; or all on one that was given, empty."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import exists, select

from lti_tool import schema, settings
from lti_tool.db import open_engine
from lti_tool.licenses.licenses import License
from lti_tool.settings import Settings
from lti_tool.simulation.term import START, Term, Told
from lti_tool.simulation.tool import Tool


class InUse(Exception):
    """The database that was given has licenses in it: nothing was done there."""


def terms(seeds: range, days: int, *, database_url: str | None = None, is_quiet: bool = False) -> Iterator[Told]:
    """Tells the term of each seed. Without trouble (`is_quiet`) the story is the same, only nothing goes wrong in it.

    Raises InUse, SettingsError (no address of a database of ours), and whatever ends a term: Diverged, or an error that
    nobody foresaw; both say where and how to replay.
    """
    if database_url is not None:
        _require_empty(settings.load({}, database_url=database_url).database_url)
    for seed in seeds:
        with TemporaryDirectory(prefix="creditroll-simulation-") as folder:
            tool = Tool(_settings(Path(folder), database_url), START)
            try:
                yield Term(tool, seed, is_quiet=is_quiet).run(days)
            finally:
                tool.close()


def _settings(folder: Path, database_url: str | None) -> Settings:
    return settings.load(
        {},
        database_url=database_url or f"sqlite:///{folder / 'creditroll.db'}",
        secret_key=secrets.token_urlsafe(),
        public_url="https://creditroll.example",
        keys_dir=str(folder / "keys"),
        files_dir=str(folder / "files"),
        api_rate_limit="off",
        launch_rate_limit="off",
    )


def _require_empty(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        if schema.current(engine) is None:
            return
        with engine.connect() as connection:
            if connection.scalar(select(exists(select(License.id)))):
                raise InUse("This database has licenses in it. Give one that is empty: a simulation fills it.")
    finally:
        engine.dispose()
