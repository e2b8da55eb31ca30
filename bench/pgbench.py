"""pgbench as a contender: the SQL of an operation, prepared, each time for another member."""

import re
import resource
import subprocess
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from bench.harness import machine
from bench.harness.rounds import Sample
from bench.harness.servers import Database
from tests import pgembed

_runs = count(1)

UNIQUE = "('b' || :run || '-' || :client_id || '-' || :r)"
"""An id, or a key, that no other transaction of any run has."""


def script(path: Path, statements: Sequence[str], members: Sequence[str], values: Mapping[str, str]) -> Path:
    """Writes a script that each time picks a member, `%(member_id)s`.

    Other parameters are written out as `values` says, in SQL. One script, so that each client plans it once.
    """
    named = {**values, "member_id": f"('{{{','.join(members)}}}'::varchar[])[:m]"}
    text = ";\n".join(statements) + ";\n"
    for name, value in named.items():
        text = text.replace(f"%({name})s", value)
    path.write_text(f"\\set r :r + 1\n\\set m random(1, {len(members)})\n" + text.replace("%%", "%"))
    return path


def run(file: Path, database: Database, name: str, clients: int, for_s: int) -> Sample:
    """One round; its CPU time is the database's and pgbench's own."""
    command = [str(pgembed.find_binaries() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-T", str(for_s)]
    command += ["-h", database.socket_folder, "-U", "creditroll", "-D", f"run={next(_runs)}", "-D", "r=0"]
    command += ["-f", str(file)]
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = machine.cpu_s(database.pid)
    said = subprocess.run([*command, name], check=True, capture_output=True, text=True).stdout
    spent_s = machine.cpu_s(database.pid) - before
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s += after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    done = re.search(r"transactions actually processed: (\d+)", said)
    pace = re.search(r"tps = ([\d.]+)", said)
    assert done is not None, said
    assert pace is not None, said
    assert "number of failed transactions: 0 " in said, said
    return Sample(int(done[1]), int(done[1]) / float(pace[1]), spent_s)
