"""`creditroll order`: what schools bought, approving and paying it, and what about money needs a person."""

from typing import Any

import click
from sqlalchemy.orm import Session

from lti_tool import clock, money
from lti_tool.cli import books, json_option, show
from lti_tool.db import db, transaction
from lti_tool.errors import NotFound
from lti_tool.licenses import licenses
from lti_tool.purchasing import by_purchase_order, certificates, order_list, orders, payments
from lti_tool.purchasing.describing import describe, describe_problem
from lti_tool.purchasing.order_list import STATUSES, UNPAID, Wish
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import PaymentProblem

order_argument = click.argument("order_id", metavar="ID")


@click.group()
def command() -> None:
    """See, approve and cancel orders, record payments. ID is an order's id, or its number on any of its papers."""


@command.command("list")
@click.option(
    "--status",
    type=click.Choice((*STATUSES, UNPAID)),
    help="“unpaid”: credited, and the money has not come. Not given: all but quotes (draft).",
)
@click.option("--license", "license_id", metavar="ID", help="Only of this license.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many.")
@json_option
def list_(status: str | None, license_id: str | None, limit: int, as_json: bool) -> None:
    """Show orders. Those that wait come first, then the newest."""
    with books():
        session = db.session()
        if license_id is not None:
            licenses.find(session, license_id)
        found = order_list.listed(session, Wish(status, license_id), limit=limit + 1)
        shapes = describe(session, found[:limit])
        show(shapes, as_json=as_json, lines=[_line(shape) for shape in shapes] or ["None."])
        if len(found) > limit:
            click.echo(f"There are more than these {limit}: --limit N shows N.", err=True)


@command.command("show")
@order_argument
@json_option
def show_(order_id: str, as_json: bool) -> None:
    """Show one order, with its payments and problems."""
    with books():
        _show(orders.by_number(db.session(), order_id), as_json=as_json)


@command.command()
@order_argument
@json_option
def approve(order_id: str, as_json: bool) -> None:
    """Credit an order now. Its money may still come; approving again changes nothing."""
    with books():
        with transaction() as session:
            found = by_purchase_order.approve(session, orders.by_number(session, order_id).id, now=clock.now())
        _show(found, as_json=as_json)


@command.command()
@order_argument
@click.option("--note", help="Why; whoever looks at the order later reads it.")
@json_option
def cancel(order_id: str, note: str | None, as_json: bool) -> None:
    """End an order that brought no credits yet."""
    with books():
        with transaction() as session:
            known = orders.by_number(session, order_id)
            found = by_purchase_order.cancel(session, known.id, by="operator", note=note, now=clock.now())
        _show(found, as_json=as_json)


@command.command()
@order_argument
@click.option("--amount", required=True, help="What came, in the order's currency, as 50.00.")
@click.option("--reference", required=True, help="What the bank statement calls it; the same again changes nothing.")
@json_option
def paid(order_id: str, amount: str, reference: str, as_json: bool) -> None:
    """Record money that your bank received for an order."""
    with books():
        with transaction() as session:
            known = orders.by_number(session, order_id)
            came = money.typed(amount, known.currency)
            settled = by_purchase_order.record_payment(
                session, known.id, amount=came, reference=reference, now=clock.now()
            )
        _show(settled.order, as_json=as_json)


@command.command("refuse-certificate")
@order_argument
@json_option
def refuse_certificate(order_id: str, as_json: bool) -> None:
    """Refuse the certificate that exempts an order. It counts for no later order, and quotes get their tax back."""
    with books():
        with transaction() as session:
            found = orders.by_number(session, order_id)
            if found.certificate_id is None:
                raise NotFound(f"Order {found.number} is not exempt by a certificate.")
            certificates.refuse(session, found.certificate_id, now=clock.now())
        _show(orders.by_number(db.session(), order_id), as_json=as_json)


@command.command()
@click.option("--all", "with_closed", is_flag=True, help="Those that were closed, too.")
@json_option
def problems(with_closed: bool, as_json: bool) -> None:
    """List what about money needs a person, oldest first."""
    with books():
        found = payments.problems(db.session(), closed=with_closed, limit=10_000)
        lines = [line for problem in found for line in _problem_lines(problem)]
        show([describe_problem(one) for one in found], as_json=as_json, lines=lines or ["None."])


@command.command("close-problem")
@click.argument("problem_id", metavar="ID")
@click.option("--note", required=True, help="What was done about it.")
@json_option
def close_problem(problem_id: str, note: str, as_json: bool) -> None:
    """Close a problem that you have dealt with."""
    with books():
        with transaction() as session:
            closed = payments.close_problem(session, problem_id, note=note, now=clock.now())
        show(describe_problem(closed), as_json=as_json, lines=_problem_lines(closed))


def _show(order: Order, *, as_json: bool) -> None:
    session = db.session()
    [shape] = describe(session, [order])
    show(shape, as_json=as_json, lines=[_line(shape), *_details(session, shape)])


def _line(shape: dict[str, Any]) -> str:
    came = "paid" if shape["is_paid"] else f"paid {_sum(shape, 'paid')}"
    number = f"  PO {shape['po_number']}" if shape["po_number"] else ""
    return (
        f"{shape['number']}  {shape['status']:9}  {shape['quantity']:,} {shape['resource']}  {_sum(shape, 'total')}"
        f"  {came}{number}  {shape['billing']['organization'] or ''}".rstrip()
    )


def _details(session: Session, shape: dict[str, Any]) -> list[str]:
    times = [f"    {name.removesuffix('_at')} {shape[name]}" for name in shape if name.endswith("_at") and shape[name]]
    received = [
        f"    payment {one['provider']} {one['reference']}  {one['status']}"
        f"  {money.shown(one['amount'], one['currency'])}"
        for one in shape["payments"]
    ]
    wrong = [f"    problem {one.id}  {one.code}: {one.detail}" for one in payments.problems_of(session, shape["id"])]
    return [
        f"    id {shape['id']}  license {shape['license']}",
        f"    {_sum(shape, 'goods')} and tax {_sum(shape, 'tax')}" + (", exempt" if shape["tax_exempt"] else ""),
        *times,
        *([f"    note {shape['closed_note']}"] if shape["closed_note"] else []),
        *received,
        *wrong,
    ]


def _sum(shape: dict[str, Any], name: str) -> str:
    return money.shown(shape[name], shape["currency"])


def _problem_lines(problem: PaymentProblem) -> list[str]:
    state = f"closed: {problem.closed_note}" if problem.closed_at else "open"
    return [f"{problem.id}  {problem.noted_at:%Y-%m-%d %H:%M}Z  {problem.code}  {state}", f"    {problem.detail}"]
