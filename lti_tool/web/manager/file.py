"""/manager/members/file: what each is to get, from a spreadsheet, looked at row by row before Save: all or nothing.

Between the two nothing is kept here: the page carries what was understood, signed, with the key of its form.
"""

from dataclasses import dataclass, replace

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Refusal
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger import journal
from lti_tool.ledger.allotment import allot_shares
from lti_tool.ledger.movements import Posted, Share
from lti_tool.ledger.refusals import FormReused, NotActive, PoolShort
from lti_tool.members import reach, share_file
from lti_tool.members.share_file import TITLES, Fault, FileUnfit, Match, Reading
from lti_tool.settings import Settings
from lti_tool.signing import Signing
from lti_tool.web import access, csv_out
from lti_tool.web.access import TEACHER, only
from lti_tool.web.forms import Form, done, takes_file
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager import second_look
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.picked import NAMED
from lti_tool.web.manager.second_look import Question
from lti_tool.web.session import by_form

_MOST_CARRIED = 900_000
"""Letters that a page carries to Save: of 10,000 rows without notes they are a third."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page, what reads a file, what saves it, and the file to begin with."""
    for path, name, view, method in (
        ("", "file", form, "GET"),
        ("", "file_read", read, "POST"),
        ("/save", "file_save", save, "POST"),
        ("/template", "file_template", template, "POST"),
    ):
        blueprint.add_url_rule(f"/members/file{path}", name, view, methods=[method])


@dataclass(frozen=True)
class _Kept:
    """What was understood of a file, for the form with that key."""

    key: str
    matches: list[Match]


@only(TEACHER)
def form() -> ResponseReturnValue:
    """What a file has to say, and where to choose one."""
    return _ask_for_file(Form())


@takes_file
@only(TEACHER)
def read() -> ResponseReturnValue:
    """Each row with whom it is for, and all that is wrong, by its row; nothing is given yet."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _ask_for_file(Form(wrong={"file": _("Choose a file.")}))
    desk = open_desk(db.session())
    content = sent.stream.read(share_file.LARGEST + 1)
    resource = desk.resource
    try:
        reading = share_file.read(db.session(), desk.within, content, units=(resource.unit, resource.units))
    except FileUnfit as unfit:
        return _ask_for_file(Form(wrong={"file": unfit.detail}))
    return _preview(desk, reading, new_id())


@only(TEACHER)
def save() -> ResponseReturnValue:
    """Gives all of it, once, or asks once more; or says why not, and nobody got anything."""
    kept = _opened(request.form.get("kept", ""))
    if kept is None:
        return _ask_for_file(Form(wrong={"file": _("Nothing was given. Choose the file once more.")}))
    if second_look.is_to_change():
        return _again(kept)
    try:
        saved = _give(kept)
    except (NotActive, PoolShort, FormReused) as refused:
        return _again(kept, refused)
    if isinstance(saved, Question):
        return second_look.page(
            open_desk(db.session()),
            saved,
            action=url_for("manager.file_save"),
            names=[match.name for match in kept.matches[:NAMED]],
            carried={"kept": request.form["kept"]},
        )
    return done(url_for("manager.members", gave=saved.batch_id))


@by_form
@only(TEACHER)
def template() -> Response:
    """The class, to fill in the amounts: names and e-mails, and the LMS's id where there is no e-mail."""
    desk = open_desk(db.session())
    people = share_file.everybody(db.session(), desk.within)
    rows = [(one.name, one.email, "" if one.email else one.subject, "", "") for one in people if one.active]
    return csv_out.send(_("credits"), desk.now, [_(title) for title in TITLES.values()], rows)


def _give(kept: _Kept) -> Posted | Question:
    visit = access.visit()
    license_id, resource = desks.license_of(visit), desks.resource_of()
    notes = {match.note for match in kept.matches}
    note = next(iter(notes)) if len(notes) == 1 else None
    shares = [Share(match.member_id, match.amount, match.note if note is None else None) for match in kept.matches]
    with transaction() as session:
        # A resend is answered by its own batch even if somebody left since (R17).
        if journal.saved_by(session, license_id, kept.key) is None:
            within = desks.courses_of(session, visit)
            if not reach.holds_all(session, within, [share.member_id for share in shares]):
                raise NotActive(_("Somebody in the file has left your courses since. Nobody got anything."))
            question = second_look.needed(session, license_id, resource, shares, note=note, key=kept.key)
            if question:
                return question
        return allot_shares(
            session,
            license_id,
            resource,
            shares,
            actor=desks.actor_of(visit),
            now=clock.now(),
            note=note,
            request_key=kept.key,
        )


def _again(kept: _Kept, refused: Refusal | None = None) -> ResponseReturnValue:
    """The same rows as they stand now: who is in them and has left since is told."""
    desk = open_desk(db.session())
    here = {one.member_id: one for one in share_file.everybody(db.session(), desk.within) if one.active}
    left = [match for match in kept.matches if match.member_id not in here]
    matches = [
        replace(match, name=here[match.member_id].name) if match.member_id in here else match for match in kept.matches
    ]
    faults = [Fault(match.row, _("%(name)s has left your courses since.", name=match.name)) for match in left]
    if refused and not faults and not isinstance(refused, PoolShort):
        faults = [Fault(0, refused.detail)]
    return _preview(desk, Reading(matches, faults), kept.key)


def _ask_for_file(shown: Form) -> ResponseReturnValue:
    page = render_template(
        "manager/file.html", desk=open_desk(db.session()), form=shown, reading=None, rows=share_file.MOST_ROWS
    )
    return page, 422 if shown.wrong else 200


def _preview(desk: Desk, reading: Reading, key: str) -> ResponseReturnValue:
    missing = max(0, reading.total - desk.pool)
    kept = "" if reading.faults or missing else _signing().dumps(_told(key, reading.matches))
    if len(kept) > _MOST_CARRIED:
        kept = ""
        reading.faults.append(Fault(0, _("The notes are too long together. Split the file into two.")))
    page = render_template("manager/file.html", desk=desk, form=Form(), reading=reading, missing=missing, kept=kept)
    return page, 200 if kept else 422


def _told(key: str, matches: list[Match]) -> list[object]:
    visit = access.visit()
    rows = [[match.row, match.member_id, match.name, match.amount, match.note] for match in matches]
    return [visit.license_id, visit.person_id, key, rows]


def _opened(text: str) -> _Kept | None:
    """What this person's own page carried; None for anything else."""
    visit = access.visit()
    try:
        license_id, person_id, key, rows = _signing().loads(text)
    except BadData:
        return None
    if [license_id, person_id] != [visit.license_id, visit.person_id]:
        return None
    return _Kept(key, [Match(*row) for row in rows])


def _signing() -> Signing:
    settings: Settings = current_app.extensions["creditroll"]
    return Signing(settings.secret_key, "share-file")
