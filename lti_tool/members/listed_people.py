"""A roster's people as members of a licence: who is new gets a row, and who is called otherwise by now a new name.

Set-based, and nothing is written about those of whom nothing is new.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.ids import new_id
from lti_tool.ledger.accounts import open_accounts
from lti_tool.lti.names_roles import RosterMember
from lti_tool.members.people import pseudonym, sort_name


class _Known(NamedTuple):
    """A person of the platform, and their membership of the licence if they have one."""

    person_id: str
    name: str | None
    email: str | None
    member_id: str | None


_FIND_KNOWN = """
    select p.subject, p.id, p.name, p.email, m.id
      from people p
      left join members m on m.person_id = p.id and m.license_id = :license_id
     where p.platform_id = :platform_id and p.subject in
"""

_KNOWN = Sql(
    f"{_FIND_KNOWN} (select value from json_each(:subjects))",
    postgresql=f"{_FIND_KNOWN} (select value from json_array_elements_text(cast(:subjects as json)))",
)

# The order is that of every roster of this platform, so that two that share people can't wait for each other.
_NEWER_PERSON = """
     order by 3
    on conflict (platform_id, subject) do update
       set name = coalesce(excluded.name, people.name), email = coalesce(excluded.email, people.email),
           sort_name = case when excluded.name is null then people.sort_name else excluded.sort_name end
     where coalesce(excluded.name, people.name) is distinct from people.name
        or coalesce(excluded.email, people.email) is distinct from people.email
"""

_WRITE_PEOPLE = Sql(
    f"""
    insert into people (id, platform_id, subject, name, sort_name, email, created_at)
    select json_extract(r.value, '$[0]'), :platform_id, json_extract(r.value, '$[1]'), json_extract(r.value, '$[2]'),
           json_extract(r.value, '$[3]'), json_extract(r.value, '$[4]'), :now
      from json_each(:rows) r
     where true {_NEWER_PERSON}
    """,
    postgresql=f"""
    insert into people (id, platform_id, subject, name, sort_name, email, created_at)
    select r.value ->> 0, :platform_id, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, :now
      from json_array_elements(cast(:rows as json)) r {_NEWER_PERSON}
    """,
)

_WRITE_MEMBERS = Sql(
    """
    insert into members (id, license_id, person_id, created_at)
    select json_extract(r.value, '$[0]'), :license_id, json_extract(r.value, '$[1]'), :now
      from json_each(:rows) r
     where true order by 3
    on conflict do nothing
    """,
    postgresql="""
    insert into members (id, license_id, person_id, created_at)
    select r.value ->> 0, :license_id, r.value ->> 1, :now
      from json_array_elements(cast(:rows as json)) r
     order by 3
    on conflict do nothing
    """,
)


def ensure_members(
    session: Session, platform_id: str, license_id: str, people: Sequence[RosterMember], *, now: datetime
) -> dict[str, str]:
    """Member ids by subject, with names and e-mails brought up to date and empty accounts for the new (R22)."""
    subjects = [person.subject for person in people]
    known = _known(session, platform_id, license_id, subjects)
    news = [_person_row(person, known.get(person.subject)) for person in people]
    if rows := [row for row in news if row is not None]:
        _WRITE_PEOPLE.run(session, platform_id=platform_id, rows=json.dumps(rows), now=micros(now))
        known = _known(session, platform_id, license_id, subjects)
    newcomers = [[new_id(), person.person_id] for person in known.values() if person.member_id is None]
    if newcomers:
        _WRITE_MEMBERS.run(session, license_id=license_id, rows=json.dumps(newcomers), now=micros(now))
        joined = {person_id for _, person_id in newcomers}
        known = _known(session, platform_id, license_id, subjects)
        open_accounts(
            session,
            license_id,
            [each.member_id for each in known.values() if each.person_id in joined and each.member_id],
        )
    return {subject: person.member_id for subject, person in known.items() if person.member_id}


def _known(session: Session, platform_id: str, license_id: str, subjects: Sequence[str]) -> dict[str, _Known]:
    rows = _KNOWN.run(session, license_id=license_id, platform_id=platform_id, subjects=json.dumps(subjects))
    return {subject: _Known(*rest) for subject, *rest in rows.all()}


def _person_row(person: RosterMember, known: _Known | None) -> list[str | None] | None:
    """id, subject, name, sort name and e-mail of a person with news; a name that is not sent is not taken away."""
    name = person.name or (known.name if known else None)
    email = person.email or (known.email if known else None)
    if known and known.name == name and known.email == email:
        return None
    person_id = known.person_id if known else new_id()
    return [person_id, person.subject, name, sort_name(name or pseudonym(person_id)), email]
