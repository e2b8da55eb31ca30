"""What History says of a day gone by: the licence's figures as they stood, and those of each member within reach."""

import re
from datetime import UTC, date, datetime, time

from flask import render_template, request
from sqlalchemy.orm import Session

from lti_tool.db import db
from lti_tool.language import _
from lti_tool.ledger import as_of
from lti_tool.ledger.pools import Totals
from lti_tool.ledger.rules import Standing
from lti_tool.members import counts, directory
from lti_tool.members.directory import Row
from lti_tool.members.selection import Wish
from lti_tool.web.forms import Form
from lti_tool.web.manager.desk import Desk

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
_MOST_PAGES = 1_000


def asked() -> Form:
    """The date and time of this request's address, as they were typed."""
    return Form({name: request.args.get(name, "").strip() for name in ("date", "time")})


def page(desk: Desk, form: Form) -> str | tuple[str, int]:
    """The figures of that moment; or 422 and the form again, with what is wrong beside its field."""
    at = moment(form, desk.now)
    if at is None:
        return render_template("manager/past.html", desk=desk, form=form, at=None), 422
    session = db.session()
    total = counts.size(session, desk.within, desk.resource.name)
    wish, pages = _wish(total)
    rows = directory.page(session, desk.within, desk.terms, wish, total=total, now=desk.now)
    return render_template(
        "manager/past.html",
        desk=desk,
        form=form,
        at=at,
        totals=_totals(session, desk, at),
        lines=stood(session, desk, rows, at),
        page=wish.page,
        pages=pages,
    )


def moment(form: Form, now: datetime) -> datetime | None:
    """The moment in UTC; a day without a time means its end, and today without one means now. None, if it is none."""
    day, clock = _day(form), _clock(form)
    if day is None or form.wrong:
        return None
    if day > now.date():
        form.wrong["date"] = _("This day is still to come. Choose one that is past, or today.")
        return None
    if clock is None:
        return min(datetime.combine(day, time.max, UTC), now)
    at = datetime.combine(day, clock, UTC)
    if at > now:
        form.wrong["time"] = _("It is %(time)s UTC now. Choose a time that is past.", time=f"{now:%H:%M}")
        return None
    return at


def _day(form: Form) -> date | None:
    typed = form.values["date"]
    try:
        return date.fromisoformat(typed if _DATE.fullmatch(typed) else "")
    except ValueError:
        form.wrong["date"] = (
            _("“%(typed)s” is not a date. Write it as 2026-11-23.", typed=typed[:40])
            if typed
            else _("Choose a date, as 2026-11-23.")
        )
        return None


def _clock(form: Form) -> time | None:
    typed = form.values["time"]
    if not typed:
        return None
    try:
        return time.fromisoformat(typed if _TIME.fullmatch(typed) else "")
    except ValueError:
        form.wrong["time"] = _(
            "“%(typed)s” is not a time of day. Write it as 14:30, or leave it empty.", typed=typed[:40]
        )
        return None


def _wish(total: int) -> tuple[Wish, int]:
    pages = max(1, -(-total // directory.PAGE))
    typed = request.args.get("page", "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1
    return Wish(show="all", sort="name", page=min(max(number, 1), pages, _MOST_PAGES)), pages


def _totals(session: Session, desk: Desk, at: datetime) -> Totals:
    name = desk.resource.name
    found = {past.totals.resource: past.totals for past in as_of.license_at(session, desk.license.id, at)}
    return found.get(name) or Totals(name, 0, 0, 0, 0, 0, 0)


def stood(session: Session, desk: Desk, rows: list[Row], at: datetime) -> list[tuple[Row, Standing]]:
    """What each of these members had then."""
    found = as_of.members_at(session, desk.license.id, [row.member_id for row in rows], at)
    nothing = Standing(available=0, held=0, used=0, received=0)
    return [(row, found.get((row.member_id, desk.resource.name), nothing)) for row in rows]
