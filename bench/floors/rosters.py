"""The floor of a roster: one kept-alive connection, json, a bulk load into a temporary table, upserts of what differs.

It leaves what the tool leaves: people, members, accounts and enrollments. It asks for no token, checks nothing that it
is sent, follows any link, merges nobody listed twice, drops nobody who left and asks nobody.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import psycopg

from lti_tool.ids import new_id

Person = tuple[str, str, str, str, str, str]
"""Ids of a person and of a member if they are new; subject, name, sort name, e-mail."""


@dataclass(frozen=True)
class Course:
    """Whose roster it is."""

    platform_id: str
    license_id: str
    context_id: str
    resource: str


_STAGE = """
    create temp table roster (person_id text, member_id text, subject text, name text, sort_name text, email text)
"""
_UPSERTS = (
    """
    insert into people (id, platform_id, subject, name, sort_name, email, created_at)
    select person_id, :platform_id, subject, name, sort_name, email, :now from roster where true
    on conflict (platform_id, subject) do update
       set name = excluded.name, sort_name = excluded.sort_name, email = excluded.email
     where people.name is distinct from excluded.name or people.email is distinct from excluded.email
    """,
    """
    insert into members (id, license_id, person_id, created_at, sort_name, lower_email)
    select r.member_id, :license_id, p.id, :now, r.sort_name, lower(r.email)
      from roster r join people p on p.platform_id = :platform_id and p.subject = r.subject
     where true
    on conflict (license_id, person_id) do nothing
    """,
    """
    insert into accounts (license_id, resource, member_id)
    select :license_id, :resource, member_id from roster r
     where exists (select 1 from members m where m.id = r.member_id)
    on conflict do nothing
    """,
    """
    insert into enrollments (context_id, member_id, license_id, roster_role, role, active)
    select :context_id, m.id, :license_id, 'learner', 'learner', :yes
      from roster r join people p on p.platform_id = :platform_id and p.subject = r.subject
      join members m on m.license_id = :license_id and m.person_id = p.id
     where true
    on conflict (context_id, member_id) do update set role = excluded.role, active = excluded.active
     where enrollments.role is distinct from excluded.role or enrollments.active is distinct from excluded.active
    """,
)


def on_postgresql(dsn: str, url: str, course: Course) -> None:
    """Reads the roster at `url` into the database by COPY."""
    with psycopg.connect(dsn) as connection:
        connection.execute(f"{_STAGE} on commit drop")
        with connection.cursor().copy("copy roster from stdin") as copy:
            for person in _people(url):
                copy.write_row(person)
        for upsert in _UPSERTS:
            connection.execute(re.sub(r":(\w+)", r"%(\1)s", upsert), _values(course))


def on_sqlite(path: str, url: str, course: Course) -> None:
    """Reads the roster at `url` into the database by executemany."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"pragma {pragma}")
    connection.execute(_STAGE)
    people = list(_people(url))
    connection.execute("begin immediate")
    connection.executemany("insert into roster values (?, ?, ?, ?, ?, ?)", people)
    for upsert in _UPSERTS:
        # It goes through the tables of a cross join in their order; by itself it would read the roster for each person.
        connection.execute(upsert.replace(" r join", " r cross join"), _values(course))
    connection.execute("commit")
    connection.close()


def _values(course: Course) -> dict[str, Any]:
    return {**vars(course), "now": time.time_ns() // 1000, "yes": True}


_NEXT = re.compile('<([^>]*)>; rel="next"')


def _people(url: str) -> Iterator[Person]:
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=60)
    following: str | None = url
    while following:
        connection.request("GET", following[len(f"{address.scheme}://{address.netloc}") :])
        answer = connection.getresponse()
        for member in json.loads(answer.read())["members"]:
            name = member["name"]
            yield new_id(), new_id(), member["user_id"], name, name.casefold(), member["email"]
        link = _NEXT.search(answer.headers.get("Link", ""))
        following = link[1] if link else None
    connection.close()
