"""An operator's browser, let in by a link as the command line makes it, and an order of a school that waits."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool import clock, operator_link
from lti_tool.ids import new_id
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.pools import Pool
from lti_tool.licenses import api_keys, licenses
from lti_tool.lti import launch_log, launches
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.launch_log import LaunchLog
from lti_tool.lti.roles import Role
from lti_tool.members import roster_reads
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.orders import Order
from lti_tool.webhooks import outbox
from lti_tool.webhooks.deliveries import Delivery
from lti_tool.webhooks.endpoints import Endpoint
from lti_tool.webhooks.outbox import Outcome
from tests.conftest import Books
from tests.factories import (
    EXPORT_CREDITS,
    NOW,
    SECRET_KEY,
    make_context,
    make_deployment,
    make_endpoint,
    make_license,
    make_member,
    make_order,
    make_platform,
)
from tests.web import pages


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What these pages do to the books is tested on both databases in `tests/purchasing` and `tests/cli`."""
    return sqlite_url


@dataclass(frozen=True)
class Sold:
    """A licence of 300, and its order of 100 for $50.00 by purchase order PO-4711."""

    books: Books
    license: str
    id: str
    number: str

    @property
    def page(self) -> str:
        """The order's address."""
        return f"/operator/orders/{self.id}"

    @property
    def issued(self) -> int:
        """The licence's total."""
        with self.books() as session:
            return session.get_one(Pool, (self.license, EXPORT_CREDITS.name)).issued

    def status(self) -> str:
        """What became of it."""
        with self.books() as session:
            return session.get_one(Order, self.id).status


@pytest.fixture
def sold(books: Books) -> Sold:
    """The order, placed and not approved."""
    with books() as session:
        school = make_license(session, credits=300)
        order = make_order(session, school, status="draft", method="purchase_order")
        billing = Billing("PO-4711", "Springfield District", "Zoë <b>Nguyễn</b>", "office@district.test", "1 Main St")
        billing.put_on(order)
        order.status, order.placed_at, order.placed_by = "placed", NOW, "office"
        return Sold(books, school.id, order.id, order.number)


def link(app: Flask) -> str:
    """The path of a fresh link."""
    secret: str = app.extensions["creditroll"].secret_key
    return f"/operator/enter/{operator_link.make(secret, now=clock.now())}"


def come_in(client: FlaskClient) -> FlaskClient:
    """Opens a link in this browser, and presses its button."""
    address = link(client.application)
    form = pages.get(client, address).form(address)
    entered = pages.post(client, form)
    assert (entered.status_code, urlsplit(entered.headers["Location"]).path) == (303, "/operator/")
    return client


@dataclass(frozen=True)
class World:
    """One of everything that the operator's pages show, named as badly as a stranger may; ids only."""

    platform: str
    deployment: str
    license: str
    endpoint: str
    event: str
    course: str
    launch: str
    key_secret: str

    def paths(self) -> dict[str, str]:
        """Every page of these, by its name in pictures."""
        return {
            "start": "/operator/",
            "platforms": "/operator/platforms",
            "platform": f"/operator/platforms/{self.platform}",
            "platform-off": f"/operator/platforms/{self.platform}/disable",
            "platform-addresses": f"/operator/platforms/{self.platform}/addresses",
            "rosters": "/operator/rosters",
            "licenses": "/operator/licenses",
            "license": f"/operator/licenses/{self.license}",
            "grant": f"/operator/licenses/{self.license}/grant",
            "launches": "/operator/launches",
            "launch": f"/operator/launches/{self.launch}",
            "webhooks": "/operator/webhooks",
            "webhook": f"/operator/webhooks/{self.endpoint}",
            "webhook-secret": f"/operator/webhooks/{self.endpoint}/secret",
            "webhook-remove": f"/operator/webhooks/{self.endpoint}/remove",
            "audit": "/operator/audit",
            "health": "/operator/health",
            "orders": "/operator/orders",
            "problems": "/operator/problems",
        }


HOSTILE = '<b>Lincoln</b> \u202eمدرسة &amp; "High"'
PUPIL = "Ada Quillfeather"


def fill(books: Books) -> World:
    """A school with a deployment that waits, a launch that was refused, a webhook that fails, a roster that did."""
    with books() as session:
        platform = make_platform(session)
        platform.name = HOSTILE
        make_deployment(session, platform, deployment_id="1:approved")
        waiting = make_deployment(session, platform, deployment_id="2:<i>waits</i>", status="pending")
        course = make_context(session, waiting, title="Film <script>alert(1)</script>")
        school = make_license(session, credits=300, context=course)
        school.name = HOSTILE
        member = make_member(session, school, course, name=PUPIL)
        teacher = make_member(session, school, course, role=Role.TEACHER, name="Grace Okonkwo")
        licenses.name_manager(session, school.id, teacher.person_id, now=NOW)
        allot(session, school.id, EXPORT_CREDITS, member_ids=[member.id], each=10, actor=OPERATOR, now=NOW)
        _, secret = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=school.id, now=NOW)
        endpoint = make_endpoint(session, school.id, url="https://receiver.test/token-of-theirs")
        event = _failed_delivery(session, endpoint)
        _failed_roster(session, course.id)
        attempt = Attempt(
            launches.STEPS, platform_id=platform.id, said={"name": PUPIL}, reached="deployment", role=Role.TEACHER
        )
        launch_log.note(session, LaunchLog(SECRET_KEY).row(attempt, "LTI-DEPLOYMENT-PENDING", now=NOW))
        return World(platform.id, waiting.id, school.id, endpoint.id, event, course.id, attempt.support_id, secret)


def _failed_delivery(session: Session, endpoint: Endpoint) -> str:
    event = Delivery(
        license_id=endpoint.license_id,
        endpoint_id=endpoint.id,
        event_id=new_id(),
        kind="allotment",
        data="{}",
        at=NOW,
        status="failed",
        next_at=NOW,
        gives_up_at=NOW,
        ended_at=NOW,
    )
    session.add(event)
    session.flush()
    outbox.note(session, event, Outcome(NOW, 12, 500, "HTTP 500: <b>no</b>"))
    endpoint.failing_since, endpoint.failures = NOW, 3
    return event.event_id


def _failed_roster(session: Session, context_id: str) -> None:
    roster_reads.request_read(session, context_id, requested_by=None, now=NOW)
    turn = roster_reads.claim(session, context_id, now=NOW)
    assert turn is not None
    roster_reads.finish(session, turn, status="failed", error_code="forbidden", now=NOW)


@pytest.fixture
def world(books: Books) -> World:
    """What there is to see."""
    return fill(books)


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser."""
    return come_in(client)
