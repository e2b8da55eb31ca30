"""The documentation, built: every link leads somewhere, nothing comes from elsewhere, everybody can read it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.seat import AXE, FAULTS, STANDS_OUT
from tests.house.sources import ROOT

LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (360, "dark")]
OPENED = ("README.html", "teacher/by-hand.html", "admin/canvas.html", "operator/payments.html", "api.html")


class Paper(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if place := found.get("id"):
            self.places.add(place)
        if tag == "a" and (link := found.get("href")):
            self.links.append(link)
        elif one := found.get("src") or (found.get("href") if tag == "link" else None):
            self.loads.append(one)


def read(site: Path) -> dict[Path, Paper]:
    """Every page of the site."""
    return {path: Paper(path.read_text("utf-8")) for path in site.rglob("*.html")}


def lost_links(papers: dict[Path, Paper]) -> list[str]:
    """Links to a page or a place that is not there, and whatever a page would load from another host."""
    lost = []
    for path, paper in papers.items():
        for link in (*paper.links, *paper.loads):
            target, place = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                lost += [f"{path.name} loads {link}"] if link in paper.loads else []
                continue
            there = (path.parent / unquote(urlsplit(target).path)).resolve() if target else path
            is_place = not place or there.suffix != ".html" or place in papers[there].places
            if not there.exists() or not is_place:
                lost.append(f"{path.name}: {link}")
    return lost


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site at an address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site)))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_words: Any) -> None:
        pass


def test_the_site_is_built_without_a_warning_and_everybody_can_read_it(browser: BrowserContext, tmp_path: Path) -> None:
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "--keep-going",
            "-j",
            "2",
            "-d",
            tmp_path / "kept",
            "docs",
            tmp_path / "site",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    site = tmp_path / "site"
    assert lost_links(read(site)) == []
    page = browser.new_page()
    with served(site) as url:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in OPENED:
            page.goto(f"{url}/{path}")
            assert look(page) == [], path
        page.goto(f"{url}/search.html?q=purchase+order")
        expect(page.locator("#search-results a").first).to_be_visible()
        assert [one for one in asked if not one.startswith(f"{url}/")] == []
    page.close()


def look(page: Page) -> list[str]:
    """What axe finds in both looks, and whether anything stands out of the page."""
    page.evaluate(AXE)
    found: list[str] = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found += page.evaluate(FAULTS)
        found += [] if page.evaluate(STANDS_OUT)[0] == 0 else [f"wider than {width}"]
    return found


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">.</a><a href="b.html#gone">.</a><a href="c.html">.</a>')
    (tmp_path / "b.html").write_text('<h2 id="there">.</h2><script src="https://cdn.example/x.js"></script>')
    assert sorted(lost_links(read(tmp_path))) == [
        "a.html: b.html#gone",
        "a.html: c.html",
        "b.html loads https://cdn.example/x.js",
    ]


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.name)
def test_a_link_of_the_first_pages_leads_to_a_heading_that_is_there(page: Path) -> None:
    for target, place in re.findall(r"\]\(([^):#]*)#([^)]+)\)", page.read_text("utf-8")):
        text = (page.parent / target if target else page).read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert place in {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings}, target
