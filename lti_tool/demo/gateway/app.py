"""create_gateway: the stand-in as one Flask application, ready for any WSGI server with threads in one process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from flask import Flask, abort, request

from lti_tool.demo.gateway import api, control
from lti_tool.demo.gateway.config import GatewayConfig, is_this_machine
from lti_tool.demo.gateway.desk import open_desk, this_desk

__all__ = ["GatewayConfig", "at_work", "create_gateway"]

_LARGEST = 256_000
_TICK_S = 1.0


def create_gateway(config: GatewayConfig) -> Flask:
    """A stand-in that knows one seller; it remembers in memory, so it wants one process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = _LARGEST
    app.extensions |= open_desk(config)
    app.register_blueprint(api.routes)
    if config.control:
        app.register_blueprint(control.routes)
    app.before_request(_refuse_other_machines)
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
    if not is_this_machine(request.remote_addr or ""):
        abort(403, "The stand-in answers this machine only.")
