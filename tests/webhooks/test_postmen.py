"""Those who deliver: many at once send each message once, by themselves, and outlive what goes wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select, text
from werkzeug.wrappers import Request, Response

from lti_tool import clock, schema
from lti_tool.db import open_engine, writing
from lti_tool.jobs import Jobs
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.postman import Postman
from lti_tool.settings import Settings
from lti_tool.webhooks import deliveries, endpoints, outbox
from lti_tool.webhooks.deliveries import Attempt, Delivery
from lti_tool.webhooks.endpoints import GONE
from tests.factories import EXPORT_CREDITS, NOW, make_endpoint
from tests.webhooks.receiving import Post, receiving


def test_many_postmen_at_once_send_each_message_once(post: Post) -> None:
    post.happen(20)
    with ThreadPoolExecutor(6) as threads:
        calls = sum(threads.map(lambda _: post.deliver(), range(6)))
    while post.deliver():  # whoever came while another had the turn left it to them
        pass
    assert calls <= 20
    assert sorted(post.receiver.ids) == sorted(one.event_id for one, _ in post.log())


def test_who_lost_the_turn_writes_nothing_down(post: Post) -> None:
    post.happen()
    with post.books() as session:
        first = outbox.claim(session, post.endpoint_id, now=post.now)
        assert first
        assert outbox.claim(session, post.endpoint_id, now=post.now) is None
        message = outbox.next_message(session, first, now=post.now)
        assert message
    post.later(minutes=2)
    assert post.deliver() == 1
    with post.books() as session:
        outcome = outbox.Outcome(post.now, 1, 500, "late")
        assert outbox.settle(session, first, message, outcome, chance=0.5, now=post.now) is None
    [(delivery, tried)] = post.log()
    assert (delivery.status, [one.status for one in tried]) == ("delivered", [204])
    assert post.endpoint().failing_since is None


def test_an_endpoint_that_is_removed_while_it_is_told_stays_removed(post: Post) -> None:
    post.happen(2)

    def remove(_: Request) -> Response:
        with post.books() as session:
            endpoints.remove(session, post.endpoint_id)
        return Response(status=204)

    post.receiver.answer = remove
    assert post.deliver() == 1
    assert post.log() == []
    with post.books() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_a_consumer_delivers_by_itself(post: Post) -> None:
    came = Event()

    def take(_: Request) -> Response:
        came.set()
        return Response(status=204)

    post.receiver.answer = take
    with Jobs(post.settings, post.engine).working():
        post.happen()
        assert came.wait(30)
    assert post.statuses() == ["delivered"]


def test_the_sweep_forgets_what_ended_a_month_ago(post: Post) -> None:
    post.now = clock.now()
    post.happen(3)
    post.deliver()
    post.happen()
    with post.books() as session:
        old, *_ = session.scalars(select(Delivery).order_by(Delivery.event_id)).all()
        old.at = clock.now() - deliveries.KEPT - timedelta(minutes=1)
        assert session.scalar(select(func.count()).select_from(Attempt)) == 3
    Jobs(post.settings, post.engine).sweep()
    assert post.statuses() == ["delivered", "delivered", "waiting"]
    with post.books() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 2


@pytest.mark.slow
def test_a_postman_outlives_a_database_that_refuses(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    patience = range(600)
    with Postman(settings, engine).at_work():
        assert any("wait for the database" in caplog.text or Event().wait(0.1) for _ in patience)
        schema.upgrade(engine)
        with receiving(partial(writing, engine), settings, engine) as post:
            post.happen()
            assert any(post.receiver.got or Event().wait(0.1) for _ in patience)
    engine.dispose()


def test_endpoints_come_and_go_while_credits_are_allotted(post: Post) -> None:
    students = [post.class_.student() for _ in range(4)]

    def come_and_go(_: int) -> None:
        with post.books() as session:
            mine = make_endpoint(session, post.class_.license_id, url="http://localhost:1/hook").id
        with post.books() as session:
            endpoints.remove(session, mine)

    def give(student: str) -> None:
        for _ in range(8):
            post.class_.allot([student], 1)

    with ThreadPoolExecutor(8) as threads:
        doing = [threads.submit(give, student) for student in students]
        doing += [threads.submit(come_and_go, number) for number in range(24)]
        delivering = [threads.submit(post.deliver) for _ in range(8)]
    assert [one.exception() for one in doing if one.exception()] == []
    assert [one.exception() for one in delivering if one.exception()] == []
    while post.deliver():
        pass
    assert post.statuses() == ["delivered"] * 32
    assert len(post.receiver.got) == len(set(post.receiver.ids)) == 32


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)  # on SQLite nobody else writes meanwhile
def test_what_happens_while_an_endpoint_ends_does_not_wait_for_ever(post: Post) -> None:
    post.happen()
    school, student = post.class_.license_id, post.class_.student()
    post.receiver.says(410)
    waits_for_us = text("select count(*) from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))")
    with ThreadPoolExecutor() as threads:
        with post.books() as session:
            allot(session, school, EXPORT_CREDITS, member_ids=[student], each=1, actor=OPERATOR, now=NOW)
            ending = threads.submit(post.deliver)
            while not (ending.done() or session.scalar(waits_for_us)):
                Event().wait(0.01)
        assert ending.result() == 1
    post.happen()
    assert (post.endpoint().status, post.statuses()) == (GONE, ["failed", "failed"])
