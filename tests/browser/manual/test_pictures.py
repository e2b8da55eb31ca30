"""The pictures of docs/ show what the pages show today."""

import io
from itertools import starmap
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Playwright

from tests.browser import chromium
from tests.browser.manual.pictures import PICTURES
from tests.browser.manual.taking import FOLDER, Shot, camera, kept

LARGEST_ALL = 1_500_000
_COLUMNS = 40
_OTHER_SIZE, _OTHER_COLOUR = 0.03, 64
"""How much another font may change: the size by a part of it, a spot (a fortieth of the width) by levels of 255."""


def test_each_picture_shows_what_its_page_shows_today(playwright: Playwright, executable: str, tmp_path: Path) -> None:
    told = kept()
    faults = []
    # A browser of its own: a clock that was stopped stands still for all of its pages, for good.
    with chromium.profile(playwright, executable, tmp_path / "profile") as browser, camera(browser) as ready:
        for picture in PICTURES:
            shot = ready.take(picture)
            before = told.get(picture.name, [])
            if shot.shown != before:
                lines = [line for line in shot.shown if line not in before][:3]
                gone = [line for line in before if line not in shot.shown][:3]
                faults.append(f"{picture.name}: now {lines}, no longer {gone}")
            elif looks_otherwise(picture.name, shot):
                faults.append(f"{picture.name}: the same words, but it looks otherwise")
    assert faults == [], "The pictures in docs/ are of yesterday: run `make docs-pictures`, and look at what changed."
    assert {path.stem for path in FOLDER.glob("*.png")} == {picture.name for picture in PICTURES}
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) <= LARGEST_ALL


def looks_otherwise(name: str, shot: Shot) -> bool:
    """Whether the two differ by more than the letters of another machine."""
    before, now = Image.open(FOLDER / f"{name}.png").convert("RGB"), Image.open(io.BytesIO(shot.png)).convert("RGB")
    if any(starmap(_differs, zip(before.size, now.size, strict=True))):
        return True
    spots = (_COLUMNS, round(_COLUMNS * now.height / now.width))
    coarse = [one.resize(spots, Image.Resampling.BOX) for one in (before, now)]
    return max(most for _least, most in ImageChops.difference(*coarse).getextrema()) > _OTHER_COLOUR  # type: ignore[misc] # of RGB: one pair a band


def _differs(before: int, now: int) -> bool:
    return abs(before - now) > _OTHER_SIZE * before
