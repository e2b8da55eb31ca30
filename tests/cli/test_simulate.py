"""`creditroll simulate`: terms that go well are a line each, one that does not says where, and how to see it again."""

import re

import pytest
from sqlalchemy import Engine

from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import make_license

pytestmark = pytest.mark.usefixtures("own_logging")

_UNDONE = "(license_id, resource, version, maximum, actor_kind, at)"
_VALUES = "(new.license_id, new.resource, new.version + 1, 0, 'system', new.at)"
SABOTAGE = {
    "sqlite": (
        "create trigger sabotage after insert on policies when new.maximum > 0"
        f" begin insert into policies {_UNDONE} values {_VALUES}; end",
    ),
    "postgresql": (
        "create function sabotage() returns trigger language plpgsql as"
        f" $$ begin insert into policies {_UNDONE} values {_VALUES}; return null; end $$",
        "create trigger sabotage after insert on policies for each row when (new.maximum > 0)"
        " execute function sabotage()",
    ),
}


def test_terms_that_go_well_are_a_line_each(run: Run, database_url: str) -> None:
    done = run("simulate", "--seeds", "3..4", "--days", "1", "--database-url", database_url)
    assert done.code == 0
    number = r"[\d,]+"
    happened = rf"1 days, {number} steps, {number} transfers, {number} crashes, {number} lost answers"
    lines = done.out.splitlines()
    assert [re.sub(rf": {happened}; journal [0-9a-f]{{64}}$", "", line) for line in lines] == ["seed 3", "seed 4"]


def test_without_a_database_one_is_made_and_thrown_away(run: Run) -> None:
    [first] = run("simulate", "--seed", "3", "--days", "1", "--json").json["terms"]
    [again] = run("simulate", "--seed", "3", "--days", "1", "--json").json["terms"]
    assert (first["seed"], first["days"]) == (3, 1)
    assert first == again


def test_books_that_go_wrong_end_it_with_the_seed_the_day_the_step_and_how_to_see_it_again(
    run: Run, engine: Engine, database_url: str
) -> None:
    with engine.begin() as connection:
        for statement in SABOTAGE[engine.dialect.name]:
            connection.exec_driver_sql(statement)
    done = run("simulate", "--seed", "3", "--days", "60", "--database-url", database_url)
    assert done.code == 1
    found = re.fullmatch(
        r"creditroll: (?P<what>.+) is .+, and should be .+\n"
        r"Seed 3, day \d+, step \d+: .+\n"
        r"Again: creditroll simulate --seed 3 --days 60 --database-url …\n",
        done.err,
    )
    assert found is not None, done.err


def test_a_database_in_use_is_left_alone(run: Run, books: Books, database_url: str) -> None:
    with books() as session:
        make_license(session)
    done = run("simulate", "--days", "1", "--database-url", database_url)
    assert (done.code, done.out) == (1, "")
    assert "has licenses in it" in done.err


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/books"])
def test_what_is_no_database_of_ours_is_said(run: Run, url: str) -> None:
    done = run("simulate", "--days", "1", "--database-url", url)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("creditroll: CREDITROLL_DATABASE_URL ")


@pytest.mark.parametrize("seeds", ["", "x", "4..3", "1..", "-1", "1...2"])
def test_what_are_no_seeds_is_said(run: Run, seeds: str) -> None:
    assert run("simulate", "--seeds", seeds).code == 2
