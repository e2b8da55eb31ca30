"""/manager/members/add: credits for one or many, with the sum in sight before Save (R15 to R18)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.ids import new_id
from lti_tool.language import _, ngettext
from lti_tool.ledger import journal
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import Posted, Share
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.members import reach
from lti_tool.purchasing import unfinished
from lti_tool.web import access
from lti_tool.web.access import TEACHER, only
from lti_tool.web.forms import Form, done, request_key
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager import picked, second_look
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.members import address_of, wish_from
from lti_tool.web.manager.picked import Picked
from lti_tool.web.manager.second_look import Question


def routes(blueprint: Blueprint) -> None:
    """Adds the form and what saves it."""
    blueprint.add_url_rule("/members/add", "add", form)
    blueprint.add_url_rule("/members/add", "add_save", save, methods=["POST"])


@dataclass(frozen=True)
class Short:
    """So many units the license lacks; `kept` is the id under which the form waits for them, if it does."""

    missing: int
    kept: str | None


@only(TEACHER)
def form() -> ResponseReturnValue:
    """The form for those picked in the list: one row's button, the ticked rows, or all that the filter shows."""
    desk = open_desk(db.session())
    blank = Form({"amount": str(desk.resource.bundle), "note": "", "back": _back(), "request_key": new_id()})
    return show(desk, picked.of_address(desk), blank, status=200)


@only(TEACHER)
def save() -> ResponseReturnValue:
    """Gives, and goes back to where the form was opened; or asks once more, or says why not, and nothing changed."""
    posted = Form.posted("amount", "note", "back", "request_key")
    if second_look.is_to_change():
        return _again(posted, status=200)
    each = posted.whole("amount")
    key = posted.values["request_key"] = request_key()
    ids = picked.posted_ids()
    if ids is None:
        ids = _ids_of_list(key)
    if ids is None:
        posted.wrong["form"] = _("The list has changed since, so these are others. Nobody got anything yet.")
    lacks = None
    if each is not None and ids is not None:
        try:
            saved = _give(ids, each, posted.values["note"] or None, key)
        except PoolShort as short:
            posted.wrong["amount"] = shortage(len(set(ids)), each, short)
            lacks = Short(short.missing, keep(ids, each, posted))
        except FormReused as reused:
            posted.wrong["form"] = reused.detail
            posted.values["request_key"] = new_id()
        except NotActive:
            posted.wrong["form"] = _("Somebody you picked has left your courses. Nobody got anything.")
        except AmountInvalid as refused:
            posted.wrong[str(refused.figures["field"])] = refused.detail
        else:
            if isinstance(saved, Question):
                return _ask(posted, saved)
            return done(_return_to(posted.values["back"], saved.batch_id))
    return _again(posted, status=422, short=lacks)


def _again(posted: Form, *, status: int, short: Short | None = None) -> ResponseReturnValue:
    desk = open_desk(db.session())
    return show(desk, _posted(desk), posted, status=status, short=short)


def _posted(desk: Desk) -> Picked:
    ids = picked.posted_ids()
    return picked.posted_list(desk) if ids is None else picked.of_ids(desk, ids)


def _ids_of_list(key: str) -> list[str] | None:
    """All whom the form's filter shows; None if they are others than when the form was shown."""
    desk = open_desk(db.session())
    found = picked.posted_list(desk)
    if picked.is_as_shown(found):
        return found.ids
    # Asked after the list was read: else a first click that is saved in between would look like another list.
    return picked.saved_before(db.session(), desk.license.id, key)


def _ask(posted: Form, question: Question) -> ResponseReturnValue:
    desk = open_desk(db.session())
    whom = _posted(desk)
    return second_look.page(
        desk,
        question,
        action=url_for("manager.add_save"),
        names=whom.names,
        carried={**whom.fields, **posted.values},
    )


def _give(ids: list[str], each: int, note: str | None, key: str) -> Posted | Question:
    visit = access.visit()
    license_id = desks.license_of(visit)
    with transaction() as session:
        within = desks.courses_of(session, visit)
        # R24: an id of another course or licence is refused like one of somebody who left; which it was is not told.
        # A resend is answered by its own batch even if somebody left since (R17).
        is_new = journal.saved_by(session, license_id, key) is None
        if is_new and not reach.holds_all(session, within, ids):
            raise NotActive(_("Somebody you picked is in none of your courses."))
        resource = desks.resource_of()
        shares = [Share(member_id, each) for member_id in sorted(set(ids))]
        if is_new and (question := second_look.needed(session, license_id, resource, shares, note=note, key=key)):
            return question
        given = allot(
            session,
            license_id,
            resource,
            member_ids=ids,
            each=each,
            actor=desks.actor_of(visit),
            now=clock.now(),
            note=note,
            request_key=key,
        )
        unfinished.close(session, license_id, visit.person_id, key, now=clock.now())
        return given


def keep(ids: list[str], each: int, posted: Form) -> str | None:
    """What was typed waits for those who may buy what is missing; the books refused it, so all of it is valid."""
    visit = access.visit()
    if visit.person_id is None or not access.reaches(visit, "manager.purchase"):
        return None
    with transaction() as session:
        return unfinished.keep(
            session,
            desks.license_of(visit),
            desks.resource_of().name,
            key=posted.values["request_key"],
            person_id=visit.person_id,
            member_ids=ids,
            amount=each,
            note=posted.values["note"] or None,
            back=posted.values["back"],
            now=clock.now(),
        )


def shortage(people: int, each: int, short: PoolShort) -> str:
    """What stands beside the amount that the license is too small for."""
    return ngettext(
        "%(num)s person × %(each)s = %(needed)s, but the license has %(pool)s: %(missing)s are missing.",
        "%(num)s people × %(each)s = %(needed)s, but the license has %(pool)s: %(missing)s are missing.",
        people,
        each=each,
        needed=short.needed,
        pool=short.pool,
        missing=short.missing,
    )


def show(
    desk: Desk, whom: Picked, shown: Form, *, status: int, short: Short | None = None, gone: Picked | None = None
) -> ResponseReturnValue:
    """The form for these people, as far as they are here; `gone` is who it was for, too, and has left since."""
    if not whom.ids:
        # Nobody left to give to: the form would only mislead.
        shown.wrong.setdefault("form", _("Pick at least one person in the list."))
        status = 422
    page = render_template(
        "manager/add.html",
        desk=desk,
        picked=whom,
        form=shown,
        short=short,
        gone=gone,
        each=max(0, Form(dict(shown.values)).whole("amount") or 0),
        back_to=_return_to(shown.values["back"]),
    )
    return page, status


def _back() -> str:
    """Where the form was opened: the list, as it was filtered."""
    return address_of(wish_from(request.args)).partition("?")[2]


def _return_to(back: str, gave: str = "") -> str:
    # The browser says only which of our own pages, never an address.
    more: dict[str, Any] = {"gave": gave} if gave else {}
    if back == "overview":
        return url_for("manager.overview", **more)
    return address_of(wish_from(MultiDict(parse_qsl(back))), **more)
