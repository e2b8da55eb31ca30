"""POST /manager/settings/alerts: what a manager is told by e-mail, in the language of this visit."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.alerts import watch, wishes
from lti_tool.alerts.levels import EMPTY, EVENTS, FIFTH, WAITING
from lti_tool.alerts.wishes import Key
from lti_tool.db import db, transaction
from lti_tool.language import _, locale
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses.setting_changes import Change
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import asked_for
from lti_tool.web.manager.desk import open_desk
from lti_tool.web.manager.settings import Typed, page
from lti_tool.web.manager.stale import Stale, stale


def routes(blueprint: Blueprint) -> None:
    """Adds what the form in Settings posts to."""
    blueprint.add_url_rule("/settings/alerts", "alerts_save", save, methods=["POST"])


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Tells this person of these events from now on; or says who was first, on another page or by a letter's link."""
    wanted = frozenset(event for event in request.form.getlist("event") if event in EVENTS)
    based_on = Form.posted("based_on").whole("based_on", empty=0) or 0
    desk = open_desk(db.session())
    key = asked_for.key_of(desk)
    try:
        with transaction() as session:
            low = watch.level(session, key.license_id, desk.resource).low
            wishes.save(session, key, wanted, low=low, locale=str(locale()), based_on=based_on, now=clock.now())
    except StaleSetting:
        came_between = {"alerts": _came_between(key, wanted)}
        return page(open_desk(db.session()), Typed(alerts=wanted, stale=came_between)), 422
    return done(url_for("manager.settings", alerts="on" if wanted else "off"))


def _came_between(key: Key, mine: frozenset[str]) -> Stale:
    wish = wishes.find(db.session(), key)
    assert wish is not None, "a form is stale only after a change"
    return stale(
        Change(wish.version, Actor("person", key.person_id), wish.at),
        theirs=_in_words(wish.wanted),
        mine=_in_words(mine),
    )


def _in_words(wanted: frozenset[str]) -> str:
    words = {FIFTH: _("a fifth is left"), WAITING: _("too little for who waits"), EMPTY: _("nothing is left")}
    return ", ".join(words[event] for event in reversed(EVENTS) if event in wanted) or _("no letters")
