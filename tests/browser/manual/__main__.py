"""Takes all pictures of docs/ anew: `make docs-pictures`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.manual.pictures import PICTURES
from tests.browser.manual.taking import camera, keep


def main() -> None:
    """Takes them, or says that there is no browser."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        executable = chromium.find(playwright)
        if executable is None:
            sys.exit("Pictures need Chromium: install it, or name one by CREDITROLL_CHROMIUM.")
        with chromium.profile(playwright, executable, Path(folder, "profile")) as browser, camera(browser) as ready:
            keep({picture.name: ready.take(picture) for picture in PICTURES})


if __name__ == "__main__":
    main()
