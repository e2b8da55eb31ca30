"""/manager/requests: who asks for credits, answered together: with the same number each by one Save, or kindly without.

The forms carry the very requests that their page showed, so that nobody slips in or out between looking and answering.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger.movements import Posted, Share
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.members import requests
from lti_tool.members.requests import AnsweredBefore, Waiting
from lti_tool.web import access
from lti_tool.web.access import STAFF, TEACHER, only
from lti_tool.web.forms import Form, done, request_key
from lti_tool.web.manager import add, second_look
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.add import Short
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.second_look import Question

MOST = 50
"""How many requests one page shows, and one Save answers; the others come after them."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page, and what its two answers post to."""
    blueprint.add_url_rule("/requests", "requests", page)
    blueprint.add_url_rule("/requests", "requests_give", give, methods=["POST"])
    blueprint.add_url_rule("/requests/decline", "requests_decline", decline_form)
    blueprint.add_url_rule("/requests/decline", "requests_decline_save", decline, methods=["POST"])


def waiting(desk: Desk, *, limit: int = MOST) -> Waiting:
    """Who asks, for another page to show: those who wait longest first."""
    return requests.waiting(db.session(), desk.within, desk.resource.name, limit=limit)


@dataclass(frozen=True)
class Ticked:
    """The requests that a form is for, by id; of a page that was just opened all that it shows."""

    ids: frozenset[str]

    @classmethod
    def posted(cls) -> "Ticked":
        """Those of this request's body, as many as a page shows; a second look sends them in one field."""
        return cls(frozenset(" ".join(request.form.getlist("request")).split()[:MOST]))


@only(STAFF)
def page() -> ResponseReturnValue:
    """Everybody who asks, ticked, and what a bundle for each would cost."""
    desk = open_desk(db.session())
    return _page(desk, Form({"amount": str(desk.resource.bundle), "note": "", "request_key": new_id()})), 200


@only(TEACHER)
def give() -> ResponseReturnValue:
    """Gives each of the ticked the same, all or nobody; or asks once more, or says why not, and nothing changed."""
    posted, ticked = Form.posted("amount", "note"), Ticked.posted()
    posted.values["request_key"] = request_key()
    if second_look.is_to_change():
        return _page(open_desk(db.session()), posted, ticked=ticked), 200
    each = posted.whole("amount")
    short = None
    if each is not None:
        try:
            saved = _give(ticked, each, posted)
        except PoolShort as lacking:
            posted.wrong["amount"] = add.shortage(len(ticked.ids), each, lacking)
            short = Short(lacking.missing, _keep(ticked, each, posted))
        except (AnsweredBefore, NotActive):
            posted.wrong["form"] = _("Somebody was answered meanwhile, or has left. Nobody got anything by this press.")
        except FormReused as reused:
            posted.wrong["form"] = reused.detail
            posted.values["request_key"] = new_id()
        except AmountInvalid as refused:
            posted.wrong["form" if refused.figures["field"] == "members" else str(refused.figures["field"])] = (
                refused.detail
            )
        else:
            if isinstance(saved, Question):
                return _ask_again(ticked, posted, saved)
            return done(url_for("manager.overview", gave=saved.batch_id))
    return _page(open_desk(db.session()), posted, ticked=ticked, short=short), 422


def _give(ticked: Ticked, each: int, posted: Form) -> Posted | Question:
    visit, resource = access.visit(), desks.resource_of()
    note, key = posted.values["note"] or None, posted.values["request_key"]
    with transaction() as session:
        within = desks.courses_of(session, visit)
        asking = requests.waiting(session, within, resource.name, limit=MOST, ids=ticked.ids).shown
        shares = [Share(one.member_id, each) for one in asking]  # none where this form was saved before
        if question := second_look.needed(session, within.license_id, resource, shares, note=note, key=key):
            return question
        return requests.give(
            session,
            within,
            resource,
            ticked.ids,
            each=each,
            actor=desks.actor_of(visit),
            now=clock.now(),
            note=note,
            request_key=key,
        )


def _ask_again(ticked: Ticked, posted: Form, question: Question) -> ResponseReturnValue:
    desk = open_desk(db.session())
    return second_look.page(
        desk,
        question,
        action=url_for("manager.requests_give"),
        names=[one.name for one in waiting(desk).shown if one.id in ticked.ids],
        carried={"request": " ".join(sorted(ticked.ids))} | posted.values,
    )


def _keep(ticked: Ticked, each: int, posted: Form) -> str | None:
    """What the license is too small for waits, as any allotment does, for those who may buy what is missing."""
    desk = open_desk(db.session())
    members = [asking.member_id for asking in waiting(desk).shown if asking.id in ticked.ids]
    return add.keep(members, each, Form(posted.values | {"back": "overview"}))


def _page(desk: Desk, form: Form, *, ticked: Ticked | None = None, short: Short | None = None) -> str:
    asking = waiting(desk)
    here = frozenset(one.id for one in asking.shown)
    chosen = ticked.ids & here if ticked else here
    each = max(0, Form(dict(form.values)).whole("amount") or 0)
    return render_template(
        "manager/requests.html",
        desk=desk,
        asking=asking,
        namesakes=_namesakes(asking),
        ticked=chosen,
        form=form,
        each=each,
        short=short,
        declined="declined" in request.args,
    )


def _namesakes(asking: Waiting) -> frozenset[str]:
    """The names that more than one of them has: those are told apart by their e-mail."""
    names = [one.name for one in asking.shown]
    return frozenset(name for name in names if names.count(name) > 1)


@only(TEACHER)
def decline_form() -> ResponseReturnValue:
    """A kind no for those whom the address names, or for all: with a sentence, if there is one to say."""
    desk = open_desk(db.session())
    wanted = None if "all" in request.args else frozenset(request.args.getlist("request")[:MOST])
    return _decline_page(desk, Form({"words": ""}), wanted)


@only(TEACHER)
def decline() -> ResponseReturnValue:
    """Answers them; they read it on their page and can ask again."""
    visit, posted, ticked = access.visit(), Form.posted("words"), Ticked.posted()
    assert visit.person_id is not None
    try:
        with transaction() as session:
            requests.decline(
                session,
                desks.courses_of(session, visit),
                desks.resource_of().name,
                ticked.ids,
                words=posted.values["words"] or None,
                by=visit.person_id,
                now=clock.now(),
            )
    except Invalid as refused:
        posted.wrong["words"] = refused.detail
    except AnsweredBefore as refused:
        posted.wrong["form"] = refused.detail
    else:
        return done(url_for("manager.requests", declined=1))
    return _decline_page(open_desk(db.session()), posted, ticked.ids)


def _decline_page(desk: Desk, form: Form, wanted: frozenset[str] | None) -> ResponseReturnValue:
    found = [one for one in waiting(desk).shown if wanted is None or one.id in wanted]
    if not found and not form.wrong:
        return done(url_for("manager.requests"))
    return render_template("manager/decline.html", desk=desk, asking=found, form=form), 422 if form.wrong else 200
