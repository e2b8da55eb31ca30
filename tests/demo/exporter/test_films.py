"""The demo's exporter and the tool over real HTTP: a film is made, fails, or lacks a credit, and the books agree."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import Engine

from lti_tool import clock
from lti_tool.demo.exporter.app import TAKES, ExporterConfig, create_exporter
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys
from lti_tool.licenses.export_services import ExportService
from lti_tool.licenses.handing_off import TYPE, HandOff
from lti_tool.lti.keyring import open_keyring
from tests.conftest import Books, MakeApp
from tests.demo_lms import TIMEOUT_S, serving
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member


@dataclass
class Exporter:
    """A running exporter, and a student with 2 credits and nothing to come."""

    url: str
    token: str
    books: Books
    license: str
    member: str

    def enter(self, token: str | None = None) -> requests.Response:
        """Is handed on, as a browser does it."""
        return requests.post(self.url + TAKES, data={"token": token or self.token}, timeout=TIMEOUT_S)

    def press(self, film: str, how: str = "works", **headers: str) -> requests.Response:
        return requests.post(film, data={"how": how}, headers=headers, timeout=TIMEOUT_S)

    def ended(self, film: str) -> str:
        """What the page says in words once nothing is under way any more."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            page = requests.get(film, timeout=TIMEOUT_S).text
            if 'data-looks="no"' in page:
                return " ".join(re.sub("<[^>]+>", " ", page).split())
        raise AssertionError("The export does not end.")

    def figures(self) -> tuple[int, int, int]:
        """Balance, held, used."""
        with self.books() as session:
            account = session.get_one(Account, (self.license, EXPORT_CREDITS.name, self.member))
            return account.balance, account.held, account.used


@pytest.fixture
def exporter(make_app: MakeApp, books: Books, engine: Engine) -> Iterator[Exporter]:
    """Both over HTTP."""
    with books() as session:
        license_ = make_license(session)
        member = make_member(session, license_, make_context(session))
        allot(session, license_.id, EXPORT_CREDITS, member_ids=[member.id], each=2, actor=OPERATOR, now=NOW)
        _, key = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=license_.id, now=NOW)
        ids = (license_.id, member.id)
    with serving("127.0.0.1") as tool_server, serving("localhost") as exporter_server:
        tool = make_app(public_url=tool_server.url)
        tool_server.show(tool)
        config = ExporterConfig(
            url=exporter_server.url,
            tool_url=tool_server.url,
            framed_by="http://localhost",
            api_keys={ids[0]: key},
            step_s=0,
        )
        exporter_server.show(create_exporter(config))
        handed = HandOff(
            ExportService("Export", config.url + TAKES),
            *ids,
            course_id="c",
            resource="export-credits",
            available=2,
            coming=0,
        )
        now = clock.now()
        keyring = open_keyring(tool.extensions["creditroll"].keys_dir)
        token = keyring.sign(handed.claims(issuer=tool_server.url, now=now), now, typ=TYPE)
        yield Exporter(config.url, token, books, *ids)


def test_a_film_is_exported_and_its_credit_used(exporter: Exporter) -> None:
    page = exporter.enter()
    assert page.status_code == 200
    assert "You came with 2 credits" in page.text
    assert exporter.token not in page.url
    exporter.press(page.url)
    assert "Your film is ready. 1 credit was used; you have 1 credit left." in exporter.ended(page.url)
    assert exporter.figures() == (1, 0, 1)


def test_a_film_that_fails_frees_its_credit_and_can_be_tried_again(exporter: Exporter) -> None:
    film = exporter.enter().url
    exporter.press(film, "fails")
    assert "The film could not be made. Your credit is free again: you have 2 credits." in exporter.ended(film)
    assert exporter.figures() == (2, 0, 0)
    exporter.press(film)
    assert "Your film is ready." in exporter.ended(film)
    assert exporter.figures() == (1, 0, 1)


def test_whoever_has_no_credit_is_told_so_and_loses_nothing(exporter: Exporter) -> None:
    film = exporter.enter().url
    for _ in range(2):
        exporter.press(film)
        exporter.ended(film)
    exporter.press(film)
    assert "You have no credit for this now. Nothing was taken" in exporter.ended(film)
    assert exporter.figures() == (0, 0, 2)


def test_a_word_opens_one_film(exporter: Exporter) -> None:
    assert exporter.enter().status_code == 200
    again = exporter.enter()
    assert again.status_code == 401
    assert "It was used before." in again.text
    assert exporter.enter("x").status_code == 401


def test_only_its_own_page_can_press_and_a_made_up_address_has_no_film(exporter: Exporter) -> None:
    film = exporter.enter().url
    assert exporter.press(film, Origin="https://evil.example").status_code == 403
    assert exporter.press(f"{exporter.url}/films/x").status_code == 404
    assert requests.get(f"{exporter.url}/", timeout=TIMEOUT_S).status_code == 200
    assert exporter.figures() == (2, 0, 0)


def test_it_answers_this_machine_only() -> None:
    config = ExporterConfig(url="http://e", tool_url="http://t", framed_by="http://l", api_keys={})
    client = create_exporter(config).test_client()
    assert client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
