"""`creditroll serve`: starts only where it can work, survives a lost worker, and leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import text
from urllib3 import Retry

from lti_tool.db import open_engine, writing
from lti_tool.ids import new_id
from lti_tool.ledger.events import ALLOTTED, TRIED_FOR
from lti_tool.lti.keyring import open_keyring
from lti_tool.webhooks.deliveries import Delivery
from lti_tool.webhooks.endpoints import Endpoint
from tests.cli.conftest import Run
from tests.factories import NOW, make_endpoint, make_license

START = "import sys; from lti_tool.cli import main; sys.argv[0] = 'creditroll'; main()"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(happens: Callable[[], bool], *, within_s: float = 30) -> None:
    """Waits for something that must come."""
    give_up = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)


class Server:
    """A running server and its process tree."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def family(self) -> list[psutil.Process]:
        """Its children, workers and jobs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def workers(self) -> list[psutil.Process]:
        """Its children that answer requests."""
        return [one for one in self.family() if not self.is_jobs(one) and "resource_tracker" not in str(one.cmdline())]

    def is_jobs(self, process: psutil.Process) -> bool:
        """Whether the child does background work."""
        try:
            return os.getsid(process.pid) == process.pid  # Ctrl-C is not for them
        except ProcessLookupError:  # it ended a moment ago
            return False


@pytest.fixture
def environment(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """What a server needs, and a folder of its own for what it keeps while it runs."""
    (tmp_path / "tmp").mkdir()
    return {
        **os.environ,
        "TMPDIR": str(tmp_path / "tmp"),
        "CREDITROLL_DATABASE_URL": sqlite_url,
        "CREDITROLL_SECRET_KEY": "x" * 40,
        "CREDITROLL_KEYS_DIR": str(tmp_path / "keys"),
    }


@contextmanager
def serving(environment: dict[str, str], *, workers: int = 2, start: str = START) -> Iterator[Server]:
    """A server for the block, ended whatever happens in it."""
    port = free_port()
    arguments = [sys.executable, "-c", start, "serve", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(arguments, env=environment)
    server = Server(process, port)
    try:
        until(lambda: server.is_up() or process.poll() is not None)
        yield server
    finally:
        family = server.family() if process.poll() is None else []
        process.terminate()
        process.wait(30)
        psutil.wait_procs(family, timeout=10)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_it_ends_workers_and_jobs_and_leaves_no_file_behind(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with serving(environment) as server:
        until(lambda: len(server.family()) >= 3)
        family = server.family()
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


@pytest.mark.slow
def test_once_it_has_ended_the_file_of_sqlite_is_whole_by_itself(environment: dict[str, str], sqlite_url: str) -> None:
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    with serving(environment, workers=1) as server:
        requests.get(f"{server.url}/readyz", timeout=10).raise_for_status()
        assert log.exists()
    assert not log.exists()


@pytest.mark.slow
def test_jobs_and_workers_are_forked_by_the_server_where_python_would_have_a_helper_do_it(
    environment: dict[str, str],
) -> None:
    as_from_3_14_on = f"import multiprocessing; multiprocessing.set_start_method('forkserver'); {START}"
    with serving(environment, start=as_from_3_14_on, workers=1) as server:
        forked = [one for one in server.family() if one.cmdline() == server.process.args]
        assert {server.is_jobs(one) for one in forked if one.ppid() == server.process.pid} == {True, False}


@pytest.mark.slow
def test_ctrl_c_that_reaches_everybody_ends_it_at_once(environment: dict[str, str]) -> None:
    with serving(environment) as server:
        until(lambda: len(server.family()) >= 3)
        workers = server.workers()
        for pid in (*(one.pid for one in workers), server.process.pid):
            os.kill(pid, signal.SIGINT)
        for worker in workers:
            worker.terminate()
        server.process.wait(10)  # the server kills workers that hang, but not before 15 s
        _, alive = psutil.wait_procs(workers, timeout=5)
        assert alive == []


@pytest.mark.slow
def test_killing_it_outright_leaves_nobody_behind(environment: dict[str, str]) -> None:
    with serving(environment) as server:
        until(lambda: len(server.family()) >= 3)
        family = server.family()
        server.process.kill()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []


@pytest.mark.slow
def test_a_killed_worker_and_killed_jobs_are_replaced(environment: dict[str, str]) -> None:
    with serving(environment, workers=1) as server:
        until(lambda: len(server.family()) >= 2)
        before = {one.pid for one in server.family()}
        for child in server.family():
            child.kill()
        until(lambda: {server.is_jobs(one) for one in server.family() if one.pid not in before} >= {True, False})
        until(server.is_up)


@pytest.mark.slow
def test_jobs_whose_webhooks_are_stopped_by_an_error_that_nobody_foresaw_are_replaced(
    environment: dict[str, str], sqlite_url: str
) -> None:
    engine = open_engine(sqlite_url)
    books = partial(writing, engine)
    with books() as session:
        endpoint = make_endpoint(session, make_license(session).id)
        session.expunge(endpoint)
    with serving(environment, workers=1) as server:
        until(lambda: any(server.is_jobs(one) for one in server.family()))
        [before] = [one for one in server.family() if server.is_jobs(one)]
        with books() as session:
            session.add(_due(endpoint))
            session.flush()
            # A moment that no calendar holds: the message cannot even be read.
            session.execute(text("update webhook_deliveries set at = 9223372036854775807"))
        until(lambda: any(server.is_jobs(one) and one != before for one in server.family()), within_s=90)
        assert not before.is_running()
    engine.dispose()


def _due(endpoint: Endpoint) -> Delivery:
    return Delivery(
        license_id=endpoint.license_id,
        endpoint_id=endpoint.id,
        event_id=new_id(),
        kind=ALLOTTED,
        data="{}",
        at=NOW,
        status="waiting",
        next_at=NOW,
        gives_up_at=NOW + TRIED_FOR,
    )


@pytest.mark.slow
def test_figures_are_of_all_workers(environment: dict[str, str]) -> None:
    with serving(environment) as server:
        for _ in range(20):
            requests.get(f"{server.url}/readyz", headers={"Connection": "close"}, timeout=10)
        figures = requests.get(f"{server.url}/metrics", timeout=10).text
        assert 'creditroll_requests_total{method="GET",route="/readyz",status="200"} 20.0' in figures


@pytest.mark.slow
def test_while_workers_are_replaced_it_goes_on_answering(environment: dict[str, str]) -> None:
    with serving(environment, workers=1) as server, requests.Session() as browser:
        # A connection made at the very moment that a worker ends may be cut; browsers and proxies then try again.
        browser.mount("http://", HTTPAdapter(max_retries=Retry(connect=2, read=2)))
        [before] = server.workers()
        server.process.send_signal(signal.SIGHUP)
        answers = set()
        while before.is_running() and before.status() != psutil.STATUS_ZOMBIE:
            answers.add(browser.get(f"{server.url}/healthz", headers={"Connection": "close"}, timeout=10).status_code)
        assert answers == {200}


def test_a_taken_port_is_said_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITROLL_SECRET_KEY", "x" * 40)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as the workers of another server do
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = run("serve", "--port", str(taken.getsockname()[1]))
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "Cannot listen at 127.0.0.1" in refused.err


def test_without_a_secret_it_does_not_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDITROLL_SECRET_KEY", raising=False)
    refused = run("serve")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "CREDITROLL_SECRET_KEY" in refused.err


def test_with_signing_keys_that_others_may_read_it_does_not_start(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITROLL_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("CREDITROLL_KEYS_DIR", str(tmp_path / "keys"))
    open_keyring(tmp_path / "keys")
    (tmp_path / "keys" / "key-0001.pem").chmod(0o644)
    refused = run("serve")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "chmod 600" in refused.err


def test_it_never_migrates_by_itself(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITROLL_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("CREDITROLL_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    refused = run("serve")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "creditroll db upgrade" in refused.err
