"""The wheel has all that the tool needs beside its code, works from anywhere, and never carries a key."""

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lti_tool.lti.keyring import rotate
from tests.house.sources import ROOT

SHIPPED = ("lti_tool", "templates", "config", "keys")
FILES = ("pyproject.toml", "README.md", "LICENSE", "tool.json", ".gitignore")
OPEN = """
from lti_tool.app import create_app
from lti_tool.settings import load
import os
client = create_app(load(os.environ)).test_client()
assert client.get("/healthz").status_code == 200
assert client.get("/readyz").status_code == 200
assert client.get("/lti/config.json").json["title"] == "Creditroll"
page = client.get("/student/")
assert page.status_code == 401 and "Open it again from your course" in page.text, page.text
from lti_tool.purchasing.papers import face
assert face.lines("Zoë", face.BOLD, 10, 100) == ["Zoë"]
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without any network from a copy of the checkout, with private keys lying around in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in SHIPPED:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copyfile(ROOT / file, copy / file)
    (copy / "keys").chmod(0o700)
    for _ in range(2):
        rotate(copy / "keys", now=datetime.now(UTC))
    (copy / "keys" / "private.pem").write_text("secret")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(copy / "dist")]
    subprocess.run(command, cwd=copy, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    [built] = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_has_every_file_that_the_code_reads(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder, below in (
        ("templates", "lti_tool/_shipped/templates"),
        ("config", "lti_tool/_shipped/config"),
        ("lti_tool/static", "lti_tool/static"),
        ("lti_tool/fonts", "lti_tool/fonts"),
        ("lti_tool/migrations", "lti_tool/migrations"),
        ("lti_tool/demo/templates", "lti_tool/demo/templates"),
        ("lti_tool/demo/exporter/templates", "lti_tool/demo/exporter/templates"),
        ("lti_tool/demo/exporter/static", "lti_tool/demo/exporter/static"),
    ):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        assert files
        assert {f"{below}/{file.relative_to(ROOT / folder).as_posix()}" for file in files} <= inside
    assert "lti_tool/_shipped/tool.json" in inside


def test_the_wheel_has_no_key_and_no_test(wheel: Path) -> None:
    for name in zipfile.ZipFile(wheel).namelist():
        assert name.startswith(("lti_tool/", "creditroll-")), name
        assert not name.endswith((".pem", ".key", ".db", ".env")), name
        assert "keys/" not in name
    packed = zipfile.ZipFile(wheel)
    begins = b"-----BEGIN " + b"PRIVATE KEY"  # put together here: a test is no key either
    assert [name for name in packed.namelist() if begins in packed.read(name)] == []


def test_an_installed_wheel_works_far_from_any_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "CREDITROLL_SECRET_KEY": "x" * 40,
        "CREDITROLL_DATABASE_URL": f"sqlite:///{tmp_path / 'books.db'}",
        "CREDITROLL_KEYS_DIR": str(tmp_path / "keys"),
    }

    def python(code: str, *arguments: str) -> str:
        command = [sys.executable, "-P", "-c", code, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    start = "from lti_tool.cli import main; main(prog_name='creditroll')"
    assert python("import lti_tool; print(lti_tool.__file__)").startswith(str(site))
    assert "creditroll" in python(start, "--help")
    assert python(start, "--version").strip() == "0.1.0"
    assert python("import lti_tool.client, sys; print('flask' in sys.modules)").strip() == "False"
    python(start, "db", "upgrade")
    python(OPEN)
