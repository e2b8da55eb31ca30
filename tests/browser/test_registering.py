"""An LMS administrator lets Creditroll register itself, the operator admits it, and a class works with it."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Error, FrameLocator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.demo.families import FAMILIES
from lti_tool.licenses import bindings
from lti_tool.licenses.licenses import License
from lti_tool.lti import platforms
from lti_tool.lti.platforms import Platform
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures, find_axe_faults
from tests.browser.test_teacher import TEACHER, read_list, save_maximum

REGISTERING = [name for name, family in FAMILIES.items() if family.registering]


@pytest.mark.parametrize("family", REGISTERING)
def test_an_administrator_registers_it_and_a_class_works(family: str, school: School, seat: Seat) -> None:
    rules = FAMILIES[family].registering
    assert rules
    page = seat.page
    page.goto(f"{school.lms.url}/admin/")
    assert find_axe_faults(page) == []
    page.get_by_role("button", name=rules.button, exact=True).click()
    if rules.window == "frame":
        confirm(page.frame_locator("iframe"))
        expect(page.locator("iframe")).to_have_count(0)
    else:
        with page.expect_popup() as opening:
            page.get_by_role("link", name="Open the tool’s page").click()
        window = opening.value
        with window.expect_event("close"):
            confirm(window)
    expect(page.get_by_text("registered by itself" if rules.enable else "in use").first).to_be_visible()
    if rules.enable:
        page.get_by_role("button", name=rules.enable, exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("is opened as client")
    school.write(admit)
    if not rules.tells_deployment:
        seat.step_in(TEACHER)
        expect(seat.frame.get_by_role("heading", level=1)).to_contain_text("not switched on here")
        assert all("status of 403" in line for line in seat.complaints)
        seat.complaints.clear()
    school.write(bind)

    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    expect_figures(seat.step_in("mateo-ruiz"), Available=5)
    frame = seat.step_in(TEACHER)
    read_list(frame)
    expect_figures(frame, License_total=300, Allotted=5)


def confirm(tool: FrameLocator | Page) -> None:
    """Reads what the tool asks for, and agrees."""
    tool.get_by_role("button", name="Register").click()
    expect(tool.get_by_role("heading", level=1)).to_contain_text("Creditroll is registered")
    done = tool.get_by_role("button", name="Done")
    expect(done).to_be_enabled()
    with suppress(Error):  # the page may be gone before the click is over: who calls this sees that it goes
        done.click()


def admit(session: Session) -> None:
    """The operator approves the registration."""
    [platform] = session.scalars(select(Platform).where(Platform.status == "pending"))
    platforms.approve(session, platform, now=datetime.now(UTC))


def bind(session: Session) -> None:
    """The operator approves its installation, where that was not known before, and gives it the license."""
    platform = platforms.every(session)[-1]
    license_id = session.scalars(select(License.id)).one()
    [deployment] = platforms.deployments(session, platform)
    now = datetime.now(UTC)
    platforms.approve(session, platform, deployment_id=deployment.deployment_id, now=now)
    bindings.bind(session, license_id, deployment.id, None, now=now)
