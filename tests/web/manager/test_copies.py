"""A copy without a license: its teacher is offered the one they manage already, once, and nobody else's."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.licenses import licenses
from lti_tool.licenses.bindings import Binding
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment
from tests.factories import (
    NOW,
    bind,
    make_context,
    make_deployment,
    make_license,
    make_person,
    make_platform,
)
from tests.web.conftest import Enter
from tests.web.manager.conftest import OFFERED, Copied, membership, offer, press
from tests.web.pages import Page, get, post


def test_the_license_of_the_earlier_course_is_offered_and_one_press_binds_it(
    grace: FlaskClient, copied: Copied
) -> None:
    page = get(grace, "/manager/")
    assert "It is a copy of Biology 9" in page.text
    assert "the license Springfield Science, which you manage. It has 100 credits left to give." in page.text
    moved = copied.movements()

    done = press(grace, page.form("/manager/copy"), "take")

    assert "It now uses the license Springfield Science." in Page(done).text
    assert copied.license_of(copied.new) == copied.license
    assert copied.answered()
    assert copied.movements() == moved


def test_a_teacher_who_does_not_want_it_is_asked_no_more(grace: FlaskClient, copied: Copied) -> None:
    assert press(grace, offer(grace), "leave").status_code == 303
    assert copied.license_of(copied.new) is None
    assert OFFERED not in get(grace, "/manager/").text


def test_a_wrong_code_beside_the_offer_leaves_the_offer(grace: FlaskClient) -> None:
    refused = post(grace, get(grace, "/manager/").form("/manager/claim"), code="WRONG")
    assert (refused.status_code, OFFERED in Page(refused).text) == (422, True)


def test_the_latest_original_that_the_teacher_manages_is_offered(grace: FlaskClient, copied: Copied) -> None:
    def copy_of_a_copy(session: Session) -> None:
        deployment = session.get_one(Context, copied.new).deployment_id
        between = make_context(session, context_id="between", title="Biology 9 of a colleague")
        between.deployment_id = deployment
        session.flush()
        make_license(session, context=between)
        session.get_one(Context, copied.new).copied_from = '["never-opened", "between", "old"]'

    copied.change(copy_of_a_copy)
    text = get(grace, "/manager/").text
    assert "It is a copy of Biology 9 The" in text
    assert "colleague" not in text


def _nobodys(session: Session, copied: Copied) -> None:
    session.get_one(Context, copied.new).copied_from = '["unknown", "new"]'


def _left(session: Session, copied: Copied) -> None:
    _place(session).active = False


def _assists(session: Session, copied: Copied) -> None:
    _place(session).role = Role.TA.value


def _managed_by_another(session: Session, copied: Copied) -> None:
    other = make_person(session, copied.platform)
    licenses.name_manager(session, copied.license, other.id, now=NOW)


def _of_another_installation(session: Session, copied: Copied) -> None:
    old = session.get_one(Context, copied.old)
    old.deployment_id = make_deployment(session).id
    session.scalars(select(Binding)).one().deployment_id = old.deployment_id


def _bound_meanwhile(session: Session, copied: Copied) -> None:
    bind(session, make_license(session), context=session.get_one(Context, copied.new))


def _person_of_another_lms(session: Session, copied: Copied) -> None:
    elsewhere = make_person(session, make_platform(session, issuer="https://elsewhere.test").id)
    membership(session, copied).person_id = elsewhere.id


def _place(session: Session) -> Enrollment:
    return session.scalars(select(Enrollment)).one()


NOT_THEIRS: list[Callable[[Session, Copied], None]] = [
    _nobodys,
    _left,
    _assists,
    _managed_by_another,
    _of_another_installation,
    _bound_meanwhile,
    _person_of_another_lms,
]


@pytest.mark.parametrize("change", NOT_THEIRS, ids=lambda change: change.__name__)
def test_nothing_of_anybody_elses_is_offered_named_or_given(
    grace: FlaskClient, copied: Copied, change: Callable[[Session, Copied], None]
) -> None:
    before = offer(grace)
    copied.change(lambda session: change(session, copied))
    held = copied.license_of(copied.new)
    text = get(grace, "/manager/").text
    assert [words for words in (OFFERED, "Biology 9", "Springfield") if words in text] == []
    late = press(grace, before, "take")
    assert "Springfield Science" not in Page(late).text
    assert copied.license_of(copied.new) == held
    assert not copied.answered()


def test_a_named_manager_is_offered_the_license_but_not_told_the_title_of_a_course_of_others(
    grace: FlaskClient, copied: Copied
) -> None:
    def name(session: Session) -> None:
        session.delete(_place(session))
        licenses.name_manager(session, copied.license, copied.teacher, now=NOW)

    copied.change(name)
    text = get(grace, "/manager/").text
    assert "It is a copy of an earlier course" in text
    assert "Springfield Science" in text
    assert "Biology 9" not in text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TEACHER])
def test_nobody_but_a_teacher_is_offered_anything(
    client: FlaskClient, copied: Copied, enter: Enter, role: Role
) -> None:
    enter(client, copied.visit)
    form = offer(client)
    enter(client, replace(copied.visit, role=role))
    answers = [client.get("/manager/"), press(client, form, "take"), press(client, form, "leave")]
    assert all(OFFERED not in answer.text for answer in answers)
    assert (copied.license_of(copied.new), copied.answered()) == (None, False)


def test_a_press_that_comes_after_the_answer_changes_nothing_and_says_so(grace: FlaskClient, copied: Copied) -> None:
    old_page = offer(grace)
    press(grace, old_page, "leave")
    for answer in ("take", "leave"):
        late = press(grace, old_page, answer)
        assert late.status_code == 422
        assert "This was answered already" in Page(late).text
    assert copied.license_of(copied.new) is None


def test_a_double_press_says_what_the_first_one_did(grace: FlaskClient, copied: Copied) -> None:
    form = offer(grace)
    for _ in range(2):
        assert "It now uses the license Springfield Science." in Page(press(grace, form, "take")).text
    assert copied.license_of(copied.new) == copied.license


def test_a_made_up_offer_is_refused(grace: FlaskClient, copied: Copied) -> None:
    with copied.books() as session:
        victim = make_license(session).id
    form = offer(grace)
    for key in (f"{copied.old} {victim}", "", "x" * 5000, f"{copied.old}"):
        refused = post(grace, form, offer=key, answer="take")
        assert refused.status_code == 422
    assert copied.license_of(copied.new) is None


def test_an_offer_is_good_in_its_own_visit_only(client: FlaskClient, copied: Copied, enter: Enter) -> None:
    enter(client, copied.visit)
    form = offer(client)
    enter(client, copied.visit)
    assert press(client, form, "take").status_code == 400
    assert copied.license_of(copied.new) is None
