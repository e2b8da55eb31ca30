"""The styleguide is for the demo: a tool that serves a school has no such page."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.app import create_app


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These tests ask nothing of the database."""
    return sqlite_url


def test_it_is_there_where_the_settings_say_so(app: Flask) -> None:
    told = create_app(replace(app.extensions["creditroll"], styleguide=True))
    page = told.test_client().get("/styleguide")
    assert page.status_code == 200
    assert "Every part, in every state" in page.get_data(as_text=True)


def test_otherwise_it_is_not(client: FlaskClient) -> None:
    assert client.get("/styleguide").status_code == 404
