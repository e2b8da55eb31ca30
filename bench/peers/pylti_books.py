"""PyLTI1p3 with the same ledger written through SQLAlchemy's ORM, as a team without our hot paths would write it.

Same database, same rows: nonce, course, person, member, account, enrolment, and for a student with nothing left a
bundle from the pool with its batch and transfer. The platform's keys are cached.
"""

import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from pylti1p3.contrib.flask.launch_data_storage.cache import FlaskCacheDataStorage
from sqlalchemy import create_engine, or_, select
from sqlalchemy.orm import Session

from bench.peers.pylti import Memory, begin_login, launched, tool_configuration
from lti_tool.ids import new_id
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.policies import Policy
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.licenses.bindings import Binding
from lti_tool.lti.contexts import Context
from lti_tool.lti.one_time import SpentNonce
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.members.people import Enrollment, Member, Person
from tests.factories import listed_as

_RESOURCE, _BUNDLE = "export-credits", 5
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_PAGE = """<!doctype html><html lang="en"><title>Credits</title><h1>{{ name }}</h1>
<dl><dt>Available</dt><dd>{{ account.balance - account.held }}</dd><dt>Reserved</dt><dd>{{ account.held }}</dd>
<dt>Used</dt><dd>{{ account.used }}</dd></dl>
<ul>{% for one in transfers %}<li>{{ one.kind }} {{ one.amount }}</li>{% endfor %}</ul>
"""


def application() -> Flask:
    """The app."""
    app = Flask(__name__)
    app.secret_key = os.urandom(32)
    storage, configuration = FlaskCacheDataStorage(Memory()), tool_configuration()
    engine = create_engine(os.environ["PEER_DATABASE"], pool_size=8, max_overflow=0)
    page = app.jinja_env.from_string(_PAGE)

    @app.route("/login/", methods=["GET", "POST"])
    def login() -> Any:
        return begin_login(configuration, storage)

    @app.post("/launch/")
    def launch() -> str:
        claims = launched(configuration, storage)
        with Session(engine) as books:
            account = _admit(books, claims)
            books.commit()
            newest = select(Transfer).where(Transfer.member_id == account.member_id)
            newest = newest.where(Transfer.license_id == account.license_id, Transfer.resource == _RESOURCE)
            transfers = books.scalars(newest.order_by(Transfer.member_version.desc()).limit(20)).all()
            return page.render(name=claims["name"], account=account, transfers=transfers)

    return app


def _admit(books: Session, claims: dict[str, Any]) -> Account:
    now = datetime.now(UTC)
    books.add(SpentNonce(nonce=claims["nonce"], expires_at=now))
    deployment = books.scalars(
        select(Deployment)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(Platform.issuer == claims["iss"], Platform.client_id == claims["aud"])
        .where(Deployment.deployment_id == claims[f"{_CLAIM}deployment_id"], Deployment.status == "active")
    ).one()
    course = _course(books, deployment, claims[f"{_CLAIM}context"], now)
    license_id = _license(books, deployment, course)
    person = books.scalar(
        select(Person).where(Person.platform_id == deployment.platform_id, Person.subject == claims["sub"])
    )
    if person is None:
        person = Person(
            id=new_id(),
            platform_id=deployment.platform_id,
            subject=claims["sub"],
            name=claims["name"],
            sort_name=claims["name"].casefold(),
            email=claims["email"],
            created_at=now,
        )
        books.add(person)
        books.flush()
    account = _account(books, license_id, person, now)
    _enroll(books, course, account, now)
    if account.balance == 0:
        _allot(books, account, now)
    return account


def _course(books: Session, deployment: Deployment, said: dict[str, Any], now: datetime) -> Context:
    known = select(Context).where(Context.deployment_id == deployment.id, Context.context_id == said["id"])
    course = books.scalar(known)
    if course is None:
        course = Context(
            id=new_id(),
            deployment_id=deployment.id,
            context_id=said["id"],
            label=said["label"],
            title=said["title"],
            first_seen_at=now,
        )
        books.add(course)
        books.flush()
    return course


def _license(books: Session, deployment: Deployment, course: Context) -> str:
    bound = or_(Binding.context_id == course.id, Binding.context_id.is_(None))
    query = select(Binding).where(Binding.deployment_id == deployment.id, bound).order_by(Binding.context_id)
    return books.scalars(query).first().license_id  # type: ignore[union-attr] # the bench binds the whole deployment


def _account(books: Session, license_id: str, person: Person, now: datetime) -> Account:
    member = books.scalar(select(Member).where(Member.license_id == license_id, Member.person_id == person.id))
    if member is None:
        member = Member(id=new_id(), license_id=license_id, person_id=person.id, created_at=now, **listed_as(person))
        books.add(member)
        books.flush()
    mine = select(Account).where(
        Account.license_id == license_id, Account.resource == _RESOURCE, Account.member_id == member.id
    )
    account = books.scalar(mine.with_for_update())
    if account is None:
        figures = dict.fromkeys(("balance", "held", "received", "auto_received", "used", "version"), 0)
        account = Account(license_id=license_id, resource=_RESOURCE, member_id=member.id, frozen=False, **figures)
        books.add(account)
        books.flush()
    return account


def _enroll(books: Session, course: Context, account: Account, now: datetime) -> None:
    enrollment = books.get(Enrollment, (course.id, account.member_id))
    if enrollment is None:
        enrollment = Enrollment(
            context_id=course.id,
            member_id=account.member_id,
            license_id=account.license_id,
            launch_role="learner",
            role="learner",
            active=True,
        )
        books.add(enrollment)
    enrollment.last_launch_at = now
    books.flush()


def _allot(books: Session, account: Account, now: datetime) -> None:
    in_force = select(Policy).where(Policy.license_id == account.license_id, Policy.resource == _RESOURCE)
    policy = books.scalars(in_force.order_by(Policy.version.desc())).first()
    if policy is None or account.received + _BUNDLE > policy.maximum:
        return
    # FOR NO KEY UPDATE: with FOR UPDATE, first launches at once deadlock over the foreign keys to this row.
    pool = books.get_one(Pool, (account.license_id, _RESOURCE), with_for_update={"key_share": True})
    if pool.balance < _BUNDLE:
        return
    pool.balance -= _BUNDLE
    pool.version += 1
    account.balance += _BUNDLE
    account.received += _BUNDLE
    account.auto_received += _BUNDLE
    account.version += 1
    shared: dict[str, Any] = {
        "license_id": account.license_id,
        "resource": _RESOURCE,
        "kind": "auto_allotment",
        "actor_kind": "system",
        "at": now,
    }
    batch = Batch(
        id=new_id(),
        pool_version=pool.version,
        pool_balance_after=pool.balance,
        amount_each=_BUNDLE,
        people=1,
        total=_BUNDLE,
        policy_version=policy.version,
        **shared,
    )
    books.add(batch)
    books.flush()
    books.add(
        Transfer(
            id=new_id(),
            amount=_BUNDLE,
            member_id=account.member_id,
            member_version=account.version,
            member_balance_after=account.balance,
            batch_id=batch.id,
            **shared,
        )
    )
    books.flush()
