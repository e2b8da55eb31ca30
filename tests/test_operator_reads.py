"""What the operator's pages read of all licences and LMSs, on both databases: those that wait first, page by page."""

from flask import Flask
from sqlalchemy.orm import Session

from lti_tool.db import db
from lti_tool.ledger import pools
from lti_tool.licenses import bindings, license_list, licenses
from lti_tool.lti import platform_list
from lti_tool.lti.platforms import Platform
from lti_tool.members import people, roster_reads
from lti_tool.purchasing import order_list
from lti_tool.web.operator import health
from lti_tool.webhooks import deliveries, endpoints
from lti_tool.webhooks.deliveries import Wish
from tests.conftest import Books
from tests.factories import NOW, make_deployment, make_endpoint, make_license, make_order, make_platform
from tests.web.operator.conftest import fill


def platforms_of(session: Session, text: str = "") -> list[str]:
    """All that the list has, read two at a time; their clients."""
    found: list[Platform] = []
    after = ""
    while page := platform_list.listed(session, text, after=after, limit=2):
        found += page
        after = platform_list.place(session, page[-1])
    return [one.client_id for one in found]


def test_platforms_that_wait_come_first_on_every_page(books: Books) -> None:
    with books() as session:
        for client in ("a", "b", "c"):
            make_platform(session, client_id=client)
        pending = make_platform(session, client_id="waits", status="pending")
        assert platform_list.waiting(session).only_at == pending.id
        has_waiting = make_platform(session, client_id="has-waiting")
        make_deployment(session, has_waiting, status="pending")
        off = make_platform(session, client_id="off", status="disabled")
        make_deployment(session, off, deployment_id="Nobody%", status="pending")
        assert platforms_of(session) == ["has-waiting", "waits", "off", "c", "b", "a"]
        assert platforms_of(session, "nobody%") == ["off"]
        waiting = platform_list.waiting(session)
        assert (waiting.registrations, waiting.deployments, waiting.only_at) == (1, 1, None)
        assert platform_list.counted(session, [has_waiting.id, off.id])[off.id] == {"pending": 1}


def test_a_platforms_deployments_that_wait_come_first(books: Books) -> None:
    with books() as session:
        platform = make_platform(session)
        for number in range(3):
            make_deployment(session, platform, deployment_id=f"old-{number}")
        make_deployment(session, platform, deployment_id="new", status="pending")
        first = platform_list.deployments(session, platform.id, limit=2)
        rest = platform_list.deployments(session, platform.id, after=platform_list.deployment_place(first[-1]), limit=5)
        assert [one.deployment_id for one in (*first, *rest)] == ["new", "old-2", "old-1", "old-0"]


def test_a_license_and_all_around_it(books: Books) -> None:
    world = fill(books)
    with books() as session:
        other = make_license(session, credits=7)
        make_order(session, other, method="purchase_order")
        assert [one.id for one in license_list.listed(session, limit=5)] == [other.id, world.license]
        assert [one.id for one in license_list.listed(session, before=other.id, limit=5)] == [world.license]
        typed = other.code.replace("-", "").lower()
        assert [one.id for one in license_list.listed(session, typed, limit=5)] == [other.id]
        found = pools.of_licenses(session, [other.id, world.license])
        issued = {key: [pool.issued for pool in kept] for key, kept in found.items()}
        assert issued == {other.id: [7], world.license: [300]}
        assert people.counted(session, world.license) == (2, 2)
        assert len(licenses.managers(session, world.license, limit=5)) == 1
        [place] = bindings.places(session, world.license, limit=5)
        assert list(bindings.places(session, world.license, after=place.id, limit=5)) == []
        assert order_list.awaiting(session) == 1


def test_what_failed_is_counted_listed_and_sent_again_to_one_endpoint(books: Books) -> None:
    world = fill(books)
    with books() as session:
        make_endpoint(session, world.license)
        assert endpoints.listed(session, limit=5)[0].id == world.endpoint
        assert [one.read.context_id for one in roster_reads.failed(session, limit=5)] == [world.course]
        assert roster_reads.failed(session, after=world.course, limit=5) == []
        assert (roster_reads.failures(session), roster_reads.queued(session)) == (1, (0, None))
        wish = Wish(world.license, failed=True, endpoint_id=world.endpoint)
        assert [one.event_id for one in deliveries.listed(session, wish, limit=5)] == [world.event]
        assert deliveries.listed(session, wish, before=world.event, limit=5) == []
        assert deliveries.replay(session, Wish(failed=True, endpoint_id=world.license), now=NOW) == 0
        assert deliveries.replay(session, wish, now=NOW) == 1


def test_health_is_known_of_both_databases(app: Flask) -> None:
    with app.app_context():
        found = health.look(db.session())
    assert found.migration == found.newest
    assert found.disk.taken > 10_000
    assert found.jobs == 0
