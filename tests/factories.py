"""Rows to start a test from: each function adds one thing to the open session and flushes it."""

from datetime import UTC, datetime
from itertools import count

from sqlalchemy.orm import Session

from lti_tool import settings
from lti_tool.ids import new_id
from lti_tool.ledger.accounts import freeze, open_accounts
from lti_tool.ledger.events import KINDS
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.pools import open_pool
from lti_tool.licenses.bindings import Binding
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment
from lti_tool.webhooks import endpoints
from lti_tool.webhooks.endpoints import Endpoint
from lti_tool.webhooks.sealing import Seal

SECRET_KEY = "a secret for tests, long enough for all"
WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CATALOGUE = settings.load({}).resources
SHOP = settings.load({}).catalog
EXPORT_CREDITS = CATALOGUE["export-credits"]

_numbers = count(1)


def make_platform(
    session: Session,
    *,
    issuer: str = "https://lms.test",
    client_id: str | None = None,
    family: str = "other",
    status: str = "active",
) -> Platform:
    """An LMS whose addresses are below its issuer."""
    platform = Platform(
        id=new_id(),
        name="Test LMS",
        family=family,
        issuer=issuer,
        client_id=client_id or f"client-{next(_numbers)}",
        auth_login_url=f"{issuer}/auth",
        auth_token_url=f"{issuer}/token",
        auth_audience=None,
        jwks_url=f"{issuer}/jwks",
        status=status,
        created_at=NOW,
    )
    session.add(platform)
    session.flush()
    return platform


def make_deployment(
    session: Session, platform: Platform | None = None, *, deployment_id: str | None = None, status: str = "active"
) -> Deployment:
    """An installation in the platform (a new one if none is given)."""
    deployment = Deployment(
        id=new_id(),
        platform_id=(platform or make_platform(session)).id,
        deployment_id=deployment_id or f"deployment-{next(_numbers)}",
        status=status,
        created_at=NOW,
    )
    session.add(deployment)
    session.flush()
    return deployment


def make_context(
    session: Session,
    deployment: Deployment | None = None,
    *,
    context_id: str | None = None,
    title: str = "Fiction 101",
    memberships_url: str | None = None,
) -> Context:
    """A course of the deployment (a new one if none is given)."""
    context = Context(
        id=new_id(),
        deployment_id=(deployment or make_deployment(session)).id,
        context_id=context_id or f"course-{next(_numbers)}",
        label="F101",
        title=title,
        memberships_url=memberships_url,
        first_seen_at=NOW,
        last_launch_at=None,
    )
    session.add(context)
    session.flush()
    return context


def make_license(
    session: Session,
    *,
    credits: int = 100,
    resource: str = EXPORT_CREDITS.name,
    context: Context | None = None,
    deployment: Deployment | None = None,
) -> License:
    """A licence with that many units; bound to the course or to the whole deployment if one is given."""
    license_ = License(
        id=new_id(), code=f"CODE-{next(_numbers)}", name="Springfield High", owner_person_id=None, created_at=NOW
    )
    session.add(license_)
    session.flush()
    open_pool(session, license_.id, resource)
    if credits:
        grant(session, license_.id, CATALOGUE[resource], amount=credits, actor=OPERATOR, now=NOW)
    if context is not None or deployment is not None:
        bind(session, license_, context=context, deployment=deployment)
    return license_


def bind(
    session: Session, license_: License, *, context: Context | None = None, deployment: Deployment | None = None
) -> Binding:
    """Binds one course, or the whole deployment."""
    where = context.deployment_id if context is not None else deployment.id if deployment is not None else None
    assert where is not None, "give a context or a deployment"
    binding = Binding(
        id=new_id(),
        license_id=license_.id,
        deployment_id=where,
        context_id=context.id if context is not None else None,
        created_at=NOW,
    )
    session.add(binding)
    session.flush()
    return binding


def make_person(
    session: Session, platform_id: str, *, subject: str | None = None, name: str | None = "Ada Lovelace"
) -> Person:
    """Somebody of the platform; without a name they have a pseudonym."""
    number = next(_numbers)
    person = Person(
        id=new_id(),
        platform_id=platform_id,
        subject=subject or f"subject-{number}",
        name=name,
        sort_name="",
        email=f"person-{number}@school.test",
        created_at=NOW,
    )
    person.sort_name = person.display_name.casefold()
    session.add(person)
    session.flush()
    return person


def listed_as(person: Person) -> dict[str, str]:
    """What a new member copies of the person."""
    return {"sort_name": person.sort_name, "lower_email": (person.email or "").lower()}


def make_member(
    session: Session,
    license_: License,
    context: Context,
    *,
    role: Role = Role.LEARNER,
    name: str | None = "Ada Lovelace",
    subject: str | None = None,
    active: bool = True,
) -> Member:
    """A person of the course's platform, enrolled there with that role, with empty accounts (frozen if not active)."""
    deployment = session.get_one(Deployment, context.deployment_id)
    person = make_person(session, deployment.platform_id, subject=subject, name=name)
    member = Member(id=new_id(), license_id=license_.id, person_id=person.id, created_at=NOW, **listed_as(person))
    session.add(member)
    session.flush()
    enroll(session, member, context, role=role, active=active)
    open_accounts(session, license_.id, [member.id])
    if not active:
        freeze(session, license_.id, [member.id])
    return member


def enroll(
    session: Session, member: Member, context: Context, *, role: Role = Role.LEARNER, active: bool = True
) -> Enrollment:
    """Puts the member into one more course."""
    enrollment = Enrollment(
        context_id=context.id,
        member_id=member.id,
        license_id=member.license_id,
        launch_role=role.value,
        roster_role=None,
        role=role.value,
        active=active,
        last_launch_at=NOW,
    )
    session.add(enrollment)
    session.flush()
    return enrollment


def make_order(
    session: Session,
    license_: License,
    *,
    quantity: int = 100,
    method: str | None = "card",
    status: str = "placed",
    po_number: str | None = None,
) -> Order:
    """An order of export credits at the shop's price; a draft, or placed and, if asked, closed without credits."""
    order = orders.draft(session, license_.id, SHOP, EXPORT_CREDITS.name, quantity, buyer_id=None, now=NOW)
    order.method, order.po_number = method, po_number
    if status != "draft":
        order.status, order.placed_at = "placed", NOW
        session.flush()
    if status not in ("draft", "placed"):
        orders.close(order, status, by="operator", now=NOW)
    session.flush()
    return order


def make_payment(
    session: Session, order: Order, *, amount: int | None = None, status: str = "paid", refunded: int = 0
) -> Payment:
    """Money for the order, by card; all of it unless another amount is given."""
    payment = Payment(
        id=new_id(),
        provider="stripe",
        reference=f"pi_{next(_numbers)}",
        order_id=order.id,
        amount=order.total if amount is None else amount,
        currency=order.currency,
        status=status,
        refunded=refunded,
        paid_at=NOW if status == "paid" else None,
        created_at=NOW,
    )
    session.add(payment)
    session.flush()
    return payment


def make_endpoint(
    session: Session, license_id: str, *kinds: str, url: str = "https://receiver.test/hook", now: datetime = NOW
) -> Endpoint:
    """Somebody who is told of what happens to the licence: of these kinds, or all."""
    return endpoints.add(
        session,
        license_id,
        url=url,
        kinds=kinds or KINDS,
        secret=Seal(SECRET_KEY).close(WEBHOOK_SECRET),
        private_hosts=["localhost", "127.0.0.1"],
        now=now,
    )
