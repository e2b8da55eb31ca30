"""A copy with another license: who manages both is offered the settings of the earlier one, with their figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool.ids import new_id
from lti_tool.ledger.accounts import open_accounts
from lti_tool.licenses import licenses
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member, Person
from lti_tool.web.session import Visit
from tests.factories import (
    NOW,
    bind,
    enroll,
    listed_as,
    make_license,
    make_member,
    make_person,
)
from tests.web.conftest import Enter
from tests.web.manager.conftest import OFFERED, Copied, membership, offer, press
from tests.web.pages import get


@dataclass(frozen=True)
class Both:
    """The copy has a licence of 50 of its own, which Grace manages, too."""

    copied: Copied
    license: str
    member: str

    @property
    def visit(self) -> Visit:
        return replace(self.copied.visit, license_id=self.license, member_id=self.member, manages=True)


@pytest.fixture
def both(copied: Copied) -> Both:
    with copied.books() as session:
        new = session.get_one(Context, copied.new)
        license_ = make_license(session, credits=50, context=new)
        license_.name = "Springfield Arts"
        teacher = session.get_one(Person, copied.teacher)
        member = Member(id=new_id(), license_id=license_.id, person_id=teacher.id, created_at=NOW, **listed_as(teacher))
        session.add(member)
        session.flush()
        enroll(session, member, new, role=Role.TEACHER)
        open_accounts(session, license_.id, [member.id])
        for name in ("Ada", "Emmy"):
            make_member(session, license_, new, name=name)
        made = Both(copied, license_.id, member.id)
    copied.set(copied.license, 10, assistants=True)
    return made


@pytest.fixture
def manager(client: FlaskClient, both: Both, enter: Enter) -> FlaskClient:
    """Grace's browser in the copy, with its licence."""
    enter(client, both.visit)
    return client


def test_the_settings_of_the_earlier_license_are_offered_with_what_they_could_cost(
    manager: FlaskClient, both: Both
) -> None:
    page = get(manager, "/manager/")
    assert "This course is a copy of Biology 9" in page.text
    assert "uses the license Springfield Science; this one uses Springfield Arts" in page.text
    assert "Maximum export credits per student off 10" in page.text
    assert "Treat teaching assistants as teachers no yes" in page.text
    assert "At 10, up to 20 credits more could go out; the license has 50." in page.text
    moved = both.copied.movements()

    done = press(manager, page.form("/manager/copy"), "take")

    assert both.copied.settings(both.license) == (10, True)
    assert both.copied.movements() == moved
    text = get(manager, done.headers["Location"]).text
    assert "Saved. The settings of the earlier course hold here" in text
    assert OFFERED not in text


def test_settings_that_are_not_wanted_stay_and_are_offered_no_more(manager: FlaskClient, both: Both) -> None:
    press(manager, offer(manager), "leave")
    assert both.copied.settings(both.license) == (0, False)
    assert both.copied.answered()
    assert OFFERED not in get(manager, "/manager/").text


def test_nothing_is_offered_where_the_settings_are_the_same(manager: FlaskClient, both: Both) -> None:
    both.copied.set(both.license, 10, assistants=True)
    assert OFFERED not in get(manager, "/manager/").text


def test_nothing_is_offered_where_the_license_is_the_same(client: FlaskClient, copied: Copied, enter: Enter) -> None:
    with copied.books() as session:
        new = session.get_one(Context, copied.new)
        bind(session, session.get_one(License, copied.license), context=new)
        member = membership(session, copied)
        enroll(session, member, new, role=Role.TEACHER)
        member_id = member.id
    copied.set(copied.license, 10)
    enter(client, replace(copied.visit, license_id=copied.license, member_id=member_id, manages=True))
    assert OFFERED not in get(client, "/manager/").text


def _not_of_the_earlier(session: Session, both: Both) -> None:
    licenses.name_manager(session, both.copied.license, make_person(session, both.copied.platform).id, now=NOW)


def _not_of_this(session: Session, both: Both) -> None:
    licenses.name_manager(session, both.license, make_person(session, both.copied.platform).id, now=NOW)


@pytest.mark.parametrize("change", [_not_of_the_earlier, _not_of_this])
def test_settings_are_for_those_who_manage_both(
    manager: FlaskClient, both: Both, change: Callable[[Session, Both], None]
) -> None:
    before = offer(manager)
    both.copied.change(lambda session: change(session, both))
    text = get(manager, "/manager/").text
    assert [words for words in (OFFERED, "Biology 9", "Springfield Science") if words in text] == []
    press(manager, before, "take")
    assert both.copied.settings(both.license) == (0, False)


def test_a_teacher_who_does_not_manage_the_license_is_offered_nothing(
    client: FlaskClient, both: Both, enter: Enter
) -> None:
    enter(client, replace(both.visit, manages=False))
    assert OFFERED not in get(client, "/manager/").text


def test_figures_that_changed_since_the_page_was_shown_are_not_taken(manager: FlaskClient, both: Both) -> None:
    changes: list[tuple[str, dict[str, Any]]] = [
        (both.copied.license, {"maximum": 1_000_000, "assistants": True}),
        (both.copied.license, {"maximum": 10, "assistants": False}),
        (both.license, {"maximum": 25}),
    ]
    for license_id, changed in changes:
        shown = offer(manager)
        both.copied.set(license_id, **changed)
        kept = both.copied.settings(both.license)
        late = press(manager, shown, "take")
        text = get(manager, late.headers["Location"]).text
        assert "Nothing was changed by this press." in text
        assert both.copied.settings(both.license) == kept
        assert OFFERED in text


def test_settings_are_taken_once(manager: FlaskClient, both: Both) -> None:
    shown = offer(manager)
    press(manager, shown, "take")
    both.copied.set(both.license, 5)
    late = press(manager, shown, "take")
    assert "Nothing was changed by this press." in get(manager, late.headers["Location"]).text
    assert both.copied.settings(both.license) == (5, False)


def test_the_pages_of_a_course_that_is_no_copy_offer_nothing(manager: FlaskClient, both: Both) -> None:
    both.copied.change(lambda session: setattr(session.get_one(Context, both.copied.new), "copied_from", None))
    assert OFFERED not in get(manager, "/manager/").text
