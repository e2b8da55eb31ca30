"""A registration is remembered for a moment, and never longer than that is safe."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.lti.refusals import PlatformDisabled, PlatformPending, PlatformUnknown
from lti_tool.lti.registrations import Registrations
from tests.factories import NOW, make_platform


def test_an_active_registration_is_remembered_for_thirty_seconds(session: Session) -> None:
    platform = make_platform(session)
    registrations = Registrations()
    names = (platform.issuer, platform.client_id)
    registrations.of_client(session, *names, now=NOW)
    platform.status = "disabled"
    session.flush()
    later = NOW + timedelta(seconds=29)
    assert registrations.of_client(session, *names, now=later) == registrations.of_id(session, platform.id, now=later)
    with pytest.raises(PlatformDisabled):
        registrations.of_client(session, *names, now=NOW + timedelta(seconds=30))


def test_what_is_not_admitted_is_asked_for_each_time(session: Session) -> None:
    registrations = Registrations()
    with pytest.raises(PlatformUnknown):
        registrations.of_client(session, "https://lms.test", "client-1", now=NOW)
    platform = make_platform(session, client_id="client-1", status="pending")
    with pytest.raises(PlatformPending):
        registrations.of_client(session, platform.issuer, "client-1", now=NOW)
    platform.status = "active"
    session.flush()
    assert registrations.of_client(session, platform.issuer, "client-1", now=NOW).id == platform.id


def test_a_shared_issuer_alone_names_nobody(session: Session) -> None:
    make_platform(session)
    make_platform(session)
    with pytest.raises(PlatformUnknown):
        Registrations().of_client(session, "https://lms.test", None, now=NOW)
