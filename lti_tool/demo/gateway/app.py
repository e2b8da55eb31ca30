"""create_gateway: the stand-in as one Flask application, ready for any WSGI server with threads in one process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from flask import Flask, Response, g, render_template
from werkzeug.exceptions import HTTPException

from lti_tool import money
from lti_tool.demo.gateway import api, control, pages
from lti_tool.demo.gateway.config import GatewayConfig, made_up_keys
from lti_tool.demo.gateway.desk import open_desk, this_desk
from lti_tool.demo.guarding import guard, refuse_other_machines

__all__ = ["GatewayConfig", "at_work", "create_gateway", "made_up_keys"]

_LARGEST = 256_000
_TICK_S = 1.0


def create_gateway(config: GatewayConfig) -> Flask:
    """A stand-in that knows one seller; it remembers in memory, so it wants one process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = _LARGEST
    app.extensions |= open_desk(config)
    app.register_blueprint(api.routes)
    app.register_blueprint(pages.routes)
    if config.control:
        app.register_blueprint(control.routes)
    app.before_request(_refuse_other_machines)
    app.after_request(_guard)
    app.register_error_handler(HTTPException, _problem)
    app.add_template_filter(_as_money, "money")
    app.add_template_filter(_as_time, "time")
    return app


@contextmanager
def at_work(app: Flask) -> Iterator[None]:
    """For the block, what time brings happens by itself."""
    stop = Event()

    def tick() -> None:
        with app.app_context():
            while not stop.wait(_TICK_S):
                this_desk().tick()

    thread = Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _refuse_other_machines() -> None:
    # Whatever serves this application, on whatever address: nobody elsewhere can believe that it takes money.
    refuse_other_machines("The stand-in")


def _guard(response: Response) -> Response:
    """Nothing runs on these pages, nothing frames them, as nothing frames Stripe's."""
    return guard(
        response,
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {g.get('goes_on_to', '')}; frame-ancestors 'none'; base-uri 'none'",
    )


def _problem(problem: HTTPException) -> tuple[str, int]:
    return render_template("refused.html", title=problem.name, message=problem.description), problem.code or 500


def _as_money(minor: int, currency: str) -> str:
    return money.shown(minor, currency.upper())


def _as_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %d, %H:%M:%S UTC")
