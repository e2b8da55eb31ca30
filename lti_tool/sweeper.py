"""What time ends, and what nobody did: a sweep each minute finds it, and no step of it keeps the others back."""

from collections.abc import Callable
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti_tool import clock, last_results
from lti_tool.alerts import letters, watch
from lti_tool.db import database_now, writing
from lti_tool.ledger import closings, expiry
from lti_tool.licenses import idempotency
from lti_tool.lti import launch_log, one_time
from lti_tool.members import roster_reads
from lti_tool.purchasing import overdue
from lti_tool.purchasing.refusals import PaymentNotTaken, ProviderFault
from lti_tool.purchasing.stripe.pages import Stripe
from lti_tool.settings import Resource, Settings
from lti_tool.unforeseen import outlived
from lti_tool.webhooks import deliveries

LAST_SWEEP = "sweep"
"""The name under which the last sweep is kept."""


class Sweeper:
    """Tidies the books; `read_roster` wakes whoever reads the roster of a course."""

    def __init__(self, settings: Settings, engine: Engine, *, read_roster: Callable[[str], None]) -> None:
        self._settings = settings
        self._engine = engine
        self._read_roster = read_roster

    def sweep(self) -> None:
        """Starts lost readings again, ends overdue holds and orders, forgets old nonces and what the launch log need
        not keep, closes the days that are over, tells managers of licenses that run low, and asks about pages to pay on
        of which nothing was heard.

        A step that ends in an unforeseen error comes again with the next sweep.
        """
        began_at = clock.now()
        with outlived("starting lost readings again"):
            self._resume_readings()
        self._tidy("overdue holds", lambda session: expiry.sweep(session, now=database_now(session)))
        self._tidy("old nonces", lambda session: one_time.forget_expired(session, now=clock.now()))
        self._tidy("old idempotency keys", lambda session: idempotency.forget(session, now=clock.now()))
        self._tidy("old deliveries", lambda session: deliveries.forget(session, now=clock.now()))
        with outlived("shortening the launch log"):
            self._shorten_launch_log()
        with outlived("closing days"):
            self._close_days()
        self._tidy("old letters", lambda session: letters.forget(session, now=clock.now()))
        with outlived("looking how low licenses are"):
            self._watch_levels()
        self._tidy("overdue orders", lambda session: overdue.expire(session, now=clock.now()))
        if self._settings.takes_cards:
            with outlived("asking about pages to pay on"):
                self._watch_pages()
        with outlived("noting that the sweep ran"), writing(self._engine) as session:
            last_results.keep(session, LAST_SWEEP, {}, began_at=began_at, now=clock.now())

    def _resume_readings(self) -> None:
        with writing(self._engine) as session:
            lost = roster_reads.resume_unfinished(session, now=clock.now())
        for context_id in lost:
            self._read_roster(context_id)

    def _watch_levels(self) -> None:
        with Session(self._engine) as session:
            watched = watch.watched(session)
        for license_id, name in watched:
            if resource := self._settings.resources.get(name):
                with outlived(f"looking how low license {license_id} is"):
                    self._tell_of(license_id, resource)

    def _tell_of(self, license_id: str, resource: Resource) -> None:
        """Writes only where something changed: each look is a read, and there is one a minute."""
        with Session(self._engine) as session:
            found = watch.level(session, license_id, resource)
            changed = watch.changed(session, license_id, found, resource.name)
        for wish in changed:
            with writing(self._engine) as session:
                watch.tell(session, wish, found, now=clock.now())

    def _watch_pages(self) -> None:
        """Asks the payment provider about open pages; the first fault of its own ends this round."""
        with writing(self._engine) as session:
            due = overdue.due_pages(session, now=clock.now())
        for page in due:
            with outlived(f"asking about the page of order {page.order_id}"):
                if not self._ask_about(page):
                    return

    def _ask_about(self, page: overdue.DuePage) -> bool:
        """False where the provider itself does not answer as it should."""
        try:
            seen = self._stripe.look_up(page.session_id)
            if page.is_needless and seen.status == "open":
                seen = self._stripe.expire(page.session_id)
        except PaymentNotTaken:
            with writing(self._engine) as session:
                overdue.forget(session, page, now=clock.now())
        except ProviderFault:
            return False
        else:
            with writing(self._engine) as session:
                overdue.see(session, page, seen, now=clock.now())
        return True

    def _tidy(self, what: str, tidy: Callable[[Session], int]) -> None:
        """Until none is left, a portion a transaction, so that launches and spends are never kept waiting."""
        with outlived(f"tidying {what}"):
            tidied = 1
            while tidied:
                with writing(self._engine) as session:
                    tidied = tidy(session)

    def _shorten_launch_log(self) -> None:
        days, rows = self._settings.launch_log_days, self._settings.launch_log_rows
        while True:
            with Session(self._engine) as session:
                old = launch_log.overdue(session, days=days, rows=rows, now=clock.now())
            if not old:
                return
            with writing(self._engine) as session:
                launch_log.forget(session, old)

    def _close_days(self) -> None:
        while True:
            with Session(self._engine) as session:  # no lock: the first time it reads the whole journal
                due = closings.due(session, now=clock.now())
            if not due:
                return
            with writing(self._engine) as session:
                closings.close(session, due)

    @cached_property
    def _stripe(self) -> Stripe:
        return Stripe(self._settings)
