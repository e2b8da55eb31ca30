"""For those who run the tool: is it up, is it ready, what does it do; and one log line for each request."""

import logging
import os
import re
import time
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.globals import app_ctx, request_ctx
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import schema
from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.settings import Settings
from lti_tool.web import figures
from lti_tool.web.access import PUBLIC, Rule, only

blueprint = Blueprint("operations", __name__)

NEIGHBOURS = Rule("addresses that the setting metrics_from names")

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_log = structlog.get_logger("creditroll.request")
_lines = logging.getLogger("creditroll.request")

_REQUESTS = Counter("creditroll_requests_total", "Requests answered.", ["method", "route", "status"])
_SECONDS = Histogram(
    "creditroll_request_seconds",
    "Time to answer, in seconds.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_REFUSALS = Counter("creditroll_refusals_total", "Requests refused, by the code people see.", ["code"])


@blueprint.get("/healthz")
@only(PUBLIC)
def healthz() -> Response:
    """This process answers; says nothing about the database."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@only(PUBLIC)
def readyz() -> Response:
    """The database answers and has the migrations that this code needs; 503 otherwise."""
    try:
        ready = schema.current(db.engine) == schema.newest()
    except SQLAlchemyError:
        return _not_ready("the database does not answer")
    return Response("ok\n", mimetype="text/plain") if ready else _not_ready("the database is not up to date")


def _not_ready(why: str) -> Response:
    return Response(f"{why}\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")


@blueprint.get("/metrics")
@only(NEIGHBOURS)
def metrics() -> Response:
    """Figures for Prometheus, over all workers."""
    if not _is_neighbour():
        abort(HTTPStatus.NOT_FOUND)
    return Response(generate_latest(_registry()) + figures.latest(), content_type=CONTENT_TYPE_LATEST)


def _is_neighbour() -> bool:
    settings: Settings = current_app.extensions["creditroll"]
    if not settings.trusted_proxies and {"X-Forwarded-For", "Forwarded"} & {name for name, _ in request.headers}:
        return False  # a proxy that we were not told of: everybody would look like a neighbour
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(address in network for network in settings.metrics_from)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # one process, as in tests
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no annotation there
    return registry


def observe(app: Flask) -> None:
    """Numbers, measures and logs every request; `g.refusal` (a code) is counted where an edge sets it."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    kept = app_ctx.g
    kept.began = time.perf_counter()
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    kept.request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=kept.request_id)


@lru_cache(maxsize=4096)  # as many as there can be, so that the library need not look them up under its lock
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(method, route, status), _SECONDS.labels(route)


def _end(response: Response) -> Response:
    kept, asked = app_ctx.g, request_ctx.request  # each look through `g` or `request` costs as much as a dict of them
    if "began" not in kept:  # refused before the request reached us
        return response
    seconds = time.perf_counter() - kept.began
    route = asked.url_rule.rule if asked.url_rule else "none"
    method = asked.method if asked.method in _METHODS else "other"
    requests, times = _series(method, route, response.status_code)
    requests.inc()
    times.observe(seconds)
    refusal = kept.get("refusal")
    if refusal is not None:
        _REFUSALS.labels(refusal).inc()
    response.headers["X-Request-Id"] = kept.request_id
    level = logging.DEBUG if asked.blueprint == blueprint.name else logging.INFO  # probes ask every few seconds
    if _lines.isEnabledFor(level) or not structlog.is_configured():  # which then writes everything
        _log.log(
            level,
            "request",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            **({"refusal": refusal} if refusal is not None else {}),
        )
    return response
