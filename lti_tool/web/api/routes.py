"""Every address of the machine API, with the view behind it."""

from functools import partial

from flask import Blueprint, Flask

from lti_tool.settings import Settings
from lti_tool.web.api import callers, licenses, members, transfers
from lti_tool.web.api.rate import Rate

PREFIX = "/api/"

_READS = (
    ("/licenses", licenses.page),
    ("/licenses/<uuid:license_id>", licenses.one),
    ("/licenses/<uuid:license_id>/members", members.page),
    ("/licenses/<uuid:license_id>/transfers", transfers.page),
    ("/members/<uuid:member_id>", members.one),
)


def join(app: Flask, settings: Settings) -> None:
    """Adds the API to the app; its errors are `problems.answer`'s, below PREFIX."""
    api = Blueprint("api", __name__, url_prefix=f"{PREFIX}v1")
    api.before_request(partial(callers.admit, Rate(settings.api_rate_limit)))
    for address, view in _READS:
        api.add_url_rule(address, f"{view.__module__.rpartition('.')[2]}_{view.__name__}", view, methods=["GET"])
    app.register_blueprint(api)
