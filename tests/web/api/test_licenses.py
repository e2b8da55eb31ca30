"""GET /licenses and /licenses/{license}: the figures add up, whatever moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lti_tool.ledger import allotment, holds, policies
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR, SYSTEM
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.settings import load
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license, make_member
from tests.web.api.conftest import Get

MINUTES = load({}).resources["phone-minutes"]


def test_a_license_shows_where_every_credit_is(get: Get, books: Books, school: License, course: Context) -> None:
    now = datetime.now(UTC)
    with books() as session:
        policies.save(session, school.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
        ada, bo = make_member(session, school, course).id, make_member(session, school, course).id
        allotment.allot(session, school.id, EXPORT_CREDITS, member_ids=[ada, bo], each=9, actor=OPERATOR, now=now)
        holds.hold(session, school.id, EXPORT_CREDITS, ada, amount=4, actor=SYSTEM, now=now)
        holds.spend(session, school.id, EXPORT_CREDITS, bo, amount=2, actor=SYSTEM, now=now)

    assert get(f"/licenses/{school.id}").get_json() == {
        "id": school.id,
        "name": school.name,
        "resources": [
            {
                "resource": "export-credits",
                "unit": "credit",
                "bundle": 5,
                "max_per_member": 10,
                "issued": 100,
                "pool": 82,
                "allotted": 18,
                "available": 12,
                "held": 4,
                "used": 2,
            }
        ],
    }


def test_a_hold_past_its_time_is_not_held_although_nobody_tidied_it_away(
    get: Get, books: Books, school: License, course: Context
) -> None:
    with books() as session:
        ada = make_member(session, school, course).id
        allotment.allot(session, school.id, EXPORT_CREDITS, member_ids=[ada], each=9, actor=OPERATOR, now=NOW)
        long_ago = datetime.now(UTC) - timedelta(days=1)
        holds.hold(session, school.id, EXPORT_CREDITS, ada, amount=4, actor=SYSTEM, now=long_ago)

    figures = get(f"/licenses/{school.id}").get_json()["resources"][0]
    assert (figures["available"], figures["held"]) == (9, 0)
    balance = get(f"/members/{ada}").get_json()["balances"]["export-credits"]
    assert balance == {"available": 9, "held": 0, "used": 0, "received": 9}


def test_a_maximum_that_nobody_set_is_0_and_the_newest_one_counts(get: Get, books: Books, school: License) -> None:
    assert _maximum(get, school) == 0
    with books() as session:
        for version, maximum in enumerate((10, 25)):
            policies.save(
                session, school.id, EXPORT_CREDITS, maximum=maximum, based_on=version, actor=OPERATOR, now=NOW
            )
    assert _maximum(get, school) == 25


def test_each_resource_has_its_own_figures(get: Get, books: Books, school: License) -> None:
    with books() as session:
        grant(session, school.id, MINUTES, amount=60, actor=OPERATOR, now=NOW)
    shown = get(f"/licenses/{school.id}").get_json()["resources"]
    assert [(one["resource"], one["unit"], one["issued"]) for one in shown] == [
        ("export-credits", "credit", 100),
        ("phone-minutes", "minute", 60),
    ]


def test_the_list_shows_the_same_as_the_license_itself(get: Get, school: License, neighbour: License) -> None:
    listed = get("/licenses").get_json()
    assert listed == {
        "items": [get(f"/licenses/{one.id}").get_json() for one in (school, neighbour)],
        "next": None,
    }


def test_a_license_without_resources_and_a_tool_without_licenses_are_lists_with_nothing_in_them(
    get: Get, books: Books
) -> None:
    assert get("/licenses").get_json() == {"items": [], "next": None}
    with books() as session:
        bare = License(id="0" * 8 + "-0000-7000-8000-" + "0" * 12, code="c", name="Bare", created_at=NOW)
        session.add(bare)
    assert get("/licenses").get_json()["items"] == [{"id": bare.id, "name": "Bare", "resources": []}]


def test_licenses_come_page_by_page_each_once(get: Get, books: Books) -> None:
    with books() as session:
        made = sorted(make_license(session, credits=0).id for _ in range(5))
    seen: list[str] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = get("/licenses", **parameters).get_json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        parameters["cursor"] = page["next"]
    assert seen == made


def _maximum(get: Get, school: License) -> Any:
    return get(f"/licenses/{school.id}").get_json()["resources"][0]["max_per_member"]
