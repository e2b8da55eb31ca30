"""Stripe's API, version 1, as far as paying an order goes: what the official SDK calls."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel

from lti_tool.demo.gateway.answers import Answer, new_request_id
from lti_tool.demo.gateway.courier import API_VERSION
from lti_tool.demo.gateway.desk import this_desk
from lti_tool.demo.gateway.errors import StripeError
from lti_tool.demo.gateway.parameters import NewRefund, NewSession, Nothing, nested, read

routes = Blueprint("api", __name__, url_prefix="/v1")
_Model = TypeVar("_Model", bound=BaseModel)


@routes.before_request
def authenticate() -> None:
    """The secret key, as a bearer or as Basic's user name."""
    sent = request.authorization
    key = "" if sent is None else (sent.token if sent.type == "bearer" else sent.username) or ""
    if not key:
        raise StripeError("You did not provide an API key. Use Bearer auth: 'Authorization: Bearer KEY'.", status=401)
    if not hmac.compare_digest(key.encode(), this_desk().config.secret_key.encode()):
        raise StripeError(f"Invalid API Key provided: {key[:8]}****", status=401)


@routes.post("/checkout/sessions")
def create_session() -> Response:
    """docs.stripe.com/api/checkout/sessions/create"""
    return _once(NewSession, lambda wanted: this_desk().till.open(wanted).shape(this_desk().config.url))


@routes.get("/checkout/sessions/<session_id>")
def retrieve_session(session_id: str) -> Response:
    """docs.stripe.com/api/checkout/sessions/retrieve"""
    return _read(lambda: this_desk().till.session(session_id).shape(this_desk().config.url))


@routes.post("/checkout/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Response:
    """docs.stripe.com/api/checkout/sessions/expire"""
    return _once(Nothing, lambda _: this_desk().till.expire(session_id)[0].shape(this_desk().config.url))


@routes.get("/payment_intents/<payment_id>")
def retrieve_payment(payment_id: str) -> Response:
    """docs.stripe.com/api/payment_intents/retrieve"""
    return _read(lambda: this_desk().till.payment(payment_id).shape())


@routes.post("/refunds")
def create_refund() -> Response:
    """docs.stripe.com/api/refunds/create"""
    return _once(NewRefund, lambda wanted: this_desk().till.refund(wanted)[0])


@routes.route("/<path:path>", methods=["GET", "POST", "DELETE"])
def unknown(path: str) -> Response:
    """All that the stand-in does not do is refused, as Stripe refuses what it does not know."""
    raise StripeError(f"Unrecognized request URL ({request.method}: /v1/{path}).", status=404)


@routes.app_errorhandler(StripeError)
def refused(refusal: StripeError) -> tuple[Mapping[str, Any], int, dict[str, str]]:
    """In Stripe's shape."""
    return refusal.shape(), refusal.status, {"Request-Id": new_request_id()}


def _once(model: type[_Model], work: Callable[[_Model], Mapping[str, Any]]) -> Response:
    pairs = list(request.form.items(multi=True))
    wanted = read(pairs, model)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= 255:
        raise StripeError("Idempotency keys are 1 to 255 characters long.")
    return _answered(this_desk().answers.give(key, request.path, nested(pairs), lambda: work(wanted)))


def _read(work: Callable[[], Mapping[str, Any]]) -> Response:
    read(request.args.items(multi=True), Nothing)
    return _answered(this_desk().answers.give(None, request.path, {}, work))


def _answered(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, mimetype="application/json")
    response.headers["Request-Id"] = new_request_id()
    response.headers["Stripe-Version"] = API_VERSION
    if answer.is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.is_lost:
        response.set_data(answer.body[: len(answer.body) // 2])
        response.headers["Content-Length"] = str(len(answer.body.encode()))
    return response
