"""/operator/licenses: all licences, the newest first, found by name, code or id."""

from flask import Blueprint, current_app, render_template

from lti_tool.db import db
from lti_tool.ledger import pools
from lti_tool.licenses import license_list
from lti_tool.settings import Settings
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import pieces


def routes(blueprint: Blueprint) -> None:
    """Adds the list."""
    blueprint.add_url_rule("/licenses", "licenses", licenses)


@only(OPERATOR)
def licenses() -> str:
    """One page of them; `?find=`, and `?after=` goes on."""
    session, text = db.session(), pieces.text()
    settings: Settings = current_app.extensions["creditroll"]
    found = license_list.listed(session, text, before=pieces.after(), limit=pieces.PAGE + 1)
    rows, last = pieces.cut(found)
    return render_template(
        "operator/licenses.html",
        rows=rows,
        pools=pools.of_licenses(session, [one.id for one in rows]),
        resources=settings.sold,
        find=text,
        more=last.id if last else None,
    )
