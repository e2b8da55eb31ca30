"""Whether a manager is still to be asked how students get credits: nobody decided it, and they did not skip it."""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros

_ARE_DUE = Sql(
    """
    select 1 where not exists (select 1 from policies where license_id = :license_id and resource = :resource)
      and not exists (select 1 from first_steps_skipped where license_id = :license_id and person_id = :person_id)
    """
)
_SKIP = Sql(
    """
    insert into first_steps_skipped (license_id, person_id, at) values (:license_id, :person_id, :at)
    on conflict do nothing
    """
)


def are_due(session: Session, license_id: str, resource: str, person_id: str) -> bool:
    """Whether the person's next launch should begin with them."""
    asked = _ARE_DUE.run(session, license_id=license_id, resource=resource, person_id=person_id)
    return asked.first() is not None


def skip(session: Session, license_id: str, person_id: str, *, now: datetime) -> None:
    """They decide later: launches lead them to the Overview again. The setting stays what it is, off."""
    _SKIP.run(session, license_id=license_id, person_id=person_id, at=micros(now))
