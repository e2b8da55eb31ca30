"""`creditroll demo`: one URL, a whole class behind it, and nothing left over when it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psutil
import pytest
import requests
from flask import Flask

from lti_tool import clock
from lti_tool.app import create_app
from lti_tool.db import db, transaction
from lti_tool.licenses import licenses
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.settings import load
from lti_tool.web.paying import pay_url
from tests.cli.test_serve import START, until
from tests.demo_lms import Browser, launch

pytestmark = pytest.mark.slow


def two_free_ports() -> int:
    """The first of two neighbouring ports that nobody listens on now."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class Demo:
    """A demo as a person starts it, with what it printed so far."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        # Somebody's real Creditroll in this shell: the demo must not touch it.
        environ = {**os.environ, "CREDITROLL_DATABASE_URL": "postgresql://real@db.invalid/books"}
        self.folder = folder
        self.port = port
        self.printed: list[str] = []
        self.complaints = folder / "stderr"
        with self.complaints.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START, "demo", "--port", str(port), *options],
                cwd=folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            self.printed.extend(lines)

    @property
    def urls(self) -> list[str]:
        """Every address that it printed."""
        return re.findall(r"https?://\S+", "".join(self.printed))

    def await_url(self) -> str:
        """The address to open; both servers answer now."""
        until(lambda: bool(self.urls) or self.process.poll() is not None, within_s=120)
        assert self.urls, self.complaints.read_text()
        return self.urls[0]

    def family(self) -> list[psutil.Process]:
        """Everything that it started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal to all of the group, as a terminal does; the exit code."""
        os.killpg(self.process.pid, number)
        return self.await_end()

    def await_end(self) -> int:
        """The exit code, once it has ended and all it printed was read."""
        code = self.process.wait(60)
        self._reader.join()
        return code

    def audit(self) -> str:
        """What `creditroll audit` says of its books."""
        return self.run("audit")

    def run(self, *arguments: str) -> str:
        """What another command says, told of the demo in the way that the demo itself prints."""
        until(lambda: "CREDITROLL_CONFIG=" in self.printed[-1], within_s=10)
        settings = re.search(r"CREDITROLL_CONFIG=(\S+)", self.printed[-1])
        assert settings
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CREDITROLL_")}
        environ["CREDITROLL_CONFIG"] = settings[1]
        command = [sys.executable, "-c", START, *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=True)
        return done.stdout


@contextmanager
def started(folder: Path, port: int, *options: str) -> Iterator[Demo]:
    """A demo for the block, ended whatever happens in it."""
    demo = Demo(folder, port, *options)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            family = demo.family()
            demo.end()
            psutil.wait_procs(family, timeout=10)


def test_a_class_works_at_the_one_url_and_a_second_start_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with started(tmp_path, two_free_ports()) as demo:
        url = demo.await_url()
        assert len(demo.urls) == 1
        assert "Grace Okonkwo-Reyes" in requests.get(url, timeout=10).text

        teacher = launch(url, "period-2", "grace-okonkwo-reyes")
        assert teacher.status_code == 200
        assert "Lincoln High · Biology 9" in teacher.text
        student = launch(url, "period-2", "mateo-ruiz")
        assert student.status_code == 200
        assert "More you can receive automatically" in student.text
        assert demo.audit().startswith("The books balance: 1 license")

        with started(tmp_path, demo.port) as second:
            assert second.await_end() == 1
            assert second.printed == []
            [line] = second.complaints.read_text().splitlines()
            assert f"Port {demo.port + 1} is in use" in line


def test_other_commands_find_the_demos_keys_its_lms_and_its_address(tmp_path: Path) -> None:
    with started(tmp_path, two_free_ports()) as demo:
        launch(demo.await_url(), "period-2", "grace-okonkwo-reyes")
        [platform] = json.loads(demo.run("platform", "list", "--json"))
        assert f"http://127.0.0.1:{demo.port}/register/{platform['id']}" in demo.run("platform", "show", platform["id"])
        assert "failed" not in demo.run("platform", "check", platform["id"])
        assert "signing" in demo.run("keys", "list")
        assert not (tmp_path / "keys").exists(), "a second set of keys"
        assert (tmp_path / "instance/demo/settings.toml").stat().st_mode & 0o077 == 0, "it has the secret"


@contextmanager
def beside(demo: Demo) -> Iterator[Flask]:
    """The tool once more, on the demo's own settings and books."""
    app = create_app(load({"CREDITROLL_CONFIG": str(demo.folder / "instance/demo/settings.toml")}))
    yield app
    with app.app_context():
        db.engine.dispose()


def placed_order(app: Flask) -> Order:
    """100 credits, to be paid by card."""
    settings, now = app.extensions["creditroll"], clock.now()
    with app.app_context(), transaction() as session:
        [license_] = licenses.every(session)
        order = orders.draft(
            session, license_.id, settings.catalog, settings.resource.name, 100, buyer_id=None, now=now
        )
        order.method, order.status, order.placed_at = "card", "placed", now
    return order


def test_cards_are_taken_by_a_stand_in_and_bring_credits_also_after_another_start(tmp_path: Path) -> None:
    port = two_free_ports()
    with started(tmp_path, port) as demo:
        lms_url = demo.await_url()
        with beside(demo) as app, app.app_context():
            order, unpaid = placed_order(app), placed_order(app)
            page, forgotten = pay_url(order.id), pay_url(unpaid.id)
        gateway_url = page.partition("/pay/")[0]
        assert f'href="{gateway_url}"' in requests.get(f"{lms_url}/admin/", timeout=10).text
        assert "no money moves" in requests.get(page, timeout=10).text
        assert requests.post(f"{gateway_url}/control/hold", json={}, timeout=10).status_code == 404, "for tests only"
        requests.post(page, {"way": "card"}, timeout=30, allow_redirects=False)
        assert json.loads(demo.run("order", "show", order.number, "--json"))["status"] == "fulfilled"
        assert demo.end() == 0
    with started(tmp_path, port) as again:
        again.await_url()
        with beside(again) as app, app.app_context():
            page = pay_url(unpaid.id)
        assert page != forgotten
        requests.post(page, {"way": "card"}, timeout=30, allow_redirects=False)
        assert json.loads(again.run("order", "show", unpaid.number, "--json"))["status"] == "fulfilled"
        assert again.audit().startswith("The books balance")


def test_ctrl_c_ends_all_of_it_and_a_later_start_keeps_the_data(tmp_path: Path) -> None:
    port = two_free_ports()
    with started(tmp_path, port) as demo:
        url = demo.await_url()
        launch(url, "period-2", "mateo-ruiz")
        before, family = demo.audit(), demo.family()
        assert demo.end(signal.SIGINT) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
        assert demo.complaints.read_text() == ""
    with started(tmp_path, port) as again:
        assert again.await_url() == url
        assert again.audit() == before
        browser = Browser()
        assert browser.launch(url, "period-2", "mateo-ruiz").status_code == 200
        assert again.audit() == before, "the same student again, not a second one"
        assert again.end(signal.SIGTERM) == 0


def test_the_demo_ends_with_the_tool_and_a_reset_forgets_everything(tmp_path: Path) -> None:
    port = two_free_ports()
    with started(tmp_path, port) as demo:
        url = demo.await_url()
        launch(url, "period-2", "mateo-ruiz")
        used, family = demo.audit(), demo.family()
        next(one for one in family if one.ppid() == demo.process.pid).kill()
        assert demo.await_end() == 1
        assert len(demo.complaints.read_text().splitlines()) == 1
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []
    with started(tmp_path, port, "--reset") as fresh:
        fresh.await_url()
        assert fresh.audit() != used


def test_a_demo_that_is_killed_outright_takes_the_tool_with_it(tmp_path: Path) -> None:
    with started(tmp_path, two_free_ports()) as demo:
        demo.await_url()
        family = demo.family()
        demo.process.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []


def test_each_family_has_data_of_its_own(tmp_path: Path) -> None:
    port = two_free_ports()
    with started(tmp_path, port, "--family", "moodle") as demo:
        url = demo.await_url()
        assert "as Moodle" in requests.get(url, timeout=10).text
        teacher = launch(url, "period-2", "grace-okonkwo-reyes")
        assert "Lincoln High · Biology 9" in teacher.text
    assert (tmp_path / "instance" / "demo-moodle" / "creditroll.db").exists()
    assert not (tmp_path / "instance" / "demo").exists()


def test_a_family_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with started(tmp_path, two_free_ports(), "--family", "made-up") as demo:
        assert demo.await_end() == 2
        assert "schoology" in demo.complaints.read_text()


def test_ending_it_while_it_starts_is_quiet(tmp_path: Path) -> None:
    with started(tmp_path, two_free_ports()) as demo:
        until(lambda: bool(demo.family()), within_s=60)
        family = demo.family()
        assert demo.end(signal.SIGINT) == 0
        assert demo.complaints.read_text() == ""
        assert demo.urls == []
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
