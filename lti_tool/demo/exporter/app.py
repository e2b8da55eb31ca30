"""create_exporter: the exporter as one Flask application, ready for any WSGI server with threads in one process."""

from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from lti_tool.demo.exporter.config import TAKES, ExporterConfig
from lti_tool.demo.exporter.films import TITLE, Film, State, Studio
from lti_tool.demo.exporter.tokens import Door, TokenRefusedError
from lti_tool.demo.guarding import guard, refuse_other_machines

__all__ = ["TAKES", "ExporterConfig", "create_exporter"]

_LARGEST = 64_000
_CONFIG, _DOOR, _STUDIO = "creditroll.exporter", "creditroll.exporter.door", "creditroll.exporter.studio"

routes = Blueprint("exporter", __name__)


def create_exporter(config: ExporterConfig) -> Flask:
    """An exporter that remembers in memory, so it wants one process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = _LARGEST
    app.extensions |= {_CONFIG: config, _DOOR: Door(config), _STUDIO: Studio(config)}
    app.register_blueprint(routes)
    app.before_request(_refuse_other_machines)
    app.after_request(_guard)
    app.register_error_handler(HTTPException, _problem)
    return app


@routes.post(TAKES)
def take() -> ResponseReturnValue:
    """Whom the tool hands on. The page that follows has an address of its own, so that it can be reloaded."""
    # Browsers send no Origin from the tool's page (its Referrer-Policy): the token alone is the proof.
    try:
        student = cast(Door, current_app.extensions[_DOOR]).read(request.form.get("token", ""))
    except TokenRefusedError as refused:
        return render_template("refused.html", reason=str(refused)), 401
    return redirect(url_for("exporter.film", film_id=_studio().open(student).id), 303)


@routes.get("/films/<film_id>")
def film(film_id: str) -> str:
    """The work, and what becomes of its export."""
    found = _found(film_id)
    return render_template("film.html", film=found, export=found.latest, State=State, title=TITLE)


@routes.post("/films/<film_id>")
def export(film_id: str) -> ResponseReturnValue:
    """`how`: fails, if it is to go wrong."""
    here = _config().url
    if request.headers.get("Origin", here) != here:
        abort(403, "This form is not from here.")
    _studio().export(_found(film_id), fails=request.form.get("how") == "fails")
    return redirect(url_for("exporter.film", film_id=film_id), 303)


@routes.get("/")
def front() -> str:
    """For whoever comes without being handed on."""
    return render_template("refused.html", reason="")


def _refuse_other_machines() -> None:
    refuse_other_machines("The demo's exporter")


def _guard(response: Response) -> Response:
    return guard(
        response,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {_config().framed_by}",
    )


def _found(film_id: str) -> Film:
    film = _studio().find(film_id)
    if film is None:
        abort(404, "This film is not here any more. Open it again from Creditroll.")
    return film


def _studio() -> Studio:
    return cast(Studio, current_app.extensions[_STUDIO])


def _config() -> ExporterConfig:
    return cast(ExporterConfig, current_app.extensions[_CONFIG])


def _problem(problem: HTTPException) -> tuple[str, int]:
    return render_template("refused.html", reason=problem.description), problem.code or 500
