"""What the scene has beside its three classes: orders in every state, students who asked, licenses that run low, and
what an operator sees.
"""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool import operator_link
from lti_tool.alerts import leaving, wishes
from lti_tool.ledger import issuing, policies
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR, Actor
from lti_tool.licenses import licenses
from lti_tool.members import people, requests
from lti_tool.members.reach import Reach
from lti_tool.members.requests import CreditRequest
from lti_tool.purchasing import by_purchase_order, checkout, office_links, orders
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.orders import Order
from lti_tool.web import office_address
from tests.factories import EXPORT_CREDITS, SECRET_KEY, SHOP

BILLING = Billing("4500-2291", "Lincoln Unified", "Zoë Nguyễn", "accounts@lincoln.example", "12 Main Street\nLincoln")


def sell(session: Session, license_id: str, *, teacher: str, now: datetime) -> dict[str, str]:
    """An order in each state, by a name of ours."""

    def draft(quantity: int) -> Order:
        return orders.draft(session, license_id, SHOP, EXPORT_CREDITS.name, quantity, buyer_id=teacher, now=now)

    def placed(quantity: int) -> Order:
        order = draft(quantity)
        by_purchase_order.set_billing(session, order, BILLING, now=now)
        return by_purchase_order.place(session, order.id, invoice_days=30, by="manager", now=now)

    asked, by_card, carded, ready = draft(100), draft(60), draft(70), draft(80)
    checkout.choose(session, by_card, now=now)
    checkout.choose(session, carded, now=now)
    checkout.place(session, carded.id, by="manager", now=now)
    by_purchase_order.set_billing(session, ready, BILLING, now=now)
    waiting, credited, ended = placed(150), placed(50), placed(90)
    by_purchase_order.approve(session, credited.id, now=now)
    by_purchase_order.cancel(session, ended.id, by="manager", now=now, note="Ordered twice")
    made = {
        "draft": asked,
        "card": by_card,
        "carded": carded,
        "ready": ready,
        "placed": waiting,
        "credited": credited,
        "ended": ended,
    }
    return {name: order.id for name, order in made.items()}


def office(session: Session, app: Flask, sold: dict[str, str], *, now: datetime) -> dict[str, str]:
    """The tokens of the office's pages of some of these orders."""
    found = {}
    with app.test_request_context():
        for name in ("draft", "placed", "credited"):
            link = office_links.make(session, session.get_one(Order, sold[name]), person_id=None, now=now)
            found[f"office_{name}"] = office_address.address(link).rpartition("/")[2]
    return found


def ask(session: Session, license_id: str, course: str, students: list[str], *, teacher: str, now: datetime) -> None:
    """Nothing comes by itself here: two ask, one was declined, one was given 5."""
    where = (session, license_id, EXPORT_CREDITS)
    issuing.grant(*where, amount=300, actor=OPERATOR, now=now - timedelta(days=9))
    policies.save(*where, maximum=0, based_on=0, actor=OPERATOR, now=now - timedelta(days=9))
    for number, (member, reason) in enumerate(
        zip(students[:4], ("My film is ready", None, "A poster", ""), strict=True)
    ):
        requests.ask(*where, member, reason=reason or None, now=now - timedelta(minutes=50 - number))
    declined = session.scalars(select(CreditRequest.id).filter_by(member_id=students[2])).one()
    within = Reach(license_id, {course: "Film 12"})
    words = "In March, when the second half begins"
    requests.decline(session, within, EXPORT_CREDITS.name, [declined], words=words, by=teacher, now=now)
    giver = Actor("person", teacher)
    allot(*where, member_ids=[students[3]], each=5, actor=giver, now=now, note="For the poster")


def run_low(session: Session, license_id: str, students: list[str], *, left: int, now: datetime) -> None:
    """Of 100 all but so many are given."""
    where = (session, license_id, EXPORT_CREDITS)
    issuing.grant(*where, amount=100, actor=OPERATOR, now=now - timedelta(days=9))
    policies.save(*where, maximum=0, based_on=0, actor=OPERATOR, now=now - timedelta(days=9))
    each, rest = divmod(100 - left, len(students))
    allot(*where, member_ids=students, each=each, actor=OPERATOR, now=now)
    if rest:
        allot(*where, member_ids=students[:1], each=rest, actor=OPERATOR, now=now)


def letters(session: Session, license_id: str, person_id: str, *, now: datetime) -> str:
    """The token by which the person stops the letters that they asked for."""
    licenses.name_manager(session, license_id, person_id, now=now)
    session.get_one(people.Person, person_id).email = "grace@lincoln.example"
    key = wishes.Key(license_id, EXPORT_CREDITS.name, person_id)
    wishes.save(session, key, ["fifth"], low=(), locale="en-US", based_on=0, now=now)
    return leaving.address(key, secret_key=SECRET_KEY, public_url="").rpartition("/")[2]


def door(*, now: datetime) -> str:
    """The token of an operator's link."""
    return operator_link.make(SECRET_KEY, now=now)
