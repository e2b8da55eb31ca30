"""Killed with -9 at any moment between an effect and its delivery: each effect has its event, and each event comes."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from lti_tool.db import db, transaction
from lti_tool.ledger import allotment
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Batch
from lti_tool.postman import Postman
from lti_tool.settings import Settings
from lti_tool.webhooks.outbox import CLAIMED_FOR
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.faults.killing import Killer
from tests.webhooks.receiving import Post, receiving

pytestmark = pytest.mark.slow


@pytest.fixture
def post(books: Books, settings: Settings, engine: Engine) -> Iterator[Post]:
    """A receiver, in a process that nobody kills."""
    with receiving(books, settings, engine) as post:
        yield post


def allot_and_deliver(app: Flask, license_id: str, student: str, passed_s: int) -> None:
    """A teacher allots, and the event is delivered at once."""
    settings: Settings = app.extensions["creditroll"]
    now = NOW + timedelta(seconds=passed_s)
    with app.app_context():
        with transaction() as session:
            allotment.allot(session, license_id, EXPORT_CREDITS, member_ids=[student], each=1, actor=OPERATOR, now=NOW)
        Postman(settings, db.engine, now=lambda: now).deliver()


def test_each_effect_that_was_committed_is_told_and_no_other(post: Post, settings: Settings) -> None:
    student = post.class_.student()
    killer = Killer(vars(settings))
    passed = count(0, int(CLAIMED_FOR.total_seconds()) + 1)
    killed = 0
    for moment in count(1):
        at = next(passed)
        if not killer.die(moment, allot_and_deliver, post.class_.license_id, student, at):
            break
        killed += 1
    killer.end()
    post.later(seconds=next(passed))
    post.deliver()

    with post.books() as session:
        batches = set(session.scalars(select(Batch.id).where(Batch.kind == "manual_allotment")))
    assert killed > 10
    assert {one.json["data"]["batch"] for one in post.receiver.got} == batches
    assert len(set(post.receiver.ids)) == len(batches)
    assert set(post.statuses()) == {"delivered"}
    assert post.class_.faults() == []
