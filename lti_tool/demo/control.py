"""The hand of a test in a running LMS: `POST /control/…` with JSON changes rosters, plants faults, reads counters.

A page of another site cannot call it: a JSON body from elsewhere needs a CORS preflight, and none is answered.
"""

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from lti_tool.demo.courses import Part
from lti_tool.demo.faults import Fault
from lti_tool.demo.school import course_or_404, this_school

routes = Blueprint("control", __name__, url_prefix="/control")


class _Whom(BaseModel, extra="forbid"):
    person: str


class _Place(_Whom, extra="forbid"):
    part: str = Part.STUDENT.name
    observes: tuple[str, ...] = ()


class _Name(BaseModel, extra="forbid"):
    given: str = ""
    family: str = ""
    name: str = ""
    email: str = ""


class _Count(BaseModel, extra="forbid"):
    count: int = Field(ge=1, le=20_000)


class _Size(BaseModel, extra="forbid"):
    size: int = Field(ge=1)


@routes.post("/courses/<course_key>/drop")
def drop(course_key: str) -> Response:
    """`{"person"}` leaves the course; the roster does not name them any more."""
    school, whom = this_school(), _Whom.model_validate(request.get_json())
    with school.lock:
        course_or_404(course_key).drop(whom.person)
    return _roster(course_key)


@routes.post("/courses/<course_key>/enroll")
def enroll(course_key: str) -> Response:
    """`{"person", "part", "observes"}` joins the course, or changes part: a name of `Part`, STUDENT unless said."""
    school, place = this_school(), _Place.model_validate(request.get_json())
    part = Part.__members__.get(place.part)
    if place.person not in school.people or part is None or part not in school.family.castings:
        abort(400, "There is no such person, or no such part here.")
    with school.lock:
        course_or_404(course_key).enroll(place.person, part=part, observes=place.observes)
    return _roster(course_key)


@routes.post("/courses/<course_key>/generate")
def generate(course_key: str) -> Response:
    """`{"count"}` more students than before; answers their keys."""
    school, asked = this_school(), _Count.model_validate(request.get_json())
    with school.lock:
        return jsonify(people=school.generate_students(course_or_404(course_key), asked.count))


@routes.post("/people/<person_key>/rename")
def rename(person_key: str) -> Response:
    """`{"given", "family", "name", "email"}`: one left out is not known any more."""
    school, name = this_school(), _Name.model_validate(request.get_json())
    if person_key not in school.people:
        abort(404, "There is no such person.")
    with school.lock:
        return jsonify(name=school.rename(person_key, **name.model_dump()).name)


@routes.get("/people/<person_key>")
def person(person_key: str) -> Response:
    """The ids by which the tool knows somebody."""
    known = this_school().people.get(person_key)
    if known is None:
        abort(404, "There is no such person.")
    return jsonify(key=known.key, sub=known.sub, name=known.name, email=known.email)


@routes.post("/page-size")
def page_size() -> Response:
    """`{"size"}`: people on a roster page at most."""
    this_school().page_size = _Size.model_validate(request.get_json()).size
    return _done()


@routes.post("/faults")
def plant() -> Response:
    """A `Fault` as JSON strikes from now on."""
    this_school().faults.plant(Fault.model_validate(request.get_json()))
    return _done()


@routes.post("/faults/clear")
def clear_faults() -> Response:
    """No more faults."""
    this_school().faults.clear()
    return _done()


@routes.get("/requests")
def requests_by_path() -> Response:
    """How often each path was asked for since the start or the last clearing; paths of the control do not count."""
    return jsonify(dict(this_school().requests))


@routes.post("/requests/clear")
def clear_requests() -> Response:
    """Counts from nought again."""
    this_school().requests.clear()
    return _done()


@routes.post("/reset")
def reset() -> Response:
    """Everything as at the start; access tokens stay good."""
    school = this_school()
    with school.lock:
        school.reset()
    school.requests.clear()
    return _done()


@routes.errorhandler(ValidationError)
def bad_body(refusal: ValidationError) -> tuple[Response, int]:
    """What was wrong with the JSON."""
    return jsonify(error=refusal.errors(include_url=False, include_context=False)), 400


def _roster(course_key: str) -> Response:
    return jsonify(people=[each.person for each in course_or_404(course_key).roster])


def _done() -> Response:
    return jsonify(done=True)
