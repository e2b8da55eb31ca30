"""Whose name or e-mail has some letters in it, as both databases are asked.

Not with LIKE: of a prepared one PostgreSQL expects that hardly any row fits, and then looks up thousands one by one.
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from lti_tool.db import Sql
from lti_tool.members.people import Member, sort_name

IS_NAMED = "(instr(m.sort_name, :text) > 0 or instr(m.lower_email, :text) > 0)"
"""Whether a member `m` is called so, in SQLite's words; `text` is what `searched` makes of what somebody typed."""
_FEW = 100


class _Place(GenericFunction[int]):
    """Where a text has another in it, from 1 on; 0 is nowhere."""

    type = Integer()
    name = "strpos"
    inherit_cache = True


@compiles(_Place, "sqlite")
def _compile_place(place: _Place, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr{compiler.function_argspec(place, **options)}"


def is_named(search: str) -> ColumnElement[bool]:
    """Whether a member is called so: letter for letter, whatever their case and accents."""
    text = searched(search)
    return or_(_Place(Member.sort_name, text) > 0, _Place(Member.lower_email, text) > 0)


def searched(search: str) -> str:
    """The text in the letters that names are sorted and searched by."""
    return sort_name(search)


def _first(place: int, condition: str) -> str:
    return f"""
    select {place}, f.id from (
        select m.id from members m where m.license_id = :license_id and {condition} limit :most) f
    """


# Who has no e-mail may be left out, too.
_BOTH = f"{_first(0, IS_NAMED)} union all {_first(1, f'{IS_NAMED} is not true')}"
_LOOK = Sql(_BOTH, postgresql=_BOTH.replace("instr(", "strpos("))


def look_up(session: Session, license_id: str, search: str) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The members of a license who are called so, and those who are not, each as far as they are at most a hundred."""
    ids: tuple[list[str], list[str]] = ([], [])
    for place, member_id in _LOOK.run(session, license_id=license_id, text=searched(search), most=_FEW + 1):
        ids[place].append(member_id)
    found, missed = (tuple(some) if len(some) <= _FEW else None for some in ids)
    return found, missed
