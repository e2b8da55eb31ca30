"""/manager/settings: how many units a student may receive, with what each choice could cost (R6, R10, R13)."""

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.ledger import policies, rules
from lti_tool.ledger.policies import Policy
from lti_tool.ledger.refusals import MaximumInvalid, StaleSetting
from lti_tool.licenses import export_services, licenses
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.platforms import Platform
from lti_tool.members import directory
from lti_tool.settings import Resource, Settings
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.overview import could_go_out

_NEIGHBOURS = 2


@dataclass(frozen=True)
class Choice:
    """One maximum and what it could cost from today, in units."""

    maximum: int
    could_go_out: int
    remain: int
    """What the licence would then have left; below 0, so many are missing."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what saves it."""
    blueprint.add_url_rule("/settings", "settings", form)
    blueprint.add_url_rule("/settings", "settings_save", save, methods=["POST"])
    blueprint.add_url_rule("/settings/assistants", "assistants_save", save_assistants, methods=["POST"])


@only(MANAGER)
def form() -> str:
    """The setting in force; `?maximum=` looks at another without saving it."""
    desk = open_desk(db.session())
    typed = request.args.get("maximum", _as_typed(desk.setting.maximum))
    shown = Form({"maximum": typed.strip(), "based_on": str(desk.setting.version)})
    maximum = _maximum(shown, desk.resource)
    looks_wrong = shown.wrong.pop("maximum", "")  # said beside the sum: nothing was sent off yet
    return _page(desk, shown, maximum, looks_wrong=looks_wrong)


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Puts the maximum in force from each student's next visit on, or says why not, and nothing changed."""
    posted = Form.posted("maximum", "based_on")
    resource = desks.resource_of()
    visit = access.visit()
    maximum = _maximum(posted, resource)
    based_on = posted.whole("based_on", empty=0)
    if maximum is not None and based_on is not None:
        try:
            with transaction() as session:
                policies.save(
                    session,
                    desks.license_of(visit),
                    resource,
                    maximum=maximum,
                    based_on=based_on,
                    actor=desks.actor_of(visit),
                    now=clock.now(),
                )
        except MaximumInvalid as refused:
            posted.wrong["maximum"] = refused.detail
        except StaleSetting as stale:
            posted.wrong["form"] = f"{stale.detail} Your change was not saved; look again, then Save."
        else:
            return done(url_for("manager.settings", saved=1))
    desk = open_desk(db.session())
    posted.values["based_on"] = str(desk.setting.version)
    return _page(desk, posted, None if posted.wrong.get("maximum") else maximum), 422


@only(MANAGER)
def save_assistants() -> ResponseReturnValue:
    """Treats teaching assistants as teachers from their next request on, or no longer (R24)."""
    visit = access.visit()
    teach = request.form.get("assistants_teach") == "1"
    with transaction() as session:
        licenses.let_assistants_teach(session, desks.license_of(visit), teach, by_person=visit.person_id)
    return done(url_for("manager.settings", assistants="on" if teach else "off"))


def _maximum(shown: Form, resource: Resource) -> int | None:
    """The typed maximum; empty is off. A number that is not allowed gets its two neighbours (R6)."""
    maximum = shown.whole("maximum", empty=0)
    if maximum is None:
        below, above = rules.nearest_allowed(_roughly(shown.values["maximum"]), resource.bundle)
        shown.wrong["maximum"] += f" The nearest are {below:,} and {above:,}."
    elif not rules.is_allowed_maximum(maximum, resource.bundle):
        shown.wrong["maximum"] = policies.not_allowed(maximum, resource).detail
        return None
    return maximum


def _roughly(typed: str) -> int:
    whole = typed.replace(",", ".").partition(".")[0]
    return int(whole[:16]) if whole.isdecimal() else 0


def page_with(desk: Desk, service: Form) -> str:
    """The page with what was typed of the exporting service."""
    shown = Form({"maximum": _as_typed(desk.setting.maximum), "based_on": str(desk.setting.version)})
    return _page(desk, shown, desk.setting.maximum, typed_service=service)


def _page(
    desk: Desk, shown: Form, maximum: int | None, *, looks_wrong: str = "", typed_service: Form | None = None
) -> str:
    received = directory.received_by_students(db.session(), desk.license.id, desk.resource.name)
    choices = [
        Choice(value, cost, desk.totals.pool - cost)
        for value in _around(desk.setting.maximum if maximum is None else maximum, desk)
        for cost in [could_go_out(received, value, desk.resource.bundle)]
    ]
    allowed = hosts()
    service = export_services.find(db.session(), desk.license.id, allowed)
    return render_template(
        "manager/settings.html",
        desk=desk,
        form=shown,
        service=service,
        service_form=typed_service or _as_set(service),
        named_hosts=sorted(allowed.named),
        chosen=next((choice for choice in choices if choice.maximum == maximum), None),
        choices=[choice for choice in choices if choice.maximum],
        students=sum(received.values()),
        looks_wrong=looks_wrong,
        saved=_saved(desk) if request.args.get("saved") and request.method == "GET" else None,
        has_assistants=_has_assistants(desk),
    )


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


def _around(maximum: int, desk: Desk) -> list[int]:
    """The chosen maximum, the one in force, and neighbours of both, lowest first; 0 too, for the sentence."""
    bundle = desk.resource.bundle
    near = {maximum + step * bundle for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1)} | {desk.setting.maximum}
    return sorted({value for value in near if rules.is_allowed_maximum(value, bundle)} | {0})


def _saved(desk: Desk) -> Policy | None:
    """The setting in force, if this person saved it: confirmed above the page."""
    policy = db.session().get(Policy, (desk.license.id, desk.resource.name, desk.setting.version))
    return policy if policy is not None and policy.actor_id == desk.visit.person_id else None


def _as_typed(maximum: int) -> str:
    return str(maximum) if maximum else ""
