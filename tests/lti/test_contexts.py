"""A class that comes in at once does not queue for the row of its course."""

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
    return Seen(course.id, course.label, course.title, course.memberships_url, launched)


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
