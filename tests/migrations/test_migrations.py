"""Migrations go up, down and up again on both databases, and the models say what they made."""

from sqlalchemy import Engine, inspect, text

from lti_tool import app as app_that_knows_every_model
from lti_tool import schema
from lti_tool.db import Base

_GUARDS = {
    "sqlite": "select name from sqlite_master where type = 'trigger'",
    "postgresql": "select trigger_name from information_schema.triggers where trigger_schema = current_schema()",
}


def shape(engine: Engine) -> dict[str, object]:
    """Every table with its columns, keys, indexes and checks, and the names of the triggers."""
    found = inspect(engine)
    tables: dict[str, object] = {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(str((index["name"], index["column_names"], index["unique"])) for index in found.get_indexes(table)),
            sorted(str(check["sqltext"]) for check in found.get_check_constraints(table)),
            sorted(str(key["constrained_columns"]) for key in found.get_foreign_keys(table)),
        )
        for table in found.get_table_names()
    }
    with engine.connect() as connection:
        tables["triggers"] = sorted(connection.scalars(text(_GUARDS[engine.dialect.name])))
    return tables


def test_down_and_up_again_gives_the_same_schema(engine: Engine) -> None:
    before = shape(engine)
    schema.downgrade(engine, "base")
    assert schema.current(engine) is None
    assert set(shape(engine)) <= {"alembic_version", "triggers"}
    assert shape(engine)["triggers"] == []
    schema.upgrade(engine)
    assert schema.current(engine) == schema.newest()
    assert shape(engine) == before


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before = shape(engine)
    schema.upgrade(engine)
    assert shape(engine) == before


def test_models_have_the_columns_that_migrations_made(engine: Engine) -> None:
    assert app_that_knows_every_model
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        made = {column["name"]: bool(column["nullable"]) for column in found.get_columns(table.name)}
        assert {column.name: bool(column.nullable) for column in table.columns} == made, table.name
        keys = {column.name for column in table.primary_key}
        assert keys == set(found.get_pk_constraint(table.name)["constrained_columns"]), table.name
