"""/operator/platforms: the registered LMSs, those that wait first."""

from flask import Blueprint, render_template

from lti_tool.db import db
from lti_tool.lti import last_test, platform_list
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import pieces


def routes(blueprint: Blueprint) -> None:
    """Adds the list."""
    blueprint.add_url_rule("/platforms", "platforms", platforms)


@only(OPERATOR)
def platforms() -> str:
    """One page of them; `?find=`, and `?after=` goes on."""
    session, text = db.session(), pieces.text()
    found = platform_list.listed(session, text, after=pieces.after(), limit=pieces.PAGE + 1)
    rows, last = pieces.cut(found)
    ids = [platform.id for platform in rows]
    return render_template(
        "operator/platforms.html",
        rows=rows,
        deployments=platform_list.counted(session, ids),
        tests=last_test.of(session, ids),
        find=text,
        more=platform_list.place(session, last) if last else None,
    )
