"""An allotment that the licence is too small for, in Chromium: to the purchase and back, until everybody has theirs."""

import re

from playwright.sync_api import Frame, expect

from lti_tool.demo.people import ASSISTANT
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_buying import gateway, go_on, orders_of, shop
from tests.browser.test_teacher import TEACHER, pick, read_list

__all__ = ["gateway", "shop"]


def test_what_the_license_lacked_is_bought_by_card_and_then_given_as_it_was_typed(shop: School, seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    pick(frame, "Mateo Ruiz", "Tyrone Null")
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("200")
    dialog.get_by_label("Note").fill("For the film")
    dialog.get_by_role("button", name="Save", exact=True).click()
    seat.check("14-shortfall-refused")
    dialog.get_by_role("link", name="Buy the missing 100").click()

    expect(frame.get_by_role("radio", name=re.compile("^100 credits"))).to_be_checked()
    go_on(frame)
    frame.get_by_role("radio", name=re.compile("^By card")).check()
    go_on(frame)
    frame.get_by_role("button", name="Go to payment").click()
    pay = frame.get_by_role("link", name=re.compile(r"^Pay \$54\.13"))
    expect(pay).to_be_visible()
    frame = seat.tab("Overview")
    expect(frame.get_by_text("100 credits are ordered")).to_be_visible()
    seat.check("14-shortfall-ordered")
    frame.get_by_role("link", name="See the order").click()
    with seat.page.expect_popup() as opened:
        pay.click()
    opened.value.get_by_role("button", name="Pay $54.13 by card").click()
    finish = frame.get_by_role("link", name="Finish giving 200 to 2 people")
    expect(finish).to_be_visible()
    opened.value.close()
    seat.check("14-shortfall-came")
    frame = seat.tab("Overview")
    expect(finish).to_be_visible()
    seat.check("14-shortfall-overview")

    finish.click()
    expect_figures(frame, License_has=400, **{"2_people_×_200": 400}, Remain=0)
    expect(frame.get_by_label("Note")).to_have_value("For the film")
    seat.check("14-shortfall-finish")
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_text("2 people × 200 = 400 of 400; 0 remain.")).to_be_visible()
    frame.get_by_role("button", name="Give 400 credits").dblclick()
    expect(frame.get_by_role("status").filter(has_text="You gave 400 credits to 2 people.")).to_be_visible()
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=400, Allotted=400)
    expect(finish).to_have_count(0)
    expect(frame.get_by_text("The license received 100")).to_be_visible()
    assert orders_of(shop) == [(100, 5_413, "fulfilled")]
    _find_the_papers_again(seat)


def test_an_assistant_asks_to_buy_and_reads_the_answer(shop: School, seat: Seat) -> None:
    seat.step_in(TEACHER)
    frame = seat.tab("Settings")
    frame.get_by_role("checkbox", name="Treat teaching assistants as teachers").check()
    frame.get_by_role("button", name="Apply").click()
    expect(frame.get_by_role("status").filter(has_text="Assistants may now do what teachers may.")).to_be_visible()
    frame = _ask(seat, "50")
    seat.check("15-asked")
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text("Theo Lindqvist asks for 50 credits")).to_be_visible()
    seat.check("15-wish")
    frame.get_by_role("link", name="Buy 50 for Theo Lindqvist").click()
    expect(frame.get_by_role("region", name="Your order")).to_contain_text("50 export credits")
    frame = seat.tab("Overview")
    frame.get_by_role("button", name="Not now, to Theo Lindqvist").click()
    expect(frame.get_by_role("status").filter(has_text="Answered: not now.")).to_be_visible()
    frame = seat.step_in(ASSISTANT)
    expect(frame.get_by_text("Grace Okonkwo-Reyes answered “not now”.")).to_be_visible()
    seat.check("15-answered")


def _ask(seat: Seat, number: str) -> Frame:
    frame = seat.step_in(ASSISTANT)
    frame.get_by_role("link", name="Ask to buy").click()
    frame.get_by_label("Credits needed").fill("none")
    frame.get_by_role("button", name="Ask", exact=True).click()
    expect(frame.get_by_label("Credits needed")).to_be_focused()
    seat.check("15-ask-refused")
    frame.get_by_label("Credits needed").fill(number)
    frame.get_by_label("What for").fill("for the film unit")
    frame.get_by_role("button", name="Ask", exact=True).click()
    expect(frame.get_by_text("It is noted.")).to_be_visible()
    return frame


def _find_the_papers_again(seat: Seat) -> None:
    """From the history to the list of purchases, and a download."""
    frame = seat.tab("History")
    expect(frame.get_by_text("bought by you · order")).to_be_visible()
    seat.check("14-history")
    frame.get_by_role("link", name="Purchases").click()
    expect(frame.get_by_role("heading", name="Purchases")).to_be_visible()
    seat.check("14-purchases")
    with seat.page.expect_download() as got:
        frame.get_by_role("link", name=re.compile("^Receipt R-")).click()
    assert got.value.suggested_filename.startswith("Receipt-R-")
