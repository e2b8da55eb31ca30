"""/manager/settings: how many units a student may receive, with what each choice could cost (R6, R10, R13)."""

from dataclasses import dataclass, field

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _, number
from lti_tool.ledger import policies, rules
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.policies import Policy
from lti_tool.ledger.refusals import MaximumInvalid, StaleSetting
from lti_tool.licenses import export_services, setting_changes
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.licenses.setting_changes import ASSISTANTS, EXPORT_SERVICE, Change
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.platforms import Platform
from lti_tool.members import census
from lti_tool.settings import Resource, Settings
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.asked_for import asked_for
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.overview import could_go_out
from lti_tool.web.manager.stale import Stale, stale

_NEIGHBOURS = 2


@dataclass(frozen=True)
class Choice:
    """One maximum and what it could cost from today, in units."""

    maximum: int
    could_go_out: int
    remain: int
    """What the licence would then have left; below 0, so many are missing."""


@dataclass(frozen=True)
class Typed:
    """What was typed into a form that was refused; a form that is None shows what is in force."""

    maximum: Form | None = None
    service: Form | None = None
    assistants: bool | None = None
    alerts: frozenset[str] | None = None
    stale: dict[str, Stale] = field(default_factory=dict)
    """By the name of the form: what came between."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what saves the maximum."""
    blueprint.add_url_rule("/settings", "settings", form)
    blueprint.add_url_rule("/settings", "settings_save", save, methods=["POST"])


@only(MANAGER)
def form() -> str:
    """The settings in force; `?maximum=` looks at another without saving it."""
    typed = request.args.get("maximum")
    return page(open_desk(db.session()), Typed() if typed is None else Typed(maximum=Form({"maximum": typed.strip()})))


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Puts the maximum in force from each student's next visit on, or says why not, and nothing changed."""
    posted = Form.posted("maximum", "based_on")
    visit = access.visit()
    maximum, based_on = _maximum(posted, desks.resource_of()), posted.whole("based_on", empty=0)
    came_between = {}
    if maximum is not None and based_on is not None:
        try:
            save_maximum(desks.license_of(visit), maximum, based_on)
        except MaximumInvalid as refused:
            posted.wrong["maximum"] = refused.detail
        except StaleSetting:
            came_between["maximum"] = stale_maximum(open_desk(db.session()), maximum)
        else:
            return done(url_for("manager.settings", saved=1))
    return page(open_desk(db.session()), Typed(maximum=posted, stale=came_between)), 422


def save_maximum(license_id: str, maximum: int, based_on: int) -> None:
    """Saves it for the visit's person. Raises MaximumInvalid, StaleSetting."""
    actor = desks.actor_of(access.visit())
    with transaction() as session:
        policies.save(
            session, license_id, desks.resource_of(), maximum=maximum, based_on=based_on, actor=actor, now=clock.now()
        )


def stale_maximum(desk: Desk, mine: int) -> Stale:
    """Who saved another maximum meanwhile."""
    newest = policies.newest(db.session(), desk.license.id, desk.resource.name)
    assert newest is not None, "a setting that is newer than another was saved"
    change = Change(newest.version, Actor(newest.actor_kind, newest.actor_id), newest.at)
    return stale(change, theirs=_in_words(newest.maximum), mine=_in_words(mine))


def _in_words(maximum: int) -> str:
    return number(maximum) if maximum else _("off")


def _maximum(shown: Form, resource: Resource) -> int | None:
    """The typed maximum; empty is off. A number that is not allowed gets its two neighbours (R6)."""
    maximum = shown.whole("maximum", empty=0)
    if maximum is None:
        below, above = rules.nearest_allowed(_roughly(shown.values["maximum"]), resource.bundle)
        nearest = _("The nearest are %(below)s and %(above)s.", below=number(below), above=number(above))
        shown.wrong["maximum"] += f" {nearest}"
    elif not rules.is_allowed_maximum(maximum, resource.bundle):
        shown.wrong["maximum"] = policies.not_allowed(maximum, resource).detail
        return None
    return maximum


def _roughly(typed: str) -> int:
    whole = typed.replace(",", ".").partition(".")[0]
    return int(whole[:16]) if whole.isdecimal() else 0


def page(desk: Desk, typed: Typed) -> str:
    """The page; a form that was refused keeps what was typed, and is based on what is in force now."""
    session, license_id = db.session(), desk.license.id
    shown = typed.maximum or Form({"maximum": _as_typed(desk.setting.maximum)})
    maximum = None if shown.wrong else _maximum(shown, desk.resource)
    # Where it is only looked at, nothing was sent off yet: it is said beside the sum.
    looks_wrong = shown.wrong.pop("maximum", "") if request.method == "GET" else ""
    received = census.received_by_students(session, license_id, desk.resource.name)
    choices = _choices(desk, desk.setting.maximum if maximum is None else maximum, received)
    allowed = hosts()
    service = export_services.find(session, license_id, allowed)
    asked = asked_for(desk)
    return render_template(
        "manager/settings.html",
        desk=desk,
        form=shown,
        stale=typed.stale,
        service=service,
        service_form=typed.service or _as_set(service),
        named_hosts=sorted(allowed.named),
        teach=desk.license.assistants_teach if typed.assistants is None else typed.assistants,
        asked=asked,
        told_of=asked.wanted if typed.alerts is None else typed.alerts,
        fifth=-(-desk.issued // 5),
        based_on=_based_on(desk, typed) | {"alerts": str(asked.version)},
        chosen=next((choice for choice in choices if choice.maximum == maximum), None),
        choices=[choice for choice in choices if choice.maximum],
        students=sum(received.values()),
        looks_wrong=looks_wrong,
        saved=_saved(desk) if request.args.get("saved") and request.method == "GET" else None,
        has_assistants=_has_assistants(desk),
    )


def _based_on(desk: Desk, typed: Typed) -> dict[str, str]:
    """The versions that the forms count for, by their names.

    One whose field was refused keeps its own: whoever mends the field has not been told yet of what came between.
    """
    changed = setting_changes.versions(db.session(), desk.license.id)
    newest = {
        "maximum": desk.setting.version,
        "service": changed.get(EXPORT_SERVICE, 0),
        "assistants": changed.get(ASSISTANTS, 0),
    }
    refused = {name: posted for name, posted in (("maximum", typed.maximum), ("service", typed.service)) if posted}
    kept = {name: posted.values.get("based_on") for name, posted in refused.items() if name not in typed.stale}
    return {name: kept.get(name) or str(version) for name, version in newest.items()}


def _choices(desk: Desk, maximum: int, received: dict[int, int]) -> list[Choice]:
    """The chosen maximum, the one in force, and neighbours of both, lowest first; 0 too, for the sentence."""
    bundle = desk.resource.bundle
    near = {maximum + step * bundle for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1)} | {desk.setting.maximum}
    return [
        Choice(value, cost, desk.pool - cost)
        for value in sorted({value for value in near if rules.is_allowed_maximum(value, bundle)} | {0})
        for cost in [could_go_out(received, value, bundle)]
    ]


def _as_set(service: ExportService | None) -> Form:
    return Form({"service_label": service.label, "service_url": service.url} if service else {})


def hosts() -> Hosts:
    """Where exporting services may be."""
    settings: Settings = current_app.extensions["creditroll"]
    return Hosts.of(settings)


def _has_assistants(desk: Desk) -> bool:
    """Whether this LMS tells an assistant from a teacher; Moodle does not."""
    platform = db.session().get(Platform, desk.visit.platform_id)
    return platform is None or FAMILIES[platform.family].has_assistants


def _saved(desk: Desk) -> Policy | None:
    """The setting in force, if this person saved it: confirmed above the page."""
    newest = policies.newest(db.session(), desk.license.id, desk.resource.name)
    return newest if newest is not None and newest.actor_id == desk.visit.person_id else None


def _as_typed(maximum: int) -> str:
    return str(maximum) if maximum else ""
