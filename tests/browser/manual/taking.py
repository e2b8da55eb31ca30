"""Takes the pictures of docs/: each is a state of the gallery, always at the same moment of the same term."""

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser.gallery.opening import Gallery, opened
from tests.browser.manual.pictures import Picture
from tests.demo_lms import serving
from tests.house.sources import ROOT

FOLDER = ROOT / "docs" / "pictures"
SHOWN = FOLDER / "shown.json"
"""What each picture showed when it was taken, as a screen reader tells it."""
NOW = datetime(2026, 11, 12, 16, 5, tzinfo=UTC)
ZONE = "America/Chicago"
_NAME_OURSELVES = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    texts.currentNode.data = texts.currentNode.data.replaceAll(location.origin, "https://credits.school.example");
}"""
"""The port of a test's server is another each time, and no reader's."""
_PSEUDONYM = re.compile(r"Learner [0-9A-F]{4}\b")
"""Made of an id, which is another each time."""
_COLOURS = 64


@dataclass(frozen=True)
class Shot:
    """A picture as it would be taken now."""

    png: bytes
    shown: list[str]


class Camera:
    """Opens states at that moment, and takes pictures of them."""

    def __init__(self, gallery: Gallery, browser: BrowserContext) -> None:
        self._gallery = gallery
        self._browser = browser

    def take(self, picture: Picture) -> Shot:
        """The picture, and what it shows."""
        page = self._browser.new_page()
        try:
            page.set_viewport_size({"width": picture.width, "height": picture.screen})
            page.emulate_media(color_scheme=picture.scheme)
            self._stop_the_clock(page)
            self._gallery.show(page, picture.state)
            page.evaluate(_NAME_OURSELVES)
            parts = page.locator(picture.of).all()
            assert parts, f"{picture.name}: there is no {picture.of}"
            return Shot(_shot(page, parts, picture), [line for part in parts for line in _told(part)])
        finally:
            page.close()

    def _stop_the_clock(self, page: Page) -> None:
        page.clock.set_fixed_time(NOW)
        session = self._browser.new_cdp_session(page)
        session.send("Emulation.setTimezoneOverride", {"timezoneId": ZONE})


@contextmanager
def camera(browser: BrowserContext) -> Iterator[Camera]:
    """A camera in front of a tool whose term is always the same."""
    with (
        tempfile.TemporaryDirectory() as folder,
        time_machine.travel(NOW),
        serving("127.0.0.1") as server,
        opened(server, Path(folder), at=NOW) as gallery,
    ):
        yield Camera(gallery, browser)


def kept() -> dict[str, list[str]]:
    """What the pictures in docs/ showed when they were taken."""
    found: dict[str, list[str]] = json.loads(SHOWN.read_text("utf-8"))
    return found


def keep(shots: dict[str, Shot]) -> None:
    """Writes the pictures, and what they show; others that lie there are of no use any more."""
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, shot in shots.items():
        (FOLDER / f"{name}.png").write_bytes(shot.png)
    told = {name: shot.shown for name, shot in sorted(shots.items())}
    SHOWN.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _told(part: Locator) -> list[str]:
    told = _PSEUDONYM.sub("Learner 7F3A", part.aria_snapshot())
    lines = (" ".join(line.split()) for line in told.splitlines())
    return [line for line in lines if not line.startswith("- /url:")]  # in which ids are, others each time


def _shot(page: Page, parts: list[Locator], picture: Picture) -> bytes:
    page.evaluate("document.fonts.ready")
    boxes = [box for part in parts if (box := part.bounding_box())]
    left = max(0, min(box["x"] for box in boxes) - picture.margin)
    top = max(0, min(box["y"] for box in boxes) - picture.margin)
    right = min(picture.width, max(box["x"] + box["width"] for box in boxes) + picture.margin)
    bottom = min(top + picture.tallest, max(box["y"] + box["height"] for box in boxes) + picture.margin)
    taken = page.screenshot(full_page=True, clip={"x": left, "y": top, "width": right - left, "height": bottom - top})
    return _small(taken)


def _small(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
