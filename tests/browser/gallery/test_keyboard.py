"""The pages by the keyboard alone: where the focus is, what is read with it, and what is said without it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.gallery.opening import Gallery
from tests.browser.gallery.states import STATES

NAMED = {state.name: state for state in STATES}
_IS_IN = "(one) => one.contains(document.activeElement)"


def tab_to(page: Page, wanted: Locator) -> None:
    """Tabs on until that has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached by Tab at {page.url}")


def opened(gallery: Gallery, page: Page, name: str) -> Page:
    """That state."""
    gallery.show(page, NAMED[name])
    return page


def test_the_skip_link_comes_first_and_the_current_tab_is_said(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    skip = page.get_by_role("link", name="Skip to the content")
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert min(box["x"], box["y"], box["height"] - 23) >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.get_by_role("main").evaluate(_IS_IN)
    tabs = page.get_by_role("navigation", name="Manager")
    expect(tabs.locator("[aria-current=page]")).to_have_text("Manage Members")
    opened(gallery, page, "members")
    tab_to(page, tabs.get_by_role("link", name="History"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(tabs.locator("[aria-current=page]")).to_have_text("History")
    expect(page).to_have_title("History · Creditroll")


def test_a_dialog_keeps_the_focus_and_gives_it_back(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    opener = page.get_by_role("button", name="Add credits for Mateo Ruiz")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("Mateo Ruiz"))
    expect(dialog.get_by_label("Credits to add")).to_be_focused()
    for _ in range(2 * dialog.locator("input:not([type=hidden]), button, a").count()):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body") or dialog.evaluate(_IS_IN)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_refused_field_has_the_focus_and_its_sentence_is_read_with_it(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "add-dialog")
    field = page.get_by_role("dialog").get_by_label("Credits to add")
    field.fill("1.5")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile(r"whole number"))
    for name, label in (("settings-refused", "Maximum export credits per student"), ("student-refused", "What do you")):
        opened(gallery, page, name)
        expect(page.get_by_label(label)).to_be_focused()
        expect(page.get_by_label(label)).to_have_accessible_description(re.compile(r"\d"))
        expect(page).to_have_title(re.compile("^Error: "))


def test_after_a_save_the_notice_has_the_focus(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    page.get_by_role("button", name="Add credits for Mateo Ruiz").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Credits to add")).to_be_focused()
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    notice = page.get_by_role("status").filter(has_text="You gave 1 credit to Mateo Ruiz.")
    expect(notice).to_be_focused()


def test_a_sort_keeps_the_focus_and_is_said_of_its_column(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    head = page.get_by_role("columnheader", name="Used")
    expect(head).not_to_have_attribute("aria-sort", re.compile("."))
    for order in ("ascending", "descending"):
        tab_to(page, head.get_by_role("link"))
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        expect(head.get_by_role("link")).to_be_focused()


def test_what_changes_without_the_focus_is_announced(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("Ruiz")
    said = page.get_by_role("status").filter(has_text="members found")
    expect(said).to_have_text("2 members found")
    expect(page.get_by_role("searchbox")).to_be_focused()
    live = page.locator("#live [role=status]")
    expect(live).to_have_text("")
    page.locator("#live").evaluate("(one) => { one.dataset.pulse = 'older'; }")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(live).to_have_text("What you see here has just been brought up to date.")


def test_select_all_is_mixed_while_some_are_ticked(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "members")
    every = page.get_by_role("checkbox", name=re.compile("^Select all"))
    mixed = "(one) => one.indeterminate"
    one = page.get_by_role("checkbox", name="Select Mateo Ruiz", exact=True)
    one.focus()
    page.keyboard.press("Space")
    assert every.evaluate(mixed)
    assert not every.is_checked()
    expect(page.get_by_text("1 selected")).to_be_visible()
    every.focus()
    page.keyboard.press("Space")
    assert every.is_checked()
    assert not every.evaluate(mixed)
    expect(one).to_be_checked()


def test_the_chart_is_a_table_for_who_asks(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "overview")
    expect(page.get_by_role("img", name=re.compile("^From .* to today the license total"))).to_be_visible()
    tab_to(page, page.locator("summary", has_text="As a table").first)
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name=re.compile("by week"))
    expect(table.get_by_role("rowheader", name="Today")).to_be_visible()


def test_the_switch_of_languages_changes_what_the_page_says_of_itself(gallery: Gallery, page: Page) -> None:
    opened(gallery, page, "overview")
    tab_to(page, page.get_by_role("navigation", name="Language").get_by_role("link", name="Español"))
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^es"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("link", name="Resumen")).to_have_attribute("aria-current", "page")
    expect(page.locator("[aria-current=true][lang=es]")).to_have_text("Español")
