"""A class that opens Creditroll all at once: every student has one bundle, and the pool is exact to the unit."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from lti_tool.db import writing
from lti_tool.ledger import policies
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.rules import Why
from lti_tool.ledger.transfers import Transfer
from lti_tool.lti.claims import ContextClaim, LaunchClaims
from lti_tool.lti.launches import Arrival
from lti_tool.lti.roles import Role
from lti_tool.lti.states import Carrier
from lti_tool.members.admission import Admitted, admit
from lti_tool.settings import load
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_deployment, make_license

CONNECTIONS = 16


class Storm:
    """Many launches into one course, each in a transaction of its own, over several connections."""

    def __init__(self, engine: Engine, books: Books, *, credits: int) -> None:
        self._engine = engine
        self._settings = load({})
        with books() as session:
            deployment = make_deployment(session)
            course = make_context(session, deployment)
            self.license_id = make_license(session, credits=credits, context=course).id
            policies.save(session, self.license_id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
            self._platform, self._deployment, self._course = deployment.platform_id, deployment.id, course.id

    def break_loose(self, subjects: list[str]) -> list[Admitted]:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            return list(threads.map(self._launch, subjects))

    def _launch(self, subject: str) -> Admitted:
        claims = LaunchClaims(
            message_type="LtiResourceLinkRequest",
            deployment_id="1",
            target_link_uri="https://tool.test/lti/launch",
            subject=subject,
            roles=(),
            context=ContextClaim("course", None, None),
            resource_link_id="link",
            name=f"Student {subject}",
            email=None,
            locale=None,
            return_url=None,
            memberships_url=None,
            mentored=(),
        )
        arrival = Arrival(self._platform, self._deployment, self._course, claims, Role.LEARNER, Carrier.COOKIE)
        with writing(self._engine) as session:
            return admit(session, arrival, settings=self._settings, now=NOW)


def _bundles(session: Session) -> int:
    return session.scalar(select(func.count()).where(Transfer.kind == "auto_allotment")) or 0


def test_fifty_first_launches_of_one_student_at_once_give_one_bundle(engine: Engine, books: Books) -> None:
    storm = Storm(engine, books, credits=100)
    admitted = storm.break_loose(["student"] * 50)
    assert len({one.member_id for one in admitted}) == 1
    with books() as session:
        assert _bundles(session) == 1
        assert session.scalars(select(Account.received)).one() == 5
        assert session.scalars(select(Pool.balance)).one() == 95


def test_a_hundred_students_launching_three_times_each_get_a_hundred_bundles(engine: Engine, books: Books) -> None:
    storm = Storm(engine, books, credits=1_000)
    storm.break_loose([f"student-{number % 100}" for number in range(300)])
    with books() as session:
        assert _bundles(session) == 100
        assert set(session.scalars(select(Account.received))) == {5}
        assert session.scalars(select(Pool.balance)).one() == 500


def test_a_pool_of_three_gives_nobody_anything_and_everybody_is_let_in(engine: Engine, books: Books) -> None:
    storm = Storm(engine, books, credits=3)
    admitted = storm.break_loose([f"student-{number % 20}" for number in range(60)])
    assert {one.top_up.why_none for one in admitted if one.top_up is not None} == {Why.POOL}
    with books() as session:
        assert _bundles(session) == 0
        assert session.scalars(select(Pool.balance)).one() == 3
        assert session.scalar(select(func.count()).select_from(Account).where(Account.received == 0)) == 20


def test_a_pool_for_four_bundles_gives_four_and_everybody_is_let_in(engine: Engine, books: Books) -> None:
    storm = Storm(engine, books, credits=23)
    admitted = storm.break_loose([f"student-{number}" for number in range(40)])
    reasons = [one.top_up.why_none for one in admitted if one.top_up is not None]
    assert reasons.count(None) == 4
    assert reasons.count(Why.POOL) == 36
    with books() as session:
        assert _bundles(session) == 4
        assert session.scalars(select(Pool.balance)).one() == 3
