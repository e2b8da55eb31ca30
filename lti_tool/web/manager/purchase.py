"""GET /manager/purchase: how this licence gets more credits."""

from flask import Blueprint, render_template

from lti_tool.db import db
from lti_tool.web.access import MANAGER, only
from lti_tool.web.manager.desk import open_desk


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/purchase", "purchase", purchase)


@only(MANAGER)
def purchase() -> str:
    """Whom to ask, and what to tell them."""
    return render_template("manager/purchase.html", desk=open_desk(db.session()))
