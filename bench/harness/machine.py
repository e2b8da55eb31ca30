"""What the machine is, which core does what, and how much CPU time a program has used with all its children."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

SERVER_CORES = {0}
DRIVER_CORES = {1} if (os.cpu_count() or 1) > 1 else {0}
"""The server side, database included, has one core and the driver another: a busy driver then costs the server
nothing."""


def pin_driver() -> None:
    """Keeps this process, and those it starts, to the driver's core."""
    os.sched_setaffinity(0, DRIVER_CORES)


@contextmanager
def on_server_cores() -> Iterator[None]:
    """Programs started in the block have the server's core, with all their children; for a driver of one thread."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, SERVER_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def cpu_s(*pids: int) -> float:
    """CPU seconds that these programs have used so far with all their children, ended ones too."""
    total = 0.0
    for pid in pids:
        for one in _family(pid):
            with suppress(psutil.NoSuchProcess):
                used = one.cpu_times()
                total += used.user + used.system + used.children_user + used.children_system
    return total


def pss_bytes(*pids: int) -> int:
    """Memory of these programs with all their children; what several share is divided among them."""
    total = 0
    for pid in pids:
        for one in _family(pid):
            with suppress(OSError, psutil.NoSuchProcess):
                for line in Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
    return total


def peak_bytes() -> int:
    """The most memory that this process has ever had resident; unlike `ru_maxrss`, its parent's does not count."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def described() -> str:
    """The machine in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = psutil.virtual_memory().total // 1_000_000_000
    return f"{os.cpu_count()} × {model}, {memory} GB, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
