"""POST /student/ask: a student who has nothing left asks the teachers for credits, or takes that back."""

from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from lti_tool.db import database_now, transaction
from lti_tool.errors import Invalid
from lti_tool.ledger.refusals import NotActive
from lti_tool.members import requests
from lti_tool.members.requests import AskedOften, HasCredits
from lti_tool.settings import Settings
from lti_tool.web import access
from lti_tool.web.access import LEARNER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.student import home


def routes(blueprint: Blueprint) -> None:
    """Adds what the page's form and its button post to."""
    blueprint.add_url_rule("/ask", "ask", ask, methods=["POST"])
    blueprint.add_url_rule("/ask/withdraw", "ask_withdraw", withdraw, methods=["POST"])


@only(LEARNER)
def ask() -> ResponseReturnValue:
    """Notes it once, however often it is pressed; what is wrong stands beside the field."""
    visit, settings = access.visit(), _settings()
    posted = Form.posted("reason")
    if visit.license_id is None or visit.member_id is None:
        return done(url_for("student.home"))
    try:
        with transaction() as session:
            requests.ask(
                session,
                visit.license_id,
                settings.resource,
                visit.member_id,
                reason=posted.values["reason"] or None,
                now=database_now(session),
            )
    except (Invalid, AskedOften) as refused:
        posted.wrong["reason"] = refused.detail
        return home.page(posted), 422
    except (HasCredits, NotActive):
        return done(url_for("student.home"))  # credits came meanwhile, or the student went: the page says so
    return done(url_for("student.home", asked=1))


@only(LEARNER)
def withdraw() -> ResponseReturnValue:
    """Takes it back."""
    visit = access.visit()
    if visit.license_id is not None and visit.member_id is not None:
        with transaction() as session:
            name = _settings().resource.name
            requests.withdraw(session, visit.license_id, name, visit.member_id, now=database_now(session))
    return done(url_for("student.home", withdrawn=1))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
