"""Ten thousand members at once, as no course has them but a district's license may (R18)."""

from sqlalchemy import text

from lti_tool.ids import new_id
from lti_tool.ledger import accounts
from tests.conftest import Books
from tests.ledger.a_class import Class, open_class

CROWD = 10_000


def open_crowd(books: Books, *, credits: int) -> tuple[Class, list[str]]:
    """A licence with that many credits and 10,000 members, whose ids these are, ascending."""
    class_ = open_class(books, credits=credits)
    ids = sorted(new_id() for _ in range(CROWD))
    with books() as session:
        [platform_id] = session.scalars(text("select id from platforms"))
        session.execute(
            text(
                "insert into people (id, platform_id, subject, sort_name, created_at)"
                " values (:id, :platform, :subject, :subject, 0)"
            ),
            [{"id": one, "platform": platform_id, "subject": f"subject of {one}"} for one in ids],
        )
        session.execute(
            text(
                "insert into members (id, license_id, person_id, created_at, sort_name, lower_email)"
                " values (:id, :license, :person, 0, :subject, '')"
            ),
            [{"id": one, "license": class_.license_id, "person": one, "subject": f"subject of {one}"} for one in ids],
        )
        accounts.open_accounts(session, class_.license_id, ids)
    return class_, ids
