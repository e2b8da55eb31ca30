"""GET /licenses/{license}/transfers: the journal, oldest first, each movement once and for ever the same (R2)."""

from typing import Any
from uuid import UUID

from flask import Response

from lti_tool.db import Sql, db
from lti_tool.errors import Invalid, NotFound
from lti_tool.licenses import licenses
from lti_tool.licenses.api_keys import READ
from lti_tool.web.api import pages, queries, shapes
from lti_tool.web.api.callers import reach
from lti_tool.web.api.calls import call

_OUTSIDE, _POOL, _USED = "outside", "pool", "used"

_PAGE = Sql(
    """
    select id, at, kind, resource, amount, member_id, actor_kind, actor_id, note, reference, batch_id
      from transfers
     where license_id = :license_id and id > :after
     order by id limit :most
    """
)

_KNOWN = Sql("select 1 from transfers where license_id = :license_id and id = :id")


@call(READ, query=queries.TransferPage, answers=shapes.Listed[shapes.Transfer], refuses=(NotFound,))
def page(license_id: UUID, asked: queries.TransferPage) -> Response:
    """The license’s movements; `cursor` goes on from where a page ended, `after` from behind a known transfer."""
    reach(str(license_id))
    after = max(pages.start(asked), _behind(license_id, asked.after))
    rows = _PAGE.run(db.session(), license_id=str(license_id), after=after, most=asked.limit + 1).all()
    if not rows:
        licenses.find(db.session(), str(license_id))
    return pages.listed([_shape(row) for row in rows], asked)


def _behind(license_id: UUID, transfer: UUID | None) -> str:
    if transfer is None:
        return pages.START
    if _KNOWN.run(db.session(), license_id=str(license_id), id=str(transfer)).first() is None:
        raise Invalid("after: This license has no such transfer.", field="after")
    return str(transfer)


def _shape(row: Any) -> pages.Item:
    source, target = _sides(row.kind, row.member_id)
    return {
        "id": row.id,
        "at": pages.rfc3339(row.at),
        "kind": row.kind,
        "resource": row.resource,
        "amount": row.amount,
        "from": source,
        "to": target,
        "member": row.member_id,
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
        "note": row.note,
        "reference": row.reference,
        "batch": row.batch_id,
    }


def _sides(kind: str, member_id: str | None) -> tuple[str, str]:
    if member_id is None:
        return (_POOL, _OUTSIDE) if kind == "refund" else (_OUTSIDE, _POOL)
    return (member_id, _USED) if kind == "spend" else (_POOL, member_id)
