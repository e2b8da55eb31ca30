"""What each step of a launch asks the database, exactly: on PostgreSQL round trips, as libpq sends them, BEGIN and
COMMIT too; on SQLite statements.

From the login to the page of a student who is known at most four round trips with one commit are promised (S12), and
two are made. Whoever comes for the first time, and a teacher, takes the long way.
"""

from typing import Any

import pytest
from flask.testing import FlaskClient

from lti_tool.db import db
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti import platforms
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license
from tests.lti_platform import FakePlatform, claims, id_token, launch, login, post, register, serving_platform
from tests.wire import Wire, watched

KNOWN: dict[str, Any] = {"subject": "known"}
NEW: dict[str, Any] = {"subject": "new"}
TEACHER: dict[str, Any] = {"subject": "teacher", "role": "Instructor"}


@pytest.fixture
def lms(books: Books) -> Any:
    """An LMS whose course has a licence, and gives bundles by itself."""
    with serving_platform() as platform:
        with books() as session:
            [deployment] = platforms.deployments(session, register(session, platform))
            license_ = make_license(session, deployment=deployment)
            policies.save(session, license_.id, EXPORT_CREDITS, maximum=20, based_on=0, actor=OPERATOR, now=NOW)
        yield platform


def steps(client: FlaskClient, lms: FakePlatform, person: dict[str, Any]) -> list[Wire]:
    """What the login, the launch and the page behind it sent."""
    with client.application.app_context():
        engine = db.engine
    with watched(engine) as of_login:
        begun = login(client, lms)
    token = id_token(lms, claims(lms, tool="https://tool.test", nonce=begun.nonce, **person))
    with watched(engine) as of_launch:
        answer = post(client, id_token=token, state=begun.state)
    with watched(engine) as of_page:
        page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    return [of_login, of_launch, of_page]


@pytest.mark.parametrize(
    ("person", "on_postgresql", "on_sqlite"),
    [
        pytest.param(KNOWN, [0, 1, 1], [0, 6, 1], id="a student again"),
        pytest.param(NEW, [0, 7, 1], [0, 23, 1], id="a student for the first time"),
        pytest.param(TEACHER, [0, 8], [0, 13], id="a teacher again"),
    ],
)
def test_each_step_asks_the_database_so_often(
    client: FlaskClient, lms: FakePlatform, person: dict[str, Any], on_postgresql: list[int], on_sqlite: list[int]
) -> None:
    for came in (KNOWN, TEACHER):
        client.get(launch(client, lms, **came).headers["Location"])
    sent = steps(client, lms, person)
    with client.application.app_context():
        expected = on_sqlite if db.engine.dialect.name == "sqlite" else on_postgresql
    counted = [wire.trips for wire in sent[: len(expected)]]  # the manager's pages are counted with themselves
    assert counted == expected, "\n".join(wire.said for wire in sent)


def test_the_key_set_is_read_once_for_any_number_of_launches(client: FlaskClient, lms: FakePlatform) -> None:
    for number in range(5):
        launch(client, lms, subject=f"s-{number}")
    assert lms.fetches == 1
