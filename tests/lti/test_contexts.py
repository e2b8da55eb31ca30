"""A class that comes in at once does not queue for the row of its course."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.lti import contexts
from lti_tool.lti.claims import ContextClaim
from lti_tool.lti.contexts import Context, Seen
from tests.factories import NOW, make_deployment

BIOLOGY = ContextClaim("c-1", "BIO", "Biology")
URL = "https://lms.test/members"


def see(session: Session, deployment_id: str, known: Seen | None, now: datetime, **changes: str | None) -> str:
    return contexts.see(
        session, known, deployment_id=deployment_id, context=BIOLOGY, memberships_url=changes.get("url", URL), now=now
    )


def as_kept(session: Session, course_id: str) -> Seen:
    session.expire_all()
    course = session.get_one(Context, course_id)
    launched = micros(course.last_launch_at) if course.last_launch_at else None
    return Seen(course.id, course.label, course.title, course.memberships_url, launched, course.copied_from)


def test_a_course_is_written_when_new_changed_or_ten_minutes_old(session: Session) -> None:
    deployment = make_deployment(session).id
    course = see(session, deployment, None, NOW)
    first = as_kept(session, course)
    assert first == Seen(course, "BIO", "Biology", URL, micros(NOW))

    assert see(session, deployment, first, NOW + timedelta(minutes=9)) == course
    assert as_kept(session, course) == first

    assert see(session, deployment, first, NOW + timedelta(minutes=10)) == course
    assert as_kept(session, course).last_launch_at == micros(NOW + timedelta(minutes=10))

    see(session, deployment, as_kept(session, course), NOW + timedelta(minutes=11), url="https://lms.test/new")
    assert as_kept(session, course).memberships_url == "https://lms.test/new"


def test_a_launch_without_a_roster_does_not_take_away_the_known_one(session: Session) -> None:
    deployment = make_deployment(session).id
    course = see(session, deployment, None, NOW)
    see(session, deployment, as_kept(session, course), NOW + timedelta(hours=1), url=None)
    assert as_kept(session, course).memberships_url == URL


def test_two_first_launches_make_one_course(session: Session) -> None:
    deployment = make_deployment(session).id
    assert see(session, deployment, None, NOW) == see(session, deployment, None, NOW)


def see_copy(session: Session, deployment_id: str, known: Seen | None, *origins: str) -> list[str]:
    """A launch a minute later that names these origins; what the course then has."""
    course = contexts.see(
        session,
        known,
        deployment_id=deployment_id,
        context=BIOLOGY,
        memberships_url=URL,
        copied_from=origins,
        now=NOW + timedelta(minutes=1),
    )
    session.expire_all()
    return session.get_one(Context, course).origins


def test_where_a_course_was_copied_from_is_kept_once_and_never_taken_away(session: Session) -> None:
    deployment = make_deployment(session).id
    course = see(session, deployment, None, NOW)
    assert session.get_one(Context, course).origins == []

    assert see_copy(session, deployment, as_kept(session, course), "c-0", "c-1", "c-0") == ["c-0"]
    kept = as_kept(session, course)
    assert kept.last_launch_at == micros(NOW + timedelta(minutes=1))

    again = replace(kept, last_launch_at=micros(NOW))  # a second write would put the time right
    session.get_one(Context, course).last_launch_at = NOW
    session.flush()
    assert see_copy(session, deployment, again, "c-0") == ["c-0"]
    assert see_copy(session, deployment, again) == ["c-0"]
    assert as_kept(session, course).last_launch_at == micros(NOW)


def test_a_copy_may_be_told_of_before_it_is_opened(session: Session) -> None:
    deployment = make_deployment(session).id
    contexts.note_copy(session, deployment, "c-1", ("c-0",), now=NOW)
    contexts.note_copy(session, deployment, "c-1", ("d-0", "c-1"), now=NOW)
    course = see(session, deployment, None, NOW)
    assert session.get_one(Context, course).origins == ["d-0", "c-0"]
