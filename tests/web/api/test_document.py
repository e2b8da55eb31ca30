"""The document and its page say what the API is, and the API is what they say."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from lti_tool.licenses.licenses import License
from lti_tool.web.api import problems, shapes
from tests.web.api.conftest import Get, Post
from tests.web.api.test_holds import CREDITS


@pytest.fixture
def document(client: FlaskClient) -> Any:
    """The OpenAPI document."""
    return client.get("/api/openapi.json").get_json()


def test_every_call_is_described_with_its_key_header_and_each_answer(app: Flask, document: Any) -> None:
    served = {
        (method, rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace("_id>", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert described.keys() == served
    for (method, _), operation in described.items():
        assert {"401", "403", "422", "429"} <= operation["responses"].keys()
        headers = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
        assert headers == (["Idempotency-Key"] if method == "POST" else [])
        assert all(one["description"] for one in operation["parameters"] if one["in"] != "path")
    for body in ("NewHold", "NewSpend", "Capture"):
        assert all(field["description"] for field in document["components"]["schemas"][body]["properties"].values())
    assert "Hold" in document["components"]["schemas"]


def test_every_code_of_the_document_has_its_meaning_where_problems_point(client: FlaskClient, document: Any) -> None:
    page = client.get("/api/docs").get_data(as_text=True)
    told = {
        code.strip("` .")
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
        for code in answer["description"].partition(": ")[2].split(",")
    }
    assert told <= problems.MEANINGS.keys()
    for code in problems.MEANINGS:
        assert f'id="{code}"' in page


def test_what_calls_answer_has_the_shapes_of_the_document(get: Get, post: Post, school: License, student: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=1, reference="film-7")
    answers: list[tuple[type[BaseModel], Any]] = [
        (shapes.Hold, hold),
        (shapes.Hold, get(f"/holds/{hold.get_json()['id']}")),
        (shapes.Hold, post(f"/holds/{hold.get_json()['id']}/capture")),
        (shapes.Hold, post(f"/members/{student}/spends", resource=CREDITS, amount=1)),
        (shapes.Problem, post(f"/members/{student}/spends", resource=CREDITS, amount=10)),
        (shapes.Listed[shapes.License], get("/licenses")),
        (shapes.License, get(f"/licenses/{school.id}")),
        (shapes.Listed[shapes.Member], get(f"/licenses/{school.id}/members")),
        (shapes.Member, get(f"/members/{student}")),
        (shapes.Listed[shapes.Transfer], get(f"/licenses/{school.id}/transfers")),
    ]
    for shape, answer in answers:
        shape.model_validate_json(answer.data, strict=True)
