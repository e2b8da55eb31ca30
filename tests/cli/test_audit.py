"""`creditroll audit`, as docs/ledger.md describes it."""

from sqlalchemy import Engine, text

from lti_tool.ledger.audit import Fault
from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import make_context, make_license, make_member, make_order, make_payment
from tests.ledger.planting import unguarded


def make_class(books: Books) -> str:
    """A licence of 100 credits with one student; its id."""
    with books() as session:
        license_ = make_license(session, credits=100)
        make_member(session, license_, make_context(session))
        return license_.id


def damage(engine: Engine, license_id: str) -> None:
    """Takes one credit out of the pool, past all guards."""
    with unguarded(engine) as session:
        session.execute(text(f"update pools set balance = balance - 1 where license_id = '{license_id}'"))
        session.commit()


def test_sound_books_are_said_to_balance_with_how_much_was_read(run: Run, books: Books) -> None:
    license_id = make_class(books)
    make_class(books)
    everything, one = run("audit"), run("audit", "--license", license_id)
    assert (everything.code, everything.out) == (0, "The books balance: 2 licenses, 2 accounts, 2 transfers.\n")
    assert (one.code, one.out) == (0, "The books balance: 1 license, 1 account, 1 transfer.\n")


def test_a_fault_is_a_line_and_exit_code_one(run: Run, books: Books, engine: Engine) -> None:
    license_id, sound = make_class(books), make_class(books)
    damage(engine, license_id)
    done = run("audit")
    assert done.code == 1
    assert f"pool_balance: license {license_id}: pool export-credits: balance" in done.out.splitlines()[0]
    assert done.err.count("\n") == 1
    assert run("audit", "--license", sound).code == 0


def test_json_is_one_document_either_way(run: Run, books: Books, engine: Engine) -> None:
    license_id = make_class(books)
    sound = {"faults": [], "balanced": True, "licenses": 1, "accounts": 1, "transfers": 1}
    assert run("audit", "--json").json == sound
    damage(engine, license_id)
    done = run("audit", "--json")
    assert done.code == 1
    found = [Fault(fault["code"], fault["license"], fault["detail"]) for fault in done.json["faults"]]
    assert [fault.code for fault in found] == ["pool_balance", "license_sum"]
    assert not done.json["balanced"]


def test_orders_are_proved_too_and_money_of_nobody_has_no_license(run: Run, books: Books, engine: Engine) -> None:
    with books() as session:
        license_ = make_license(session)
        order = make_order(session, license_)
        make_payment(session, order)
    done = run("audit")
    assert done.code == 1
    assert (
        done.out == f"order_uncredited: license {license_.id}: order {order.number}: paid in full, its status is"
        " placed, should be fulfilled\n"
    )
    with unguarded(engine) as session:
        session.execute(text("update payments set order_id = null"))
        session.commit()
    assert [fault["license"] for fault in run("audit", "--json").json["faults"]] == [None]
    assert run("audit").out.startswith("payment_unlisted: license none: payment stripe pi_")


def test_an_unknown_license_is_refused(run: Run) -> None:
    done = run("audit", "--license", "none")
    assert (done.code, done.out) == (1, "")
    assert "no such licen" in done.err
