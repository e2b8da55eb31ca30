"""Figures that the database holds, for Prometheus: the same from whichever worker, or command, changed them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db
from lti_tool.purchasing import orders, payments
from lti_tool.webhooks import deliveries, endpoints


class _Books:
    """What one look into the database found."""

    def __init__(self, session: Session) -> None:
        self._fulfilled = orders.fulfilled_by_method(session)
        self._problems = payments.open_problems(session)
        self._endpoints = endpoints.counted(session)
        self._waiting, self._oldest_s = deliveries.waiting(session, now=clock.now())

    def collect(self) -> Iterator[Metric]:
        """The figures, as the library asks for them."""
        fulfilled = CounterMetricFamily("creditroll_orders_fulfilled", "Orders credited so far.", labels=["method"])
        for method, count in self._fulfilled.items():
            fulfilled.add_metric([method], count)
        problems = GaugeMetricFamily(
            "creditroll_payment_problems_open", "Problems about money that wait for a person.", labels=["code"]
        )
        for code, count in self._problems.items():
            problems.add_metric([code], count)
        yield fulfilled
        yield problems
        told = GaugeMetricFamily(
            "creditroll_webhook_endpoints",
            "Webhook endpoints by status; those that fail are on, too.",
            labels=["status"],
        )
        for status, count in self._endpoints.items():
            told.add_metric([status], count)
        yield told
        yield GaugeMetricFamily(
            "creditroll_webhook_deliveries_waiting", "Webhook deliveries on their way.", value=self._waiting
        )
        yield GaugeMetricFamily(
            "creditroll_webhook_oldest_waiting_seconds", "Age of the oldest of them, in seconds.", value=self._oldest_s
        )


def latest() -> bytes:
    """The figures as text; nothing where the database does not answer, so that the others still can be read."""
    registry = CollectorRegistry()
    try:
        registry.register(_Books(db.session()))
    except SQLAlchemyError:
        db.session.rollback()
    return generate_latest(registry)
