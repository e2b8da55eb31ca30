"""Every address of the machine API, with the view behind it."""

from flask import Blueprint, Flask

from lti_tool.settings import Settings
from lti_tool.web.api import holds, licenses, members, openapi, spends, transfers
from lti_tool.web.api.callers import Door
from lti_tool.web.api.rate import Rate

PREFIX = "/api/"

_READS = (
    ("/licenses", licenses.page),
    ("/licenses/<uuid:license_id>", licenses.one),
    ("/licenses/<uuid:license_id>/members", members.page),
    ("/licenses/<uuid:license_id>/transfers", transfers.page),
    ("/members/<uuid:member_id>", members.one),
    ("/holds/<uuid:hold_id>", holds.one),
)
_WRITES = (
    ("/members/<uuid:member_id>/holds", holds.create),
    ("/members/<uuid:member_id>/spends", spends.create),
    ("/holds/<uuid:hold_id>/capture", holds.capture),
    ("/holds/<uuid:hold_id>/release", holds.release),
)


def join(app: Flask, settings: Settings) -> None:
    """Adds the API to the app; its errors are `problems.answer`'s, below PREFIX."""
    api = Blueprint("api", __name__, url_prefix=f"{PREFIX}v1")
    api.before_request(Door(Rate(settings.api_rate_limit)).admit)
    for method, rules in (("GET", _READS), ("POST", _WRITES)):
        for address, view in rules:
            name = f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
            api.add_url_rule(address, name, view, methods=[method])
    app.register_blueprint(api)
    document = Blueprint("api_document", __name__, url_prefix=PREFIX)
    openapi.routes(document)
    app.register_blueprint(document)
