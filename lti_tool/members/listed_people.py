"""A roster's people as members of a licence: who is new gets a row, and who is called otherwise by now a new name.

Set-based, and nothing is written about those of whom nothing is new.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, TypeVar

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.ids import new_id
from lti_tool.ledger.accounts import open_accounts
from lti_tool.lti.names_roles import RosterMember
from lti_tool.members.people import pseudonym, sort_name

_Any = TypeVar("_Any")
_Row = tuple[str, str, str | None, str, str | None]


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

# They come in the order of every roster of this platform, so that two that share people can't wait for each other.
_NEWER_PERSON = """
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
      from json_array_elements(cast(:rows as json)) r order by (r.value ->> 1) collate "C" {_NEWER_PERSON}
    returning subject, id
    """,
)

_WRITE_MEMBERS = Sql(
    """
    insert into members (id, license_id, person_id, created_at, sort_name, lower_email)
    select json_extract(r.value, '$[0]'), :license_id, p.id, :now, p.sort_name, lower(coalesce(p.email, ''))
      from json_each(:rows) r cross join people p on p.id = json_extract(r.value, '$[1]')
     where true
    on conflict do nothing
    """,
    # Whom a launch calls otherwise at this moment is waited for, or the older name would stay with this member.
    postgresql="""
    insert into members (id, license_id, person_id, created_at, sort_name, lower_email)
    select t.* from (
        select r.value ->> 0, cast(:license_id as text), p.id, cast(:now as bigint), p.sort_name,
               lower(coalesce(p.email, ''))
          from json_array_elements(cast(:rows as json)) r join people p on p.id = r.value ->> 1
         order by p.id for share of p) t
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


@dataclass(frozen=True)
class _Where:
    platform_id: str
    license_id: str
    now: datetime


def ensure_members(
    session: Session, platform_id: str, license_id: str, people: Sequence[RosterMember], *, now: datetime
) -> Members:
    """Makes these people members, with names and e-mails brought up to date and empty accounts for the new (R22)."""
    where = _Where(platform_id, license_id, now)
    ids, newcomers = {}, {}
    # Everybody's person before anybody's membership, and both in order: two rosters can't wait for each other.
    for portion in portions(sorted(people, key=_SUBJECT)):
        for who, person in _met(session, where, portion).items():
            if person.member_id is None:
                newcomers[who] = person.person_id
            else:
                ids[who] = person.member_id
    made: dict[str, str] = {}
    for person_ids in portions(sorted(newcomers.values())):  # so what follows is appended to the indexes by member
        made.update(_join(session, where, person_ids))
    ids |= {who: made[person_id] for who, person_id in newcomers.items() if person_id in made}
    if len(made) < len(newcomers):  # a launch made somebody a member in between, and of that we are told nothing
        for subjects in portions([who for who in newcomers if who not in ids]):
            ids |= {who: one.member_id for who, one in _known(session, where, subjects).items() if one.member_id}
    for member_ids in portions(sorted(ids[who] for who in newcomers)):
        open_accounts(session, license_id, member_ids)
    return Members(ids, frozenset(made.values()))


_SUBJECT = attrgetter("subject")
_PORTION = 5_000
"""So many people go into a statement: a larger roster takes more statements, and no more memory for what they say."""


def portions(whole: Sequence[_Any]) -> Iterator[Sequence[_Any]]:
    """The whole, in order, as many at a time as one statement takes."""
    return (whole[first : first + _PORTION] for first in range(0, len(whole), _PORTION))


def _met(session: Session, where: _Where, people: Sequence[RosterMember]) -> dict[str, _Known]:
    """These people, all of whom have a row by now, by subject."""
    subjects = [person.subject for person in people]
    known = _known(session, where, subjects)
    if rows := [row for person in people if (row := _person_row(person, known.get(person.subject)))]:
        written = _WRITE_PEOPLE.run(
            session, platform_id=where.platform_id, rows=json.dumps(rows), now=micros(where.now)
        )
        pairs = written.all() if _has_other_writers(session) else [(who, id_) for id_, who, *_ in rows]
        known |= {who: _Known(id_, None, None, None) for who, id_ in pairs if who not in known}
        if len(known) < len(people):  # a launch wrote the same in between, and of that we are told nothing
            known = _known(session, where, subjects)
    return known


def _join(session: Session, where: _Where, person_ids: Sequence[str]) -> dict[str, str]:
    """Ids of the members that were made, by person; who was made one by somebody else in between is not among them."""
    made = {person_id: new_id() for person_id in person_ids}
    rows = json.dumps([[member_id, person_id] for person_id, member_id in made.items()])
    written = _WRITE_MEMBERS.run(session, license_id=where.license_id, rows=rows, now=micros(where.now))
    return dict(written.all()) if _has_other_writers(session) else made


def _has_other_writers(session: Session) -> bool:
    """Whether what was read in this transaction may be otherwise by now: of SQLite there is one writer at a time."""
    return session.connection().dialect.name != "sqlite"


def _known(session: Session, where: _Where, subjects: Sequence[str]) -> dict[str, _Known]:
    rows = _KNOWN.run(
        session, license_id=where.license_id, platform_id=where.platform_id, subjects=json.dumps(subjects)
    )
    return {row[0]: _Known(row[1], row[2], row[3], row[4]) for row in rows.all()}


def _person_row(person: RosterMember, known: _Known | None) -> _Row | None:
    """id, subject, name, sort name and e-mail of a person with news; a name that is not sent is not taken away."""
    subject, name, email, *_ = person
    if known is None:
        person_id = new_id()
    else:
        person_id, name, email = known.person_id, name or known.name, email or known.email
        if (name, email) == (known.name, known.email):
            return None
    return person_id, subject, name, sort_name(name or pseudonym(person_id)), email
