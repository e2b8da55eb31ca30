"""The suite's own ground: fresh databases, and factories that the schema and the ledger accept."""

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from lti_tool import schema
from lti_tool.ledger.pools import totals
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, make_context, make_license, make_member


def test_each_test_gets_a_migrated_empty_database(engine: Engine, books: Books) -> None:
    assert schema.current(engine) == schema.newest()
    with books() as session:
        assert session.scalar(select(func.count()).select_from(License)) == 0


def test_factories_make_a_class_whose_books_balance(session: Session) -> None:
    context = make_context(session)
    license_ = make_license(session, credits=100, context=context)
    make_member(session, license_, context, role=Role.TEACHER, name="Grace Hopper")
    make_member(session, license_, context, name=None)
    make_member(session, license_, context, active=False)
    [figures] = totals(session, license_.id, now_us=0)
    assert (figures.resource, figures.issued, figures.pool, figures.allotted) == (EXPORT_CREDITS.name, 100, 100, 0)


def test_the_client_speaks_to_the_tool(client: FlaskClient) -> None:
    assert client.get("/nothing-here").status_code == 404
