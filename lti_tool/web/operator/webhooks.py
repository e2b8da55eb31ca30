"""/operator/webhooks: which programs are told, those first that cannot be reached."""

from flask import Blueprint, render_template

from lti_tool import clock
from lti_tool.db import db
from lti_tool.licenses import licenses
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import pieces
from lti_tool.webhooks import deliveries, endpoints


def routes(blueprint: Blueprint) -> None:
    """Adds the list."""
    blueprint.add_url_rule("/webhooks", "webhooks", webhooks)


@only(OPERATOR)
def webhooks() -> str:
    """One page of endpoints; `?after=` goes on."""
    session = db.session()
    rows, last = pieces.cut(endpoints.listed(session, after=pieces.after(), limit=pieces.PAGE + 1))
    waiting, oldest_s = deliveries.waiting(session, now=clock.now())
    return render_template(
        "operator/webhooks.html",
        rows=rows,
        schools=licenses.names(session, {one.license_id for one in rows}),
        waiting=waiting,
        oldest_s=round(oldest_s),
        more=endpoints.place(last) if last else None,
    )
