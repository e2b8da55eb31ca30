"""Each state of each page, at two widths, light and dark: axe finds nothing, nothing scrolls sideways, nothing is large
or foreign.
"""

from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response

from tests.browser.gallery.opening import Gallery
from tests.browser.gallery.states import STATES, State
from tests.browser.seat import AXE, FAULTS, STANDS_OUT

LARGEST_HTML = LARGEST_SCRIPTS = 60_000
"""Bytes, as they go over the wire."""
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (320, "dark")]


def listen(page: Page) -> tuple[list[Response], list[str]]:
    """What comes to the page from now on, and what its scripts complain of."""
    heard: list[Response] = []
    complaints: list[str] = []

    def hear(response: Response) -> None:
        heard.append(response)

    page.on("response", hear)
    page.on("pageerror", lambda error: complaints.append(error.message))
    return heard, complaints


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_open_to_everybody_and_light(gallery: Gallery, page: Page, state: State) -> None:
    heard, complaints = listen(page)
    answer = gallery.show(page, state)
    assert answer.status == state.status
    assert len(answer.body()) <= LARGEST_HTML
    assert [one.url for one in heard if urlsplit(one.url).netloc != urlsplit(gallery.url).netloc] == []
    scripts = [one for one in heard if one.request.resource_type == "script"]
    assert sum(one.request.sizes()["responseBodySize"] for one in scripts) <= LARGEST_SCRIPTS
    page.evaluate(AXE)
    for width, scheme in LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(FAULTS) == [], f"{state.name} at {width}, {scheme}"
        assert page.evaluate(STANDS_OUT) == [0, 0], f"{state.name} at {width}"
    assert complaints == []
