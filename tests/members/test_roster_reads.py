"""A course has one reading at a time, a crash loses none, and what was overtaken writes nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.members import roster_reads
from lti_tool.members.roster_faults import why
from lti_tool.members.roster_reads import GIVE_UP, LEASE, RosterRead, Superseded
from tests.factories import NOW, make_context

SECOND = timedelta(seconds=1)


@pytest.fixture
def course(session: Session) -> str:
    return make_context(session).id


def _row(session: Session, course: str) -> RosterRead:
    row = roster_reads.progress(session, course)
    assert row is not None
    return row


def test_a_reading_that_waits_or_goes_on_is_not_doubled(session: Session, course: str) -> None:
    assert roster_reads.progress(session, course) is None
    assert roster_reads.request_read(session, course, requested_by=None, now=NOW)
    assert not roster_reads.request_read(session, course, requested_by=None, now=NOW + SECOND)
    roster_reads.claim(session, course, now=NOW + SECOND)
    assert not roster_reads.request_read(session, course, requested_by=None, now=NOW + 2 * SECOND)

    assert roster_reads.request_read(session, course, requested_by=None, now=NOW + SECOND + LEASE)
    assert _row(session, course).status == "queued"


def test_one_of_many_workers_reads(session: Session, course: str) -> None:
    roster_reads.request_read(session, course, requested_by=None, now=NOW)

    turns = [roster_reads.claim(session, course, now=NOW + SECOND) for _ in range(3)]

    assert [turn is not None for turn in turns] == [True, False, False]


def test_nothing_is_read_that_nobody_asked_for(session: Session, course: str) -> None:
    assert roster_reads.claim(session, course, now=NOW) is None


def test_progress_is_seen_and_ends_as_done(session: Session, course: str) -> None:
    roster_reads.request_read(session, course, requested_by=None, now=NOW)
    turn = roster_reads.claim(session, course, now=NOW)
    assert turn is not None
    turn = roster_reads.touch(session, turn, people_read=50, pages_read=1, now=NOW + SECOND)
    seen = _row(session, course)
    assert (seen.status, seen.people_read, seen.pages_read, seen.is_under_way) == ("reading", 50, 1, True)

    roster_reads.finish(session, turn, status="done", added=50, dropped=2, now=NOW + 2 * SECOND)

    seen = _row(session, course)
    assert (seen.status, seen.added, seen.dropped, seen.is_under_way) == ("done", 50, 2, False)
    assert seen.complete_at == seen.finished_at == NOW + 2 * SECOND


def test_a_failure_keeps_the_time_of_the_last_complete_reading(session: Session, course: str) -> None:
    for status, at in (("done", NOW), ("failed", NOW + SECOND)):
        roster_reads.request_read(session, course, requested_by=None, now=at)
        turn = roster_reads.claim(session, course, now=at)
        assert turn is not None
        roster_reads.finish(session, turn, status=status, error_code="timeout" if status == "failed" else None, now=at)

    seen = _row(session, course)
    assert (seen.status, seen.error_code, seen.complete_at) == ("failed", "timeout", NOW)


def test_a_reader_that_was_overtaken_writes_nothing_more(session: Session, course: str) -> None:
    roster_reads.request_read(session, course, requested_by=None, now=NOW)
    slow = roster_reads.claim(session, course, now=NOW)
    quick = roster_reads.claim(session, course, now=NOW + SECOND, take_over=True)
    assert slow is not None
    assert quick is not None

    with pytest.raises(Superseded):
        roster_reads.touch(session, slow, people_read=1, pages_read=1, now=NOW + 2 * SECOND)
    with pytest.raises(Superseded):
        roster_reads.finish(session, slow, status="done", now=NOW + 2 * SECOND)
    assert roster_reads.touch(session, quick, people_read=2, pages_read=1, now=NOW + 2 * SECOND)


def test_a_confirmation_is_good_for_the_one_reading_that_waits_for_it(session: Session, course: str) -> None:
    confirmed = []
    # The confirmations of the first and the third come from a page that is old by now.
    for second, (confirm, ends) in enumerate([(True, "to_confirm"), (True, "done"), (True, "done"), (False, "done")]):
        now = NOW + second * SECOND
        roster_reads.request_read(session, course, requested_by=None, confirm=confirm, now=now)
        turn = roster_reads.claim(session, course, now=now)
        assert turn is not None
        confirmed.append(turn.confirmed)
        roster_reads.finish(session, turn, status=ends, now=now)

    assert confirmed == [False, True, False, False]


@pytest.mark.parametrize("state", ["queued", "reading"])
def test_what_a_crash_left_behind_is_started_again_once_its_lease_is_over(
    session: Session, course: str, state: str
) -> None:
    roster_reads.request_read(session, course, requested_by=None, now=NOW)
    if state == "reading":
        roster_reads.claim(session, course, now=NOW)
    assert roster_reads.resume_unfinished(session, now=NOW + LEASE - SECOND) == []

    assert roster_reads.resume_unfinished(session, now=NOW + LEASE) == [course]
    assert roster_reads.resume_unfinished(session, now=NOW + LEASE) == []
    assert _row(session, course).status == "queued"


def test_what_crashes_for_an_hour_is_given_up(session: Session, course: str) -> None:
    roster_reads.request_read(session, course, requested_by=None, now=NOW)

    assert roster_reads.resume_unfinished(session, now=NOW + GIVE_UP) == []

    seen = _row(session, course)
    assert (seen.status, seen.error_code) == ("failed", "interrupted")


def test_every_reason_has_words() -> None:
    from lti_tool.lti.service_calls import Fault

    ours = ("internal_error", "interrupted", "queued", "reading")
    for code in (*Fault, "no_url", "no_license", "platform_off", "not_found", *ours):
        assert why(code) != why("something else")
    assert "12 people" in why("to_confirm", dropped=12)
