"""Whom a form of the list is for: told by their ids, or, where they are many, by the filter that showed them all.

Either way nobody slips in or out between looking and saving: the filter goes with a digest of those whom it showed, and
finds them anew when the form comes back.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import abort, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lti_tool.db import db
from lti_tool.ledger import journal
from lti_tool.members import directory, reach
from lti_tool.web.manager.desk import Desk
from lti_tool.web.manager.members import address_of, wish_from

NAMED = 20
"""How many of them a form names; of the others it says how many they are."""
_BY_ID = 100
"""So many ids fit into a form; more make its page as long as the class is large."""
_MOST = 30_000
"""How many ids one form may hold; of real ones no more go into a request (R18), of others a statement takes so many."""


@dataclass(frozen=True)
class Picked:
    """All ids, the first names, and the filter that shows just these, if it was all that it showed."""

    ids: list[str]
    names: list[str]
    listed: str = ""

    @property
    def fields(self) -> Mapping[str, str]:
        """What a form has to bring back to be for the same people."""
        if self.listed and len(self.ids) > _BY_ID:
            return {"listed": self.listed, "digest": _digest(self.ids)}
        return {"members": " ".join(self.ids)}


def of_address(desk: Desk) -> Picked:
    """Those picked in the list: one row's button, the ticked rows, or all that the filter shows."""
    if one := request.args.get("only"):
        return of_ids(desk, [one])
    if request.args.get("all"):
        return _of_list(desk, address_of(wish_from(request.args)).partition("?")[2] or "show=active")
    return of_ids(desk, _not_too_many(request.args.getlist("member")))


def of_ids(desk: Desk, ids: list[str]) -> Picked:
    """Those of the ids who are within reach and active: nothing of anybody else is shown."""
    unique = list(dict.fromkeys(ids))
    if reach.holds_all(db.session(), desk.within, unique):
        return Picked(unique, _names(desk, unique))
    rows = directory.picked(db.session(), desk.within, desk.terms, unique, now=desk.now)
    here = [row.member_id for row in rows]
    return Picked(here, _names(desk, here))


def posted_ids() -> list[str] | None:
    """The ids that a form brought; None where it brought a filter."""
    return None if "listed" in request.form else _not_too_many(request.form.get("members", "").split())


def posted_list(desk: Desk) -> Picked:
    """All whom a form's filter shows now."""
    return _of_list(desk, request.form["listed"])


def is_as_shown(picked: Picked) -> bool:
    """Whether those are the very people whom the form was shown for."""
    return request.form.get("digest") == _digest(picked.ids)


def saved_before(session: Session, license_id: str, key: str) -> list[str] | None:
    """Whom this form's first save reached: its own gift may have changed what the filter shows (R17)."""
    batch = journal.saved_by(session, license_id, key)
    if batch is None:
        return None
    moved = journal.people(session, license_id, [batch.id], limit=_MOST)[batch.id]
    return sorted(transfer.member_id for transfer in moved if transfer.member_id)


def _of_list(desk: Desk, listed: str) -> Picked:
    wish = wish_from(MultiDict(parse_qsl(listed)))
    ids = directory.whole(db.session(), desk.within, desk.terms, wish, now=desk.now)
    return Picked(ids, _names(desk, ids), listed)


def _names(desk: Desk, ids: list[str]) -> list[str]:
    return directory.known_as(db.session(), desk.within, ids[:NAMED])


def _digest(ids: list[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32]


def _not_too_many(ids: list[str]) -> list[str]:
    if len(ids) > _MOST:
        abort(413)
    return ids
