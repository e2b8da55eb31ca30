"""A roster's people as members of a licence: who is new gets a row, and who is called otherwise by now a new name.

Set-based, and nothing is written about those of whom nothing is new.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    returning subject, id
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
    returning person_id, id
    """,
    postgresql="""
    insert into members (id, license_id, person_id, created_at)
    select r.value ->> 0, :license_id, r.value ->> 1, :now
      from json_array_elements(cast(:rows as json)) r
     order by 3
    on conflict do nothing
    returning person_id, id
    """,
)


@dataclass(frozen=True)
class Members:
    """The people of a roster as members of the licence."""

    ids: Mapping[str, str]
    """Member ids by subject."""
    made: Collection[str]
    """Ids of those whom nobody else can see yet: their rows are of this very transaction."""


def ensure_members(
    session: Session, platform_id: str, license_id: str, people: Sequence[RosterMember], *, now: datetime
) -> Members:
    """Makes these people members, with names and e-mails brought up to date and empty accounts for the new (R22)."""
    subjects = [person.subject for person in people]
    known = _known(session, platform_id, license_id, subjects)
    news = [_person_row(person, known.get(person.subject)) for person in people]
    if rows := [row for row in news if row is not None]:
        written = _WRITE_PEOPLE.run(session, platform_id=platform_id, rows=json.dumps(rows), now=micros(now))
        known |= {who: _Known(id_, None, None, None) for who, id_ in written.all() if who not in known}
        if len(known) < len(subjects):  # a launch wrote the same in between, and of that we are told nothing
            known = _known(session, platform_id, license_id, subjects)
    newcomers = {person.person_id for person in known.values() if person.member_id is None}
    made = _join(session, license_id, newcomers, now=now)
    if len(made) < len(newcomers):  # as above
        known = _known(session, platform_id, license_id, subjects)
    ids = {who: person.member_id or made[person.person_id] for who, person in known.items()}
    if newcomers:
        open_accounts(session, license_id, [ids[who] for who, person in known.items() if person.person_id in newcomers])
    return Members(ids, frozenset(made.values()))


def _join(session: Session, license_id: str, person_ids: Collection[str], *, now: datetime) -> dict[str, str]:
    """Ids of the members that were made, by person; who was made one by somebody else in between is not among them."""
    if not person_ids:
        return {}
    # In order, so that what follows is appended to the indexes by member.
    rows = json.dumps([[new_id(), person_id] for person_id in sorted(person_ids)])
    return dict(_WRITE_MEMBERS.run(session, license_id=license_id, rows=rows, now=micros(now)).all())


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
