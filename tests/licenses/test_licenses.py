"""Licences are found by code, bound to courses once, and managed by whom they name."""

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid, NotFound
from lti_tool.ledger import issuing, policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import bindings, claiming, licenses
from lti_tool.settings import load
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_deployment, make_license, make_person


def test_a_license_is_found_by_its_code_however_it_is_typed(session: Session) -> None:
    made = licenses.create(session, name="Lincoln High", now=NOW)
    typed = made.code.replace("-", " ").lower()
    assert licenses.by_code(session, f"  {typed} ") is made


def test_no_two_licenses_share_a_code(session: Session) -> None:
    codes = {licenses.create(session, name="Lincoln High", now=NOW).code for _ in range(50)}
    assert len(codes) == 50


@pytest.mark.parametrize("code", ["", "AAAA-BBBB-CCCC-DDDD", "'; drop table licenses; --"])
def test_a_wrong_code_finds_nothing(session: Session, code: str) -> None:
    make_license(session)
    with pytest.raises(NotFound):
        licenses.by_code(session, code)


def test_a_license_without_a_name_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        licenses.create(session, name="  ", now=NOW)


def test_a_course_is_claimed_with_the_code(session: Session) -> None:
    made = licenses.create(session, name="Lincoln High", now=NOW)
    course = make_context(session)
    claiming.claim(session, code=made.code, deployment_id=course.deployment_id, context_id=course.id, now=NOW)
    assert bindings.license_of_course(session, course.deployment_id, course.id, now=NOW) == made.id


def test_claiming_twice_changes_nothing(session: Session) -> None:
    made = licenses.create(session, name="Lincoln High", now=NOW)
    course = make_context(session)
    for _ in range(2):
        claiming.claim(session, code=made.code, deployment_id=course.deployment_id, context_id=course.id, now=NOW)
    assert len(bindings.describe(session, made.id)) == 1


def test_a_course_of_another_license_cannot_be_claimed(session: Session) -> None:
    course = make_context(session)
    make_license(session, context=course)
    other = licenses.create(session, name="Other", now=NOW)
    with pytest.raises(bindings.AlreadyBound):
        claiming.claim(session, code=other.code, deployment_id=course.deployment_id, context_id=course.id, now=NOW)


def test_a_deployment_has_one_license_for_all_its_courses(session: Session) -> None:
    deployment = make_deployment(session)
    license_ = make_license(session, deployment=deployment)
    course = make_context(session, deployment)
    assert bindings.license_of_course(session, deployment.id, course.id, now=NOW) == license_.id
    with pytest.raises(bindings.AlreadyBound):
        bindings.bind(session, make_license(session).id, deployment.id, None, now=NOW)


def test_naming_a_manager_twice_is_naming_one(session: Session) -> None:
    license_ = make_license(session)
    person = make_person(session, make_deployment(session).platform_id)
    for _ in range(2):
        licenses.name_manager(session, license_.id, person.id, now=NOW)
    assert licenses.is_manager(session, license_.id, person.id)


def test_a_license_is_described_as_the_contract_says(session: Session) -> None:
    settings = load({})
    license_ = make_license(session, credits=300)
    issuing.grant(session, license_.id, EXPORT_CREDITS, amount=20, actor=OPERATOR, now=NOW)
    policies.save(session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    described = licenses.describe(session, license_, resources=settings.resources, now=NOW)
    assert described["resources"] == [
        {
            "resource": "export-credits",
            "unit": "credit",
            "bundle": 5,
            "max_per_member": 10,
            "issued": 320,
            "pool": 320,
            "allotted": 0,
            "available": 0,
            "held": 0,
            "used": 0,
        }
    ]
