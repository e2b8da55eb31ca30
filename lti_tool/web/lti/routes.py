"""Every address that an LMS calls, with the view behind it."""

from flask import Blueprint, Flask

from lti_tool.lti.door import DOOR, open_door
from lti_tool.lti.refusals import LaunchRefused
from lti_tool.lti.registration import Registrar
from lti_tool.lti.registration_refusals import RegistrationRefused
from lti_tool.settings import Settings
from lti_tool.web.lti import config, deep_link, jwks, launch, login, no_launch, notices, open, register
from lti_tool.web.lti.refused import Refusals


def join(app: Flask, settings: Settings) -> None:
    """Adds the LMSs' addresses to the app."""
    app.extensions[DOOR] = open_door(settings)
    app.extensions[register.REGISTRAR] = Registrar(settings)
    routes = Blueprint("lti", __name__, url_prefix="/lti")
    routes.add_url_rule("/login", "login", login.login, methods=["GET", "POST"])
    routes.add_url_rule("/launch", "launch", launch.launch, methods=["POST"])
    routes.add_url_rule("/open", "open", open.open_new_tab, methods=["POST"])
    routes.add_url_rule("/launch", "no_launch", no_launch.no_launch, methods=["GET"])
    routes.add_url_rule("/deep-link", "deep_link", deep_link.answer, methods=["POST"])
    routes.add_url_rule("/jwks.json", "jwks", jwks.jwks, methods=["GET"])
    routes.add_url_rule("/config.json", "config", config.config, methods=["GET"])
    routes.add_url_rule("/icon.png", "icon", config.icon, methods=["GET"])
    routes.add_url_rule("/register", "register", register.register, methods=["GET", "POST"])
    routes.add_url_rule("/notices", "notices", notices.take, methods=["POST"])
    refusals = Refusals(settings.launch_rate_limit)
    routes.register_error_handler(RegistrationRefused, refusals.answer_registration)
    routes.register_error_handler(LaunchRefused, refusals.answer)
    app.register_blueprint(routes)
