"""A link for the office: one for each order, as long as the quote's price holds and nobody closed it."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.purchasing import office_links
from lti_tool.purchasing.refusals import OrderClosed, PriceExpired
from tests.factories import NOW, make_license, make_order

DAY = timedelta(days=1)


def test_pressed_again_the_link_is_the_same_while_it_counts(session: Session) -> None:
    order = make_order(session, make_license(session), method=None, status="draft")
    link = office_links.make(session, order, person_id=None, now=NOW)
    assert office_links.make(session, order, person_id=None, now=NOW + DAY) is link
    assert office_links.current(session, order.id, now=NOW) is link
    assert office_links.follow(session, link.id, now=NOW).order_id == order.id
    office_links.close(session, order, now=NOW)
    assert office_links.current(session, order.id, now=NOW) is None
    following = office_links.make(session, order, person_id=None, now=NOW)
    assert following.id != link.id
    for gone in (link.id, "nothing", order.id):
        with pytest.raises(NotFound):
            office_links.follow(session, gone, now=NOW)


def test_a_link_ends_with_the_price_and_after_thirty_days_at_the_latest(session: Session) -> None:
    license_ = make_license(session)
    short, long = (make_order(session, license_, method=None, status="draft") for _ in range(2))
    short.expires_at, long.expires_at = NOW + 3 * DAY, NOW + 60 * DAY
    ends = {}
    for order in (short, long):
        link = office_links.make(session, order, person_id=None, now=NOW)
        ends[order.id] = link.expires_at
        assert office_links.follow(session, link.id, now=link.expires_at - timedelta(seconds=1)) is link
        with pytest.raises(NotFound):
            office_links.follow(session, link.id, now=link.expires_at)
        assert office_links.current(session, order.id, now=link.expires_at) is None
    assert ends == {short.id: NOW + 3 * DAY, long.id: NOW + 30 * DAY}
    with pytest.raises(PriceExpired):
        office_links.make(session, short, person_id=None, now=NOW + 3 * DAY)
    over = office_links.current(session, long.id, now=NOW)
    assert office_links.make(session, long, person_id=None, now=NOW + 30 * DAY) is not over


def test_a_placed_order_has_a_link_for_its_papers_and_a_cancelled_one_none(session: Session) -> None:
    license_ = make_license(session)
    placed = make_order(session, license_, method="purchase_order")
    late = placed.expires_at + DAY
    assert office_links.make(session, placed, person_id=None, now=late).expires_at == late + 30 * DAY
    with pytest.raises(OrderClosed):
        office_links.make(session, make_order(session, license_, status="cancelled"), person_id=None, now=NOW)
