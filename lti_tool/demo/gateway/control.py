"""The hand of a test in the stand-in: `POST /control/…` with JSON pays, fails, disturbs deliveries, plants faults.

A page of another site cannot call it: a JSON body from elsewhere needs a CORS preflight, and none is answered.
"""

from typing import Literal

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from lti_tool.demo.gateway.courier import Event
from lti_tool.demo.gateway.desk import this_desk
from lti_tool.demo.gateway.parameters import NewRefund

routes = Blueprint("control", __name__, url_prefix="/control")


class _Session(BaseModel, extra="forbid"):
    session: str


class _Payment(BaseModel, extra="forbid"):
    payment: str


class _Refund(_Payment, extra="forbid"):
    amount: int | None = None


class _Dispute(_Payment, extra="forbid"):
    amount: int | None = None
    reason: str = "fraudulent"


class _Verdict(_Payment, extra="forbid"):
    won: bool


class _Delivery(BaseModel, extra="forbid"):
    event: str
    secret: str | None = None
    age_s: int = 0


class _Order(BaseModel, extra="forbid"):
    events: list[str] | None = None


class _Event(BaseModel, extra="forbid"):
    event: str


class _Faults(BaseModel, extra="forbid"):
    faults: list[int | Literal["lost"]] = Field(max_length=1000)


@routes.before_request
def refuse_forms() -> None:
    """What a page of another site could send without asking first."""
    if request.method == "POST" and not request.is_json:
        abort(415, "The control takes JSON.")


@routes.post("/<any(pay, pay_later, settle, fail):what>")
def pay(what: str) -> Response:
    """`{"session"}`: by card, by bank transfer, the transfer has come, it has failed. The event."""
    till, asked = this_desk().till, _Session.model_validate(request.get_json())
    ways = {"pay": till.pay, "pay_later": till.pay_later, "settle": till.settle, "fail": till.fail}
    return _told(ways[what](asked.session))


@routes.post("/expire")
def expire() -> Response:
    """`{"session"}`: nobody can pay it any more. The event."""
    asked = _Session.model_validate(request.get_json())
    return _told(this_desk().till.expire(asked.session)[1])


@routes.post("/refund")
def refund() -> Response:
    """`{"payment", "amount"}`, in minor units; all that is left unless said. The event."""
    asked = _Refund.model_validate(request.get_json())
    return _told(this_desk().till.refund(NewRefund(payment_intent=asked.payment, amount=asked.amount))[1])


@routes.post("/dispute")
def dispute() -> Response:
    """`{"payment", "amount", "reason"}`: the whole payment unless said. The event."""
    asked = _Dispute.model_validate(request.get_json())
    return _told(this_desk().till.dispute(asked.payment, amount=asked.amount, reason=asked.reason))


@routes.post("/close-dispute")
def close_dispute() -> Response:
    """`{"payment", "won"}`. The event."""
    asked = _Verdict.model_validate(request.get_json())
    return _told(this_desk().till.close_dispute(asked.payment, won=asked.won))


@routes.get("/events")
def events() -> Response:
    """Every event so far, oldest first, and what became of it."""
    return jsonify(events=[event.shape() for event in this_desk().courier.all()])


@routes.post("/deliver")
def deliver() -> Response:
    """`{"event", "secret", "age_s"}`: once more; by another secret, or as if it were older, if said."""
    asked = _Delivery.model_validate(request.get_json())
    return jsonify(status=this_desk().courier.send(asked.event, secret=asked.secret, age_s=asked.age_s))


@routes.post("/hold")
def hold() -> Response:
    """From now on events wait."""
    this_desk().courier.hold()
    return jsonify(done=True)


@routes.post("/release")
def release() -> Response:
    """`{"events"}`: these ids in this order; without them all, and holds no more."""
    asked = _Order.model_validate(request.get_json())
    return jsonify(events=[event.shape() for event in this_desk().courier.release(asked.events)])


@routes.post("/drop")
def drop() -> Response:
    """`{"event"}` will not come by itself."""
    this_desk().courier.drop(_Event.model_validate(request.get_json()).event)
    return jsonify(done=True)


@routes.post("/faults")
def plant() -> Response:
    """`{"faults": [500, 503, "lost"]}`: what the next calls of the API meet, one each, instead of those before."""
    planted = this_desk().answers.planted
    planted.clear()
    planted.extend(_Faults.model_validate(request.get_json()).faults)
    return jsonify(done=True)


@routes.post("/tick")
def tick() -> Response:
    """What is due now is done now."""
    this_desk().tick()
    return jsonify(done=True)


@routes.errorhandler(ValidationError)
def bad_body(refusal: ValidationError) -> tuple[Response, int]:
    """What was wrong with the JSON."""
    return jsonify(error=refusal.errors(include_url=False, include_context=False)), 400


def _told(event: Event) -> Response:
    return jsonify(event.shape())
