"""`creditroll order`: the operator sees what schools bought, approves it and records what the bank received."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from lti_tool.purchasing import orders, payments
from lti_tool.purchasing.certificates import Upload, keep
from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import NOW, make_license, make_order, make_payment
from tests.house.sources import ROOT


@dataclass(frozen=True)
class Bought:
    """A licence without credits, and three of its orders: ids, and the number of the first."""

    license: str
    waiting: str
    number: str
    quote: str
    cancelled: str


@pytest.fixture
def bought(books: Books) -> Bought:
    """100 by purchase order that wait, a quote, and 50 that were cancelled."""
    with books() as session:
        school = make_license(session, credits=0)
        cancelled = make_order(session, school, quantity=50, status="cancelled")
        quote = make_order(session, school, method=None, status="draft")
        waiting = make_order(session, school, method="purchase_order", po_number="PO-4711")
        waiting.billing_organization = "Springfield District"
        return Bought(school.id, waiting.id, waiting.number, quote.id, cancelled.id)


def issued(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("select issued from pools")).scalar_one())


def test_orders_are_listed_waiting_ones_first_and_quotes_only_when_asked_for(run: Run, bought: Bought) -> None:
    assert [one["id"] for one in run("order", "list", "--json").json] == [bought.waiting, bought.cancelled]
    for options, wanted in (
        (("--status", "draft"), [bought.quote]),
        (("--status", "unpaid"), []),
        (("--license", bought.license, "--limit", "1"), [bought.waiting]),
    ):
        assert [one["id"] for one in run("order", "list", *options, "--json").json] == wanted
    [line, _] = run("order", "list").out.splitlines()
    assert line == (
        f"{bought.number}  placed     100 export-credits  $50.00  paid $0.00  PO PO-4711  Springfield District"
    )
    assert "--limit N" in run("order", "list", "--limit", "1").err
    assert run("order", "list", "--license", "nobody").code == 1
    assert run("order", "list", "--status", "paid").code == 2


def test_an_order_is_found_by_its_id_and_by_the_number_on_any_of_its_papers(run: Run, bought: Bought) -> None:
    stem = bought.number.removeprefix("CR-")
    for typed in (bought.waiting, bought.number, f"Q-{stem}", f"i-{stem.lower()} ", f"R-{stem}"):
        assert run("order", "show", typed, "--json").json["id"] == bought.waiting
    for typed in ("CR-2026-00000000", "x", "", "Ünïcode", "%", "\udcff", "9" * 10_000):
        for command in ("show", "approve", "cancel"):
            refused = run("order", command, typed)
            assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)


def test_an_order_is_one_document_with_its_payments(run: Run, bought: Bought) -> None:
    shape = run("order", "show", bought.waiting, "--json").json
    assert {name: shape[name] for name in ("number", "license", "status", "quantity", "currency", "total")} == {
        "number": bought.number,
        "license": bought.license,
        "status": "placed",
        "quantity": 100,
        "currency": "USD",
        "total": 5_000,
    }
    assert (shape["paid"], shape["is_paid"], shape["payments"]) == (0, False, [])
    assert (shape["placed_at"], shape["fulfilled_at"]) == ("2026-11-23T09:00:00Z", None)
    assert shape["billing"]["organization"] == "Springfield District"
    manual = (ROOT / "docs" / "operator" / "payments.md").read_text("utf-8")
    documented = json.loads(re.findall(r"```json\n(.+?)```", manual, re.DOTALL)[0])
    assert shape.keys() == documented.keys()
    run("order", "paid", bought.number, "--amount", "20.00", "--reference", "TRN 1")
    [payment] = run("order", "show", bought.waiting, "--json").json["payments"]
    assert payment.keys() == documented["payments"][0].keys()


def test_an_approved_order_is_credited_once(run: Run, bought: Bought, engine: Engine) -> None:
    for _ in range(2):
        assert run("order", "approve", bought.number, "--json").json["status"] == "fulfilled"
        assert issued(engine) == 100
    assert [one["id"] for one in run("order", "list", "--status", "unpaid", "--json").json] == [bought.waiting]
    refused = run("order", "cancel", bought.number)
    assert (refused.code, refused.err) == (
        1,
        f"creditroll: Order {bought.number} is fulfilled already; nothing was changed.\n",
    )


def test_a_cancelled_order_keeps_why_and_brings_nothing(run: Run, bought: Bought, engine: Engine) -> None:
    for note in ("Ordered twice", "too late to say something else"):
        cancelled = run("order", "cancel", bought.waiting, "--note", note, "--json").json
        assert (cancelled["status"], cancelled["closed_by"], cancelled["closed_note"]) == (
            "cancelled",
            "operator",
            "Ordered twice",
        )
    assert run("order", "approve", bought.waiting).code == 1
    assert run("order", "cancel", bought.quote, "--note", "x" * 501).code == 1
    assert issued(engine) == 0


def test_a_certificate_is_refused_by_the_order_that_shows_it(
    run: Run, bought: Bought, books: Books, tmp_path: Path
) -> None:
    assert run("order", "refuse-certificate", bought.quote).code == 1
    with books() as session:
        quote = orders.by_number(session, bought.quote)
        upload = Upload.read(b"%PDF-1.4", "exempt.pdf")
        kept = keep(session, tmp_path / "files", quote.license_id, upload, uploaded_by=None, now=NOW)
        orders.exempt(quote, kept.id)
    assert run("order", "show", bought.quote, "--json").json["tax_exempt"] is True
    assert run("order", "refuse-certificate", bought.quote, "--json").json["tax_exempt"] is False


def test_money_of_the_bank_is_recorded_to_the_cent_and_once(run: Run, bought: Bought, engine: Engine) -> None:
    for amount, reference, paid in (("$20.00", "TRN 1", 2_000), ("30.00", "TRN 2", 5_000), ("30.00", "TRN 2", 5_000)):
        shown = run("order", "paid", bought.number, "--amount", amount, "--reference", reference, "--json").json
        assert shown["paid"] == paid
        assert issued(engine) == (100 if paid == 5_000 else 0)
    assert [one["amount"] for one in shown["payments"]] == [2_000, 3_000]
    for amount in ("0.00", "-5.00", "5", "5.0", "5.000", "1e3", "NaN", "٣.00", "1,00", "", "9" * 99):
        refused = run("order", "paid", bought.number, "--amount", amount, "--reference", "TRN 3")
        if amount == "5":
            assert refused.code == 0
        else:
            assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1), amount
    used = run("order", "paid", bought.quote, "--amount", "20.00", "--reference", "TRN 1")
    assert (used.code, "noted already" in used.err) == (1, True)


def test_problems_are_listed_until_somebody_says_what_was_done(run: Run, bought: Bought) -> None:
    assert run("order", "problems", "--json").json == []
    assert run("order", "problems").out == "None.\n"
    run("order", "paid", bought.number, "--amount", "20.00", "--reference", "TRN 1")
    [problem] = run("order", "problems", "--json").json
    assert (problem["code"], problem["order"], problem["closed_at"]) == ("partial", bought.waiting, None)
    assert problem["id"] in run("order", "show", bought.number).out
    assert run("order", "close-problem", problem["id"]).code == 2
    for note in (" ", "x" * 501):
        assert run("order", "close-problem", problem["id"], "--note", note).code == 1
    for note in ("They owe the rest until May", "again"):
        closed = run("order", "close-problem", problem["id"], "--note", note, "--json").json
        assert closed["closed_note"] == "They owe the rest until May"
    assert run("order", "problems", "--json").json == []
    assert [one["id"] for one in run("order", "problems", "--all", "--json").json] == [problem["id"]]
    assert run("order", "close-problem", "nothing", "--note", "x").code == 1


def test_what_went_back_is_told(run: Run, books: Books, bought: Bought) -> None:
    with books() as session:
        order = make_order(session, make_license(session, credits=0))
        make_payment(session, order, refunded=1_000)
        payments.note_problem(session, "overpaid", order.id, "Paid twice.", now=NOW, order_id=order.id)
        number = order.number
    shape = run("order", "show", number, "--json").json
    assert (shape["paid"], shape["given_back"]) == (5_000, 1_000)
    assert "payment stripe" in run("order", "show", number).out
