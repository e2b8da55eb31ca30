"""PyLTI1p3 as its documentation shows it for Flask: login, launch, a page that names the user. No books, no database.

Its launch data are in a cache in memory, which is quicker than what its examples use. `PEER_KEEPS_KEYS=1` adds the key
cache that its documentation offers; without it, the platform's key set is fetched at each launch.
"""

import os
from typing import Any

from flask import Flask
from pylti1p3.contrib.flask.launch_data_storage.cache import FlaskCacheDataStorage
from pylti1p3.contrib.flask.message_launch import FlaskMessageLaunch
from pylti1p3.contrib.flask.oidc_login import FlaskOIDCLogin
from pylti1p3.contrib.flask.request import FlaskRequest
from pylti1p3.tool_config.dict import ToolConfDict

_PAGE = """<!doctype html><html lang="en"><title>Launched</title><h1>{{ name }}</h1>"""


class Memory:
    """A cache as the storage expects one; nothing in it ends, which costs less than ending it."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """What was kept, or None."""
        return self._kept.get(key)

    def set(self, key: str, value: Any, timeout: int | None = None) -> None:
        """Keeps it."""
        self._kept[key] = value


def tool_configuration() -> ToolConfDict:
    """The one platform that the environment names."""
    return ToolConfDict(
        {
            os.environ["PEER_ISSUER"]: {
                "client_id": os.environ["PEER_CLIENT_ID"],
                "auth_login_url": os.environ["PEER_AUTH_URL"],
                "auth_token_url": os.environ["PEER_TOKEN_URL"],
                "key_set_url": os.environ["PEER_KEY_SET_URL"],
                "deployment_ids": [os.environ["PEER_DEPLOYMENT_ID"]],
            }
        }
    )


def launched(configuration: ToolConfDict, storage: FlaskCacheDataStorage) -> dict[str, Any]:
    """The validated claims of the launch that this request posts."""
    launch = FlaskMessageLaunch(FlaskRequest(), configuration, launch_data_storage=storage)
    if os.environ.get("PEER_KEEPS_KEYS"):
        launch.set_public_key_caching(storage, cache_lifetime=7200)
    return dict(launch.get_launch_data())


def begin_login(configuration: ToolConfDict, storage: FlaskCacheDataStorage) -> Any:
    """The redirect to the LMS that this login request asks for."""
    asked = FlaskRequest()
    login = FlaskOIDCLogin(asked, configuration, launch_data_storage=storage)
    return login.redirect(asked.get_param("target_link_uri"))


def application() -> Flask:
    """The app."""
    app = Flask(__name__)
    app.secret_key = os.urandom(32)
    storage, configuration = FlaskCacheDataStorage(Memory()), tool_configuration()
    page = app.jinja_env.from_string(_PAGE)

    @app.route("/login/", methods=["GET", "POST"])
    def login() -> Any:
        return begin_login(configuration, storage)

    @app.post("/launch/")
    def launch() -> str:
        return page.render(name=launched(configuration, storage)["name"])

    return app
