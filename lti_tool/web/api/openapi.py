"""GET /api/openapi.json and /api/docs: the API's document, made from the calls themselves (OpenAPI 3.1)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from lti_tool.errors import Invalid, Refusal, Unavailable
from lti_tool.licenses.idempotency import IdempotencyConflict
from lti_tool.web.access import PUBLIC, only
from lti_tool.web.api import problems, shapes
from lti_tool.web.api.bodies import Malformed
from lti_tool.web.api.callers import Forbidden, Unauthorized
from lti_tool.web.api.calls import Call
from lti_tool.web.api.idempotency import HEADER, KeyMissing
from lti_tool.web.api.rate import TooManyRequests

_REF = "#/components/schemas/{model}"
_ALWAYS = (Unauthorized, Forbidden, Invalid, TooManyRequests, Unavailable)
_WRITES = (KeyMissing, Malformed, IdempotencyConflict)
_HTTP = {"too_large": 413, "unsupported_media_type": 415}
"""What a body may be refused for before any of our code sees it."""


@dataclass(frozen=True)
class _Route:
    path: str
    method: str
    name: str
    about: str
    call: Call

    @property
    def refusals(self) -> tuple[type[Refusal], ...]:
        return (*_ALWAYS, *(_WRITES if self.call.body else ()), *self.call.refuses)


def routes(blueprint: Blueprint) -> None:
    """Adds the document and its page."""
    blueprint.add_url_rule("/openapi.json", "openapi", document)
    blueprint.add_url_rule("/docs", "docs", page)


@only(PUBLIC)
def document() -> Response:
    """The document for programs."""
    return Response(_text(current_app.extensions["creditroll"].public_url), mimetype="application/json")


@only(PUBLIC)
def page() -> str:
    """The document for people, with each code where a problem's `type` points."""
    known = json.loads(_text(current_app.extensions["creditroll"].public_url))
    return render_template("api/docs.html", document=known, codes=problems.MEANINGS)


@cache
def _text(public_url: str) -> str:
    found = sorted(_routes(current_app.url_map.iter_rules()), key=lambda route: (route.path, route.method))
    models = {model for route in found for model in (route.call.answers, route.call.body) if model} | {shapes.Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    names, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=_REF)
    refs = {model: names[model, "validation"] for model in ordered}
    paths: dict[str, dict[str, Any]] = {}
    for route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Creditroll", "version": "1", "description": "The books, for programs: see docs/api.md."},
            "servers": [{"url": f"{public_url}/api/v1"}],
            "security": [{"key": []}],
            "paths": paths,
            "components": {
                "schemas": schemas["$defs"],
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _routes(rules: Iterator[Rule]) -> Iterator[_Route]:
    for rule in rules:
        view = current_app.view_functions[rule.endpoint]
        call: Call | None = getattr(view, "call", None)
        if call is not None:
            path = re.sub(r"<\w+:(\w+)_id>", r"{\1}", rule.rule.removeprefix("/api/v1"))
            [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            about = (view.__doc__ or "").strip()
            yield _Route(path, method, rule.endpoint.rpartition(".")[2], about, call)


def _operation(route: _Route, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    answered = {"application/json": {"schema": refs[route.call.answers]}}
    described: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.about,
        "description": f"Scope `{route.call.scope}`.",
        "parameters": [*_path(route.path), *_query(route.call.query), *([_KEY] if route.call.body else [])],
        "responses": {str(route.call.status): {"description": "Done.", "content": answered}} | _problems(route),
    }
    if route.call.body:
        required = any(field.is_required() for field in route.call.body.model_fields.values())
        sent = {"application/json": {"schema": refs[route.call.body]}}
        described["requestBody"] = {"required": required, "content": sent}
    return described


_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "1 to 255 characters of ASCII: new ones for each new request, the same for its repetition.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def _path(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "format": "uuid"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"\{(\w+)\}", path)]


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    properties = model.model_json_schema().get("properties", {})
    return [
        {"name": name, "in": "query", "description": schema.pop("description"), "schema": schema}
        for name, schema in properties.items()
    ]


def _problems(route: _Route) -> dict[str, Any]:
    codes: dict[int, list[str]] = {}
    for refusal in route.refusals:
        codes.setdefault(refusal.status, []).append(refusal.code)
    for code, status in _HTTP.items() if route.call.body else ():
        codes.setdefault(status, []).append(code)
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        str(status): {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in sorted(set(found)))}.",
            "content": content,
        }
        for status, found in sorted(codes.items())
    }
