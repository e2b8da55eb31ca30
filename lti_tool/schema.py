"""Brings a database to the newest migration, and tells where it stands.

Alembic is imported by what migrates and not by what only looks, as each start of the server does: it would be a sixth
of that start, and 10 MB of each process.
"""

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from lti_tool import shipped

if TYPE_CHECKING:
    from alembic.config import Config

_KEPT_IN = "alembic_version"


@cache
def newest() -> str:
    """The revision that this code needs: the number that the last migration's file begins with."""
    return max(file.name.partition("_")[0] for file in (shipped.MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision that the database has; None where it was never upgraded."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_KEPT_IN):
            return None
        revision: str | None = connection.scalar(text(f"select version_num from {_KEPT_IN}"))
        return revision


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Runs all migrations up to `revision`, in one transaction each."""
    from alembic import command

    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Takes migrations back to `revision` ("base" is before the first)."""
    from alembic import command

    command.downgrade(_config(engine), revision)


def _config(engine: Engine) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(shipped.MIGRATIONS))
    config.attributes["engine"] = engine
    return config
