"""The same pages for who makes them four times as large, spaces words out, or brings colours of their own."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.gallery.opening import Gallery
from tests.browser.gallery.states import STATES
from tests.browser.seat import AXE, FAULTS

NAMED = {state.name: state for state in STATES}
MAIN = ("overview", "members-selected", "settings", "history", "student", "requests", "payment", "add-dialog")
COLOURED = ("overview", "members-selected", "settings", "student")
# Each control in turn has the focus: some of it is on the screen, and nothing lies over it.
_COVERED = """() =>
  [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((one) => !document.querySelector('dialog[open]') || one.closest('dialog'))
  .filter((one) => one.checkVisibility({ visibilityProperty: true })).filter((one) => { one.focus();
    if (document.activeElement !== one) return false;
    return ![...one.getClientRects()].some((box) => { const seen = [[.5, .5], [.5, .1], [.5, .9], [.1, .5], [.9, .5]];
      return seen.some(([x, y]) => {
        const at = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
        return at && [one, ...(one.labels ?? [])].some((part) => part.contains(at)); }); }); })
  .map((one) => one.outerHTML.slice(0, 120))"""
_SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
  p { margin-block-end: 2em !important; }"""
# What is hidden for the eye alone is a point on purpose; what scrolls can be read.
_CUT = """() => [...document.querySelectorAll('body *')].filter((one) => { const style = getComputedStyle(one);
    const hides = (part) => part && (getComputedStyle(part).clipPath !== 'none' || hides(part.parentElement));
    return one.checkVisibility() && !one.closest('svg') && !hides(one) && one.textContent.trim()
      && (['hidden', 'clip'].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1
        || ['hidden', 'clip'].includes(style.overflowY) && one.scrollHeight > one.clientHeight + 1); })
  .map((one) => one.outerHTML.slice(0, 120))"""
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"
_FILLS = """() => [...document.querySelectorAll('.bar .part')].map((one) => { const style = getComputedStyle(one);
  return [style.fill, style.stroke, style.strokeDasharray, style.strokeWidth].join(' '); })"""


def shown(gallery: Gallery, page: Page, name: str, width: int = 1280, height: int = 900) -> Page:
    """That state on a screen of that size."""
    page.set_viewport_size({"width": width, "height": height})
    gallery.show(page, NAMED[name])
    return page


@pytest.mark.parametrize("name", MAIN)
def test_four_times_as_large_everything_is_reached_and_nothing_covers_it(
    gallery: Gallery, page: Page, name: str
) -> None:
    shown(gallery, page, name, 320, 256)
    assert page.evaluate(_WIDER) <= 0
    assert page.evaluate(_COVERED) == []


@pytest.mark.parametrize("name", MAIN)
def test_wider_spacing_cuts_nothing_off(gallery: Gallery, page: Page, name: str) -> None:
    shown(gallery, page, name)
    page.evaluate(
        "(text) => { const s = new CSSStyleSheet(); s.replaceSync(text); document.adoptedStyleSheets = [s]; }", _SPACED
    )
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CUT) == [], f"at {width}"
        assert page.evaluate(_WIDER) <= 0, f"at {width}"


@pytest.mark.parametrize("name", MAIN)
def test_text_of_twice_the_size_is_not_cut_off(gallery: Gallery, page: Page, name: str) -> None:
    shown(gallery, page, name)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(_CUT) == []


@pytest.mark.parametrize("name", COLOURED)
def test_bars_and_chosen_rows_are_told_apart_in_the_readers_own_colours(
    gallery: Gallery, page: Page, name: str
) -> None:
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    shown(gallery, page, name)
    parts = page.evaluate(_FILLS)
    assert len(set(parts)) == len(parts)
    for row in page.locator("tr.selected, tr.chosen").all():
        assert "solid 2px" in row.evaluate("(one) => getComputedStyle(one).outline")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outline").endswith("solid 3px")


@pytest.mark.parametrize("name", COLOURED)
def test_with_more_contrast_axe_finds_nothing_and_with_less_motion_nothing_moves(
    gallery: Gallery, page: Page, name: str
) -> None:
    page.emulate_media(contrast="more", reduced_motion="reduce")
    shown(gallery, page, name)
    page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert page.evaluate(FAULTS) == []
    longest = "() => document.getAnimations().length"
    assert page.evaluate(longest) == 0


def test_headings_descend_and_titles_tell_states_apart(gallery: Gallery, page: Page) -> None:
    titles: dict[str, str] = {}
    for name in ("overview", "members", "add", "file", "requests", "requests-decline", "settings", "history"):
        shown(gallery, page, name)
        levels = [int(one.evaluate("(one) => one.tagName[1]")) for one in page.locator("h1, h2, h3, h4").all()]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(later - before <= 1 for before, later in pairwise(levels)), name
        expect(page.get_by_role("main")).to_have_count(1)
        titles[name] = page.title()
    assert len(set(titles.values())) == len(titles)
