"""Scripts, styles and fonts are our own, are what their packages shipped, and change their address when they change."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lti_tool import shipped

ROOT = Path(__file__).resolve().parents[2]
VENDORED = (shipped.STATIC / "vendor", shipped.FONTS, ROOT / "tests" / "browser" / "vendor")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These tests ask nothing of the database."""
    return sqlite_url


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_what_their_packages_shipped(folder: Path) -> None:
    listed: dict[str, str] = {}
    text = (folder / "vendor.json").read_text("utf-8")
    assert "://" not in text
    for package in json.loads(text):
        assert re.fullmatch(r"(@[\w-]+/)?[\w.-]+@\d+\.\d+\.\d+", package["package"])
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["tarball"])
        listed |= package["files"]
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    assert found.keys() - {"vendor.json"} == listed.keys()
    for name, expected in listed.items():
        digest = base64.b64encode(hashlib.sha384(found[name].read_bytes()).digest()).decode()
        assert f"sha384-{digest}" == expected, name


def test_pages_load_only_files_that_are_there(client: FlaskClient) -> None:
    page = client.get("/manager/").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) >= 6
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_texts_come_zipped_to_who_can_read_it(client: FlaskClient) -> None:
    page = client.get("/manager/").get_data(as_text=True)
    [address] = re.findall(r'src="(/static/[^"]+/htmx.min.js)"', page)
    with client.get(address) as plain, client.get(address, headers={"Accept-Encoding": "gzip, br"}) as zipped:
        assert "Content-Encoding" not in plain.headers
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(zipped.data) == plain.data
        assert len(zipped.data) < len(plain.data) / 2


def test_files_of_an_older_version_are_not_mixed_in(client: FlaskClient) -> None:
    assert client.get("/static/0000000000000000/js/app.js").status_code == 404
    assert client.get("/static/js/app.js").status_code == 404


def test_modules_and_styles_name_only_what_is_there() -> None:
    for file in (*shipped.STATIC.glob("js/*.js"), *shipped.STATIC.glob("css/*.css")):
        text = file.read_text("utf-8")
        for named in re.findall(r'from "(\./[^"]+)"|import "(\./[^"]+)"|url\((\.\./[^)]+)\)', text):
            assert (file.parent / next(filter(None, named))).is_file(), f"{file.name}: {named}"
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
