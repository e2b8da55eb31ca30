"""Every part in every state, for those who read it dark, larger, in their own colours, from the right, or still."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import School
from tests.browser.seat import HEIGHT, find_axe_faults

# Where the reader's own colours have taken the place of ours, a border is all that shows where a part is.
_WITHOUT_OUTLINE = """() => [...document.querySelectorAll('.button, .input, .stepper button, .pill, .notice, .panel')]
  .filter((one) => !['InlineStart', 'BlockStart'].some((side) => { const style = getComputedStyle(one);
    return style[`border${side}Style`] === 'solid' && parseFloat(style[`border${side}Width`]) > 0
      && style[`border${side}Color`] !== getComputedStyle(document.documentElement).backgroundColor; }))
  .map((one) => one.outerHTML.slice(0, 80))"""
_LONGEST_MOTION = """() => Math.max(...[...document.querySelectorAll('*')].flatMap((one) => {
  const { transitionDuration, animationDuration } = getComputedStyle(one);
  return [parseFloat(transitionDuration), parseFloat(animationDuration)]; }))"""
# Each control in turn has the focus: is any of it above the bar, and on the screen?
_COVERED = """() => [...document.querySelectorAll('main :is(a[href], button, input, select, textarea)')]
  .filter((one) => !one.hidden && !one.closest('.action-bar')).filter((one) => { one.focus();
    const box = one.getBoundingClientRect(), bar = document.querySelector('.action-bar').getBoundingClientRect();
    return box.bottom <= 0 || box.top + Math.min(box.height, 24) > bar.top; })
  .map((one) => one.outerHTML.slice(0, 80))"""
_LOW = """(least) => [...document.querySelectorAll('main :is(.button, .input, .stepper button)')]
  .filter((one) => one.getBoundingClientRect().height < least).map((one) => one.outerHTML.slice(0, 80))"""
_MOVED = """async () => { let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: 'layout-shift', buffered: true });
  await document.fonts.ready;
  return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(sum)))); }"""
_TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def guide(browser: BrowserContext, school: School) -> Iterator[Page]:
    """The page, open as `creditroll demo` shows it."""
    page, complaints = browser.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.set_viewport_size({"width": 1280, "height": HEIGHT})
    page.goto(f"{school.lms.tool_url}/styleguide")
    page.wait_for_selector("[data-stepper][data-ready]")
    yield page
    page.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_accessible_by_day_and_by_night(guide: Page, scheme: str) -> None:
    guide.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert find_axe_faults(guide) == []


def test_in_the_readers_own_colours_every_control_keeps_an_outline(guide: Page) -> None:
    guide.emulate_media(forced_colors="active")
    assert guide.evaluate(_WITHOUT_OUTLINE) == []
    tick = guide.get_by_role("checkbox").first
    assert tick.evaluate("(one) => getComputedStyle(one).appearance") == "auto"
    guide.keyboard.press("Tab")
    assert guide.evaluate("() => getComputedStyle(document.activeElement).outline").endswith("solid 3px")


def test_nothing_moves_for_who_asked_for_stillness(guide: Page) -> None:
    guide.emulate_media(reduced_motion="no-preference")
    assert guide.evaluate(_LONGEST_MOTION) == 0.12
    guide.emulate_media(reduced_motion="reduce")
    assert guide.evaluate(_LONGEST_MOTION) == 0


@pytest.mark.parametrize("width", [1280, 320])
def test_from_right_to_left_nothing_stands_out_of_the_page(guide: Page, width: int) -> None:
    guide.set_viewport_size({"width": width, "height": HEIGHT})
    guide.evaluate("() => { document.documentElement.dir = document.querySelector('main').dir = 'rtl'; }")
    assert guide.evaluate(_TOO_WIDE) <= 0
    name, figure = guide.locator(".table tbody tr").first.locator("> *").all()[:2]
    start = "(one) => one.getBoundingClientRect().x"
    assert name.evaluate(start) > figure.evaluate(start) or width == 320


def test_four_times_as_large_the_fixed_bar_covers_nothing_that_has_the_focus(guide: Page) -> None:
    guide.set_viewport_size({"width": 320, "height": 256})
    bar = guide.locator(".action-bar").bounding_box()
    assert bar is not None
    assert bar["height"] <= 256 / 3
    assert guide.evaluate(_TOO_WIDE) <= 0
    assert guide.evaluate(_COVERED) == []


def test_what_is_pressed_is_large_enough_for_a_finger_on_a_phone_and_for_a_mouse(guide: Page) -> None:
    assert guide.evaluate(_LOW, 32) == []
    guide.set_viewport_size({"width": 400, "height": HEIGHT})
    assert guide.evaluate(_LOW, 44) == []


def test_a_name_that_lato_cannot_write_is_set_in_one_typeface(guide: Page) -> None:
    face = "(one) => getComputedStyle(one).fontFamily"
    assert "Lato" not in guide.get_by_text("Nguyễn").evaluate(face)
    assert "Lato" in guide.get_by_text("Siobhán").evaluate(face)


def test_what_comes_later_has_its_place_already(guide: Page) -> None:
    guide.reload()
    guide.wait_for_selector("[data-stepper][data-ready]")
    assert guide.evaluate(_MOVED) < 0.02
