"""A form's one order, whoever sends it at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from lti_tool.ids import new_id
from lti_tool.purchasing import orders
from lti_tool.purchasing.refusals import TooManyQuotes
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, SHOP, make_license, make_order


def test_a_flood_of_quotes_ends_where_a_license_has_enough_of_them(session: Session) -> None:
    license_, other = make_license(session), make_license(session)
    made = [make_order(session, license_, status="draft") for _ in range(orders.MOST_QUOTES)]
    with pytest.raises(TooManyQuotes):
        make_order(session, license_, status="draft")
    make_order(session, other, status="draft")
    orders.close(made[0], "cancelled", by="manager", now=NOW)
    make_order(session, license_, status="draft")


def test_a_form_that_comes_eight_times_at_once_makes_one_order(books: Books) -> None:
    with books() as session:
        license_id = make_license(session).id
    key, start = new_id(), Barrier(8)

    def send(_number: int) -> str:
        start.wait()
        with books() as session:
            return orders.draft(
                session, license_id, SHOP, EXPORT_CREDITS.name, 100, buyer_id=None, now=NOW, request_key=key
            ).id

    with ThreadPoolExecutor(8) as presses:
        assert len(set(presses.map(send, range(8)))) == 1
    with books() as session:
        assert len(orders.of_license(session, license_id)) == 1
