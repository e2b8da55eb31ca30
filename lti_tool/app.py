"""The only place that joins the rooms to Flask."""

from collections.abc import Callable, MutableMapping
from typing import Any

from flask import Flask, request
from flask.templating import Environment
from werkzeug.middleware.proxy_fix import ProxyFix

from lti_tool import shipped
from lti_tool.db import db, engine_options, prepare
from lti_tool.jobs import JOBS, Jobs
from lti_tool.lti.keyring import require_private
from lti_tool.settings import Settings, require_secret
from lti_tool.web import (
    access,
    alerts,
    assets,
    csrf,
    errors,
    forms,
    hand_off,
    headers,
    here,
    languages,
    launches,
    manager,
    office,
    operations,
    operator,
    papers,
    paying,
    register,
    session,
    student,
    styleguide,
    webhooks,
    words,
)
from lti_tool.web.api import problems
from lti_tool.web.api import routes as api
from lti_tool.web.lti import routes as lti


class _Pages(Environment):
    """Flask's, where templates share one dict of globals: Jinja's own chain of two costs each page 20 us to walk."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **d} if d else self.globals


class _App(Flask):
    """Flask, without asking each hook and view at each request whether it is a coroutine (none is)."""

    jinja_environment = _Pages

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Flask's own line holds the address as it came, which may be as good as a key."""
        self.logger.error("Exception on %s [%s]", errors.where(), request.method, exc_info=exc_info)


def create_app(settings: Settings) -> Flask:
    """The whole tool as a WSGI application. Raises SettingsError or KeysExposed where it could not run safely."""
    require_secret(settings)
    require_private(settings.keys_dir)
    app = create_books(settings)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign] # Flask's way
    operations.observe(app)
    session.configure(app, settings)
    languages.speak(app, programs=(api.PREFIX, webhooks.PREFIX))
    access.enforce(app)
    forms.limit(app, programs=(api.PREFIX, webhooks.PREFIX))
    csrf.protect(app)
    headers.send(app)
    assets.serve(app)
    words.register(app)
    here.register(app)
    errors.handle(app, programs={api.PREFIX: problems.answer, webhooks.PREFIX: webhooks.answer})
    app.register_blueprint(operations.blueprint)
    paying.join(app, settings)
    api.join(app, settings)
    lti.join(app, settings)
    app.register_blueprint(register.blueprint)
    app.register_blueprint(manager.blueprint)
    app.register_blueprint(student.blueprint)
    app.register_blueprint(launches.blueprint)
    app.register_blueprint(operator.blueprint)
    app.register_blueprint(paying.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(papers.blueprint)
    app.register_blueprint(hand_off.blueprint)
    app.register_blueprint(office.blueprint)
    app.register_blueprint(alerts.blueprint)
    if settings.styleguide:
        app.register_blueprint(styleguide.blueprint)
    return app


def create_books(settings: Settings) -> Flask:
    """Only what the command line and the jobs need: the settings and the database, no pages."""
    app = _App("lti_tool", template_folder=str(shipped.TEMPLATES), static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = dict(engine_options(settings.database_url))
    app.extensions["creditroll"] = settings
    db.init_app(app)
    with app.app_context():
        app.extensions[JOBS] = Jobs(settings, prepare(db.engine, reads_alone=True))
    return app
