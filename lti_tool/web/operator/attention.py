"""What needs the operator, from all that Creditroll knows: the questions of the start page, the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from lti_tool.language import _, ngettext
from lti_tool.lti import platform_list
from lti_tool.members import roster_reads
from lti_tool.purchasing import last_audit, order_list, payments
from lti_tool.web.operator.health import Health
from lti_tool.webhooks import endpoints

_AUDIT_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class Item:
    """One sentence, what to press, and where that leads."""

    says: str
    press: str
    href: str


def items(session: Session, health: Health, *, now: datetime) -> list[Item]:
    """All that waits; none where nothing needs anybody."""
    return [
        *_audit(session, now),
        *_health(health),
        *_money(session),
        *_platforms(session),
        *_webhooks(session),
        *_rosters(session),
    ]


def _audit(session: Session, now: datetime) -> Iterator[Item]:
    last = last_audit.find(session)
    href = url_for("operator.audit")
    if last is not None and last.number:
        says = ngettext("The books have %(num)s fault.", "The books have %(num)s faults.", last.number)
        yield Item(says, _("See the audit"), href)
    elif last is not None and last.is_broken:
        yield Item(_("The last audit broke off before its end."), _("See the audit"), href)
    elif last is None:
        yield Item(_("The books were never audited."), _("Audit them"), href)
    elif now - last.began_at > _AUDIT_EVERY:
        yield Item(_("The last audit is more than a week old."), _("Audit again"), href)


def _health(health: Health) -> Iterator[Item]:
    for fault in health.faults:
        yield Item(fault, _("See the health"), url_for("operator.health"))


def _money(session: Session) -> Iterator[Item]:
    if orders := order_list.awaiting(session):
        says = ngettext("%(num)s order waits for you.", "%(num)s orders wait for you.", orders)
        yield Item(says, _("See the orders"), url_for("operator.orders", status="placed"))
    if problems := sum(payments.open_problems(session).values()):
        says = ngettext("%(num)s problem about money is open.", "%(num)s problems about money are open.", problems)
        yield Item(says, _("See the problems"), url_for("operator.problems"))


def _platforms(session: Session) -> Iterator[Item]:
    waiting = platform_list.waiting(session)
    href, press = url_for("operator.platforms"), _("See the platforms")
    if waiting.only_at:
        href, press = url_for("operator.platform", platform_id=waiting.only_at), _("See the LMS")
    if waiting.registrations:
        says = ngettext("%(num)s LMS waits for approval.", "%(num)s LMSs wait for approval.", waiting.registrations)
        yield Item(says, press, href)
    if waiting.deployments:
        says = ngettext(
            "%(num)s deployment waits for approval: nobody gets in from it.",
            "%(num)s deployments wait for approval: nobody gets in from them.",
            waiting.deployments,
        )
        yield Item(says, press, href)


def _webhooks(session: Session) -> Iterator[Item]:
    counts = endpoints.counted(session)
    href = url_for("operator.webhooks")
    if ended := counts[endpoints.OFF] + counts[endpoints.GONE]:
        says = ngettext("%(num)s webhook is switched off.", "%(num)s webhooks are switched off.", ended)
        yield Item(says, _("See the webhooks"), href)
    if failing := counts["failing"]:
        says = ngettext("%(num)s webhook fails at present.", "%(num)s webhooks fail at present.", failing)
        yield Item(says, _("See the webhooks"), href)


def _rosters(session: Session) -> Iterator[Item]:
    if failed := roster_reads.failures(session):
        says = ngettext(
            "The roster of %(num)s course could not be read.",
            "The rosters of %(num)s courses could not be read.",
            failed,
        )
        yield Item(says, _("See the rosters"), url_for("operator.rosters"))
