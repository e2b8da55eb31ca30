"""Pictures of every state at four widths, light and dark: `make pictures` (FOLDER=…, STATES="members add")."""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.browser.gallery.opening import Gallery, opened
from tests.browser.gallery.states import STATES, State
from tests.demo_lms import serving

WIDTHS = (320, 400, 768, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(folder: Path, names: list[str]) -> None:
    """Takes the pictures of those states, or of all."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in STATES if not names or state.name in names]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as own, serving("127.0.0.1") as server:
        executable = chromium.find(playwright)
        if executable is None:
            sys.exit("Pictures need Chromium: install it, or name one by CREDITROLL_CHROMIUM.")
        with (
            chromium.profile(playwright, executable, Path(own, "profile")) as browser,
            opened(server, Path(own)) as gallery,
        ):
            for state in wanted:
                for width in WIDTHS:
                    page = browser.new_page()
                    page.set_viewport_size({"width": width, "height": 900})
                    _take(gallery, page, state, folder / f"{state.name}-{width}")
                    page.close()


def _take(gallery: Gallery, page: Page, state: State, where: Path) -> None:
    gallery.show(page, state)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{where}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
