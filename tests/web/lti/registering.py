"""An LMS administrator's steps through Dynamic Registration."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.registering_lms import RegisteringLms
from tests.web.pages import Page, post

ADDRESS = "/lti/register"


def propose(client: FlaskClient, lms: RegisteringLms, **changes: str | None) -> TestResponse:
    """The LMS opens our address."""
    sent = {"openid_configuration": lms.configuration_url, "registration_token": lms.token} | changes
    return client.get(ADDRESS, query_string={name: value for name, value in sent.items() if value is not None})


def register(client: FlaskClient, lms: RegisteringLms, **changes: str | None) -> TestResponse:
    """The administrator presses the button of the page that the LMS opened."""
    page = Page(propose(client, lms, **changes))
    assert page.status == 200, page.text
    return post(client, page.form(ADDRESS))


def code(response: TestResponse) -> str:
    """The code at the foot of a refusal."""
    words = Page(response).text.split()
    return words[words.index("Code") + 1]
