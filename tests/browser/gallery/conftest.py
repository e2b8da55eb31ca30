"""The scene, built once, and a page of the browser for each state."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.gallery.opening import Gallery, opened
from tests.demo_lms import Serving


@pytest.fixture(scope="session")
def gallery(servers: tuple[Serving, Serving], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A tool that shows the scene."""
    with opened(servers[1], tmp_path_factory.mktemp("gallery")) as gallery:
        yield gallery


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """An empty page."""
    browser.clear_cookies()
    page = browser.new_page()
    yield page
    page.close()
