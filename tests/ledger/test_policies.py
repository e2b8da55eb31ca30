"""The maximum per student: R6, and what two people who save at once see."""

import pytest

from lti_tool.ledger import policies
from lti_tool.ledger.policies import Setting
from lti_tool.ledger.refusals import MaximumInvalid, StaleSetting
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license
from tests.ledger.a_class import TEACHER, Class
from tests.ledger.conftest import OpenClass


def save(class_: Class, maximum: int, *, based_on: int) -> Setting:
    with class_.books() as session:
        return policies.save(
            session, class_.license_id, EXPORT_CREDITS, maximum=maximum, based_on=based_on, actor=TEACHER, now=NOW
        )


def current(class_: Class) -> Setting:
    with class_.books() as session:
        return policies.current(session, class_.license_id, EXPORT_CREDITS.name)


def test_r6_it_is_off_until_somebody_saves_one(new_class: OpenClass) -> None:
    class_ = new_class()
    assert current(class_) == Setting(maximum=0, version=0)
    assert save(class_, 10, based_on=0) == current(class_) == Setting(maximum=10, version=1)
    assert save(class_, 0, based_on=1) == current(class_) == Setting(maximum=0, version=2)


@pytest.mark.parametrize(("maximum", "nearest"), [(7, [5, 10]), (-5, [0, 5]), (1_000_005, [999_995, 1_000_000])])
def test_r6_anything_else_is_refused_with_the_nearest_and_nothing_changes(
    new_class: OpenClass, maximum: int, nearest: list[int]
) -> None:
    class_ = new_class(maximum=20)
    with pytest.raises(MaximumInvalid) as refused:
        save(class_, maximum, based_on=1)
    assert refused.value.figures["nearest"] == nearest
    assert current(class_) == Setting(maximum=20, version=1)


def test_saving_the_same_again_changes_nothing(new_class: OpenClass) -> None:
    class_ = new_class(maximum=20)
    assert save(class_, 20, based_on=1) == save(class_, 20, based_on=0) == Setting(maximum=20, version=1)


@pytest.mark.parametrize("based_on", [0, 2, 99])
def test_a_form_that_saw_another_setting_is_refused_with_the_one_in_force(
    new_class: OpenClass, books: Books, based_on: int
) -> None:
    class_ = new_class(maximum=20)
    with pytest.raises(StaleSetting) as refused:
        save(class_, 30, based_on=based_on)
    assert refused.value.figures == {"maximum": 20}
    assert current(class_) == Setting(maximum=20, version=1)


def test_r6_a_license_of_another_resource_can_set_one_too(books: Books) -> None:
    with books() as session:
        license_ = make_license(session, resource="phone-minutes")
        saved = policies.save(session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=TEACHER, now=NOW)
    assert saved == Setting(maximum=10, version=1)
