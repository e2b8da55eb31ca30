"""A course is copied in the LMS: its teacher takes over the license or the settings, in the LMS's frame."""

import re
import time

import pytest
import requests
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import bindings, licenses
from lti_tool.licenses.bindings import Binding
from lti_tool.lti import contexts
from lti_tool.lti.platforms import Deployment
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER, save_maximum
from tests.demo_lms import TIMEOUT_S
from tests.factories import EXPORT_CREDITS, NOW

PATIENCE_S = 20


def bind_courses_alone(school: School) -> None:
    """The licence is for the courses that were opened already, and no longer for all of the school."""

    def act(session: Session) -> None:
        session.delete(session.scalars(select(Binding).where(Binding.context_id.is_(None))).one())

    school.write(act)


def copy(school: School) -> tuple[str, str]:
    """An administrator copies the course: the copy's key, and what the page said."""
    pressed = requests.post(f"{school.lms.url}/admin/copy", data={"course": "period-2"}, timeout=TIMEOUT_S)
    found = re.search(r'value="(period-2-copy-\d+)"', pressed.text)
    assert found, pressed.text
    return found[1], pressed.text


def await_handler(school: School) -> None:
    """Returns once the tool, beside the teacher's launch, has asked the LMS to be told of copies."""
    ends_at = time.monotonic() + PATIENCE_S
    asked: dict[str, int] = {}
    while "/api/lti/notice-handlers/106" not in asked:
        assert time.monotonic() < ends_at, f"the LMS was not asked: {asked}"
        asked = requests.get(f"{school.lms.url}/control/requests", timeout=TIMEOUT_S).json()
        time.sleep(0.05)


def test_the_teacher_of_a_copy_connects_it_to_the_license_they_manage(seat: Seat, school: School) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    seat.step_in("mateo-ruiz")
    bind_courses_alone(school)
    await_handler(school)
    made, said = copy(school)
    assert "The tool was told, and answered 204." in said

    expect(seat.step_in("keoni-kahananui", made).get_by_text("Your teacher has not set this up yet")).to_be_visible()
    frame = seat.step_in(TEACHER, made)
    expect(frame.get_by_role("heading", name="It is a copy of Biology 9, Period 2")).to_be_visible()
    expect(frame.get_by_text("It has 295 credits left to give.")).to_be_visible()
    seat.check("22-copy-license")
    frame.get_by_role("button", name="Use the same license").click()
    expect(frame.get_by_role("heading", name="This course is connected")).to_be_visible()

    frame = seat.step_in(TEACHER, made)
    expect_figures(frame, License_total=300, Allotted=5)
    expect_figures(seat.step_in("mateo-ruiz", made), Available=5, Used=0)
    expect_figures(seat.step_in("keoni-kahananui", made), Available=5, Used=0)


@pytest.mark.parametrize("family", ["schoology"])
def test_the_teacher_of_a_copy_with_another_license_takes_over_the_settings(seat: Seat, school: School) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    bind_courses_alone(school)
    made, _ = copy(school)
    context_id = school.lms.shape.name_course(made, int(made.rpartition("-")[2])).context

    def another_license(session: Session) -> None:
        deployment = session.scalars(select(Deployment)).one()
        course = contexts.name_beforehand(session, deployment.id, context_id, now=NOW)
        license_ = licenses.create(session, name="Lincoln High · Biology 10", now=NOW)
        issuing.grant(session, license_.id, EXPORT_CREDITS, amount=100, actor=OPERATOR, now=NOW)
        bindings.bind(session, license_.id, deployment.id, course.id, now=NOW)

    school.write(another_license)
    frame = seat.step_in(TEACHER, made)
    offer = frame.get_by_role("region", name="This course is a copy of Biology 9, Period 2")
    expect(offer.get_by_role("row", name="Maximum export credits per student off 10")).to_be_visible()
    seat.check("22-copy-settings")
    offer.get_by_role("button", name="Take over settings").click()
    expect(frame.get_by_role("status").filter(has_text="Saved. The settings of the earlier course")).to_be_visible()
    expect(frame.get_by_text("Automatic allotment is on.")).to_be_visible()
    expect(offer).to_have_count(0)
    seat.check("22-copy-taken")
