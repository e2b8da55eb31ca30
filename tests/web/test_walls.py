"""Between two licenses is a wall: every call and every page, by the routes' own table, with the other side's ids (R22).

A new route is tried by itself. One with a new kind of id fails here until the neighbour has something of that kind.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from lti_tool.ids import new_id
from lti_tool.ledger import holds
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys
from lti_tool.lti.roles import Role
from lti_tool.members import requests
from lti_tool.members.requests import CreditRequest
from lti_tool.purchasing import unfinished, wishes
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member, make_order
from tests.web.conftest import School
from tests.web.pages import get

Ids = Mapping[str, str]
SECRETS = ("Shelbyville", "Quillfeather", "Alchemy", "PO-OF-OTHERS", "film-of-others")
"""What only the neighbour's people may read."""


@pytest.fixture
def neighbour(books: Books, school: School) -> Ids:
    """Another license of the same LMS with one of everything; their ids, as addresses, queries and forms name them."""
    with books() as session:
        course = make_context(session, title="Alchemy 7")
        license_ = make_license(session, context=course)
        license_.name = "Shelbyville Academy"
        member = make_member(session, license_, course, name="Zsazsa Quillfeather")
        teacher = make_member(session, license_, course, role=Role.TEACHER, name="Teacher Quillfeather")
        batch = allot(
            session, license_.id, EXPORT_CREDITS, member_ids=[member.id], each=5, actor=OPERATOR, now=NOW
        ).batch_id
        where = (session, license_.id, EXPORT_CREDITS, member.id)
        hold = holds.hold(*where, amount=1, actor=OPERATOR, now=NOW, lasts=holds.LONGEST_LIFE, reference=SECRETS[-1])
        order = make_order(session, license_, method="purchase_order", po_number="PO-OF-OTHERS")
        order.billing_organization = "Shelbyville District"
        poor = make_member(session, license_, course, name="Poor Quillfeather")
        requests.ask(session, license_.id, EXPORT_CREDITS, poor.id, reason="Alchemy", now=NOW)
        ids = {
            "license_id": license_.id,
            "member_id": member.id,
            "hold_id": hold.id,
            "order_id": order.id,
            "batch": batch,
            "context_id": course.id,
            "request_id": str(session.scalar(select(CreditRequest.id).filter_by(license_id=license_.id))),
        }
        return ids | _wishes(session, license_.id, teacher.person_id, member.id)


def _wishes(session: Session, license_id: str, teacher_id: str, member_id: str) -> dict[str, str]:
    wishes.ask(session, license_id, EXPORT_CREDITS.name, teacher_id, amount=9, note="Alchemy", most=100, now=NOW)
    [wish] = wishes.waiting(session, license_id, EXPORT_CREDITS.name, limit=2)
    where = (session, license_id, EXPORT_CREDITS.name)
    allotment_id = unfinished.keep(
        *where,
        key=new_id(),
        person_id=teacher_id,
        member_ids=[member_id],
        amount=2,
        note="Alchemy",
        back="",
        now=NOW,
    )
    assert allotment_id is not None
    return {"wish_id": wish.id, "allotment_id": allotment_id}


def belongings(engine: Engine, license_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the license, in whatever table."""
    found = {}
    tables = inspect(engine)
    with engine.connect() as connection:
        for table in tables.get_table_names():
            if "license_id" in {column["name"] for column in tables.get_columns(table)}:
                mine = text(f"select * from {table} where license_id = :license_id")
                found[table] = sorted(map(tuple, connection.execute(mine, {"license_id": license_id})), key=repr)
    assert sum(map(len, found.values())) > 10
    return found


def asked_of(app: Flask, rule: Rule) -> bool:
    """Whether the route acts for a visit, and so for the people of one license."""
    return bool(vars(app.view_functions[rule.endpoint])["access"].roles)


def methods(rule: Rule) -> list[str]:
    assert rule.methods is not None
    return sorted(rule.methods - {"HEAD", "OPTIONS"})


def address(rule: Rule, ids: Ids) -> str:
    """The route's address with these ids in it."""
    filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda one: ids[one[1]], rule.rule)
    assert "<" not in filled
    return filled


def test_no_call_of_the_api_reaches_over_the_wall(
    client: FlaskClient, engine: Engine, books: Books, school: School, neighbour: Ids
) -> None:
    app = client.application
    with books() as session:
        scopes = (api_keys.SPEND,)
        _, secret = api_keys.create(session, name="Mine", scopes=scopes, license_id=school.license, now=NOW)
    before = belongings(engine, neighbour["license_id"])
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    answers = {}
    for rule in rules:
        fields = getattr(vars(app.view_functions[rule.endpoint])["call"].body, "model_fields", {})
        body = {name: value for name, value in {"resource": EXPORT_CREDITS.name, "amount": 1}.items() if name in fields}
        for method in methods(rule):
            headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": new_id()}
            sent = client.open(
                address(rule, neighbour), method=method, headers=headers, json=body if method == "POST" else None
            )
            answers[method, rule.rule] = sent.status_code
            assert not any(word in sent.text for word in (*SECRETS, *neighbour.values())), rule
    # Where the license itself is in the address the answer is 403, as for a license that is none.
    assert answers == {
        (method, rule.rule): 403 if "license_id" in rule.arguments else 404 if rule.arguments else 200
        for rule in rules
        for method in methods(rule)
    }
    assert len(answers) >= 10
    assert belongings(engine, neighbour["license_id"]) == before


@pytest.mark.slow
def test_no_page_reaches_over_the_wall(teacher: FlaskClient, engine: Engine, school: School, neighbour: Ids) -> None:
    app = teacher.application
    before = belongings(engine, neighbour["license_id"])
    fields = dict(get(teacher, "/manager/purchase").form("/manager/purchase").fields)
    token = {name: value for name, value in fields.items() if "token" in name}
    # Whatever a page may read of an address or a form, it is the neighbour's.
    foreign = {
        **dict.fromkeys(("member", "members", "only"), neighbour["member_id"]),
        **dict.fromkeys(("course", "context", "copied", "offer"), neighbour["context_id"]),
        **dict.fromkeys(("batch", "before", "after"), neighbour["batch"]),
        **dict.fromkeys(("order", "order_id"), neighbour["order_id"]),
        "request": neighbour["request_id"],
        **dict.fromkeys(("wish", "license"), neighbour["license_id"]),
        **dict.fromkeys(("allotment", "unfinished"), neighbour["allotment_id"]),
        **{"amount": "1", "quantity": "25", "standing": "staff", "answer": "take", "confirm": "1", "close": "1"},
    }
    rules = [rule for rule in app.url_map.iter_rules() if asked_of(app, rule)]
    for rule in rules:
        for method in methods(rule):
            where = address(rule, neighbour)
            if method == "GET":
                sent = teacher.get(where, query_string=foreign)
            else:
                sent = teacher.post(where, data=foreign | token, query_string={"course": foreign["course"]})
            assert not any(word in sent.text for word in SECRETS), (method, rule)
            if rule.arguments:
                assert sent.status_code == 404, (method, rule)
            assert sent.status_code < 500, (method, rule)
            assert "opened in an earlier visit" not in sent.text, (method, rule)
    assert sum(bool(rule.arguments) for rule in rules) >= 10
    assert belongings(engine, neighbour["license_id"]) == before
