"""`creditroll simulate`: tells a seeded school term to the real tool and to a plain model, which must agree."""

import json
import re
from dataclasses import asdict

import click

from lti_tool import logs
from lti_tool.cli import Failed, json_option
from lti_tool.simulation.run import InUse, terms
from lti_tool.simulation.scene import Diverged
from lti_tool.simulation.term import Told


class _Seeds(click.ParamType[range]):
    """`7`, or `1..100`."""

    name = "A..B"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The seeds, ascending."""
        found = re.fullmatch(r"(\d{1,9})(?:\.\.(\d{1,9}))?", str(value), re.ASCII)
        if found is None or int(found[2] or found[1]) < int(found[1]):
            self.fail("Give a number, or a first and a last one: 1..100.", param, ctx)
        return range(int(found[1]), int(found[2] or found[1]) + 1)


@click.command()
@click.option("--seed", "--seeds", "seeds", type=_Seeds(), default="1", help="Which term, or which: 7, or 1..100.")
@click.option("--days", type=click.IntRange(1, 3_650), default=120, show_default=True, help="How long a term is.")
@click.option("--database-url", metavar="URL", help="An empty database to use; else SQLite in a temporary file.")
@json_option
def command(seeds: range, days: int, database_url: str | None, as_json: bool) -> None:
    """Replay seeded school terms: exit code 1, and where it happened, if the books are ever wrong."""
    logs.configure("critical")  # thousands of requests, each of which would be a line
    told: list[Told] = []
    try:
        for term in terms(seeds, days, database_url=database_url):
            told.append(term)
            if not as_json:
                click.echo(_line(term))
    except InUse as in_use:
        raise Failed(str(in_use)) from in_use
    except Diverged as diverged:
        notes = [*diverged.__notes__[:-1], diverged.__notes__[-1] + (" --database-url …" if database_url else "")]
        raise Failed("\n".join([str(diverged), *notes])) from diverged
    if as_json:
        click.echo(json.dumps({"terms": [asdict(term) for term in told]}, indent=2))


def _line(term: Told) -> str:
    happened = f"{term.days} days, {term.steps:,} steps, {term.transfers:,} transfers"
    trouble = f"{term.crashes:,} crashes, {term.lost_answers:,} lost answers"
    return f"seed {term.seed}: {happened}, {trouble}; journal {term.digest}"
