"""GET /licenses/{license}/members and /members/{member}: who is there, and found by what the LMS calls them."""

from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.db import db
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.roles import Role
from lti_tool.members.people import Person, pseudonym
from lti_tool.settings import load
from tests.conftest import Books
from tests.factories import NOW, enroll, make_context, make_member
from tests.ledger.statements import recorded
from tests.web.api.conftest import Get


def test_a_member_is_shown_with_names_role_status_and_balances(
    get: Get, books: Books, school: License, course: Context
) -> None:
    with books() as session:
        ada = make_member(session, school, course, subject="s-ada")
        email = session.get_one(Person, ada.person_id).email
    expected = {
        "id": ada.id,
        "license": school.id,
        "name": "Ada Lovelace",
        "email": email,
        "subject": "s-ada",
        "issuer": "https://lms.test",
        "roles": ["learner"],
        "status": "active",
        "balances": {"export-credits": {"available": 0, "held": 0, "used": 0, "received": 0}},
    }
    assert get(f"/members/{ada.id}").get_json() == expected
    assert get(f"/licenses/{school.id}/members").get_json() == {"items": [expected], "next": None}


def test_somebody_without_a_name_has_their_pseudonym(get: Get, books: Books, school: License, course: Context) -> None:
    with books() as session:
        nameless = make_member(session, school, course, name=None)
    assert get(f"/members/{nameless.id}").get_json()["name"] == pseudonym(nameless.person_id)


def test_roles_are_those_of_the_courses_they_are_active_in(
    get: Get, books: Books, school: License, course: Context
) -> None:
    with books() as session:
        ada = make_member(session, school, course, role=Role.TEACHER)
        for role, active in ((Role.LEARNER, True), (Role.TEACHER, True), (Role.TA, False)):
            enroll(session, ada, make_context(session), role=role, active=active)
    assert get(f"/members/{ada.id}").get_json()["roles"] == ["learner", "teacher"]


def test_somebody_who_left_is_inactive_and_keeps_what_they_were(
    get: Get, books: Books, school: License, course: Context
) -> None:
    with books() as session:
        gone = make_member(session, school, course, active=False)
    shown = get(f"/members/{gone.id}").get_json()
    assert (shown["status"], shown["roles"]) == ("inactive", ["learner"])


def test_a_resource_that_came_after_the_member_shows_zeros(
    get: Get, books: Books, school: License, course: Context
) -> None:
    with books() as session:
        ada = make_member(session, school, course)
        grant(session, school.id, load({}).resources["phone-minutes"], amount=60, actor=OPERATOR, now=NOW)
    zeros = {"available": 0, "held": 0, "used": 0, "received": 0}
    assert get(f"/members/{ada.id}").get_json()["balances"]["phone-minutes"] == zeros


def test_issuer_client_and_subject_find_exactly_one(get: Get, books: Books, school: License, course: Context) -> None:
    with books() as session:
        ada = make_member(session, school, course, subject="twin")
        stranger = make_member(session, school, make_context(session), subject="twin")
        platform_id = session.get_one(Deployment, course.deployment_id).platform_id
        platform = session.scalars(select(Platform).where(Platform.id == platform_id)).one()
    names = {"issuer": platform.issuer, "client_id": platform.client_id, "subject": "twin"}
    found = get(f"/licenses/{school.id}/members", **names).get_json()
    assert [one["id"] for one in found["items"]] == [ada.id]
    assert ada.id != stranger.id
    for name, value in names.items():
        nobody = get(f"/licenses/{school.id}/members", **names | {name: value.upper()})
        assert nobody.get_json() == {"items": [], "next": None}, name


@pytest.mark.parametrize("missing", ["issuer", "client_id", "subject"])
def test_a_search_by_less_than_all_three_is_refused(get: Get, school: License, problem: Any, missing: str) -> None:
    names = dict.fromkeys(("issuer", "client_id", "subject"), "x")
    del names[missing]
    refused = get(f"/licenses/{school.id}/members", **names)
    assert problem(refused) == (422, "invalid")
    assert refused.get_json()["field"] == missing


def test_a_page_of_500_members_takes_two_statements_beside_the_keys_own(
    get: Get, books: Books, school: License, course: Context, app: Any
) -> None:
    with books() as session:
        for number in range(501):
            make_member(session, school, course, name=f"Student {number}")
    with app.app_context():
        engine = db.engine
    with recorded(engine) as sent:
        page = get(f"/licenses/{school.id}/members", limit=500).get_json()
    assert len(page["items"]) == 500
    assert page["next"]
    assert len(sent) == 2, sent
    last = get(f"/licenses/{school.id}/members", limit=500, cursor=page["next"]).get_json()
    assert len(last["items"]) == 1
    assert last["next"] is None
