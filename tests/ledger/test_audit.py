"""The audit finds what the database would never have let happen, and names it (R5)."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text

from lti_tool.ledger.audit import CHECKS, Fault, audit, faults, size
from tests.conftest import Books
from tests.ledger.a_class import Class, open_class
from tests.ledger.planting import forget, unguarded

ME = "license_id = '{license}' and resource = 'export-credits' and member_id = '{student}'"
POOL = "license_id = '{license}' and resource = 'export-credits'"


@dataclass(frozen=True)
class Plant:
    """Damage, and the codes that must name it; `unchecked` are the constraints that PostgreSQL must forget first."""

    statement: str
    codes: set[str]
    unchecked: tuple[tuple[str, str], ...] = ()


PLANTED = {
    "a pool off by one": Plant(f"update pools set balance = balance - 1 where {POOL}", {"pool_balance", "license_sum"}),
    "issued off by one": Plant(f"update pools set issued = issued + 1 where {POOL}", {"pool_issued", "license_sum"}),
    "a pool's version off by one": Plant(f"update pools set version = version + 1 where {POOL}", {"pool_version"}),
    "received and balance off by one": Plant(
        f"update accounts set balance = balance + 1, received = received + 1 where {ME}",
        {"account_balance", "account_received", "license_sum"},
    ),
    "used off by one": Plant(
        f"update accounts set balance = balance - 1, used = used + 1 where {ME}", {"account_balance", "account_used"}
    ),
    "automatic off by one": Plant(
        f"update accounts set auto_received = auto_received - 1 where {ME}", {"account_auto_received"}
    ),
    "held off by one": Plant(f"update accounts set held = held - 1 where {ME}", {"account_held"}),
    "a lost hold": Plant("delete from holds where id = '{open_hold}'", {"account_held"}),
    "an account's version off by one": Plant(
        f"update accounts set version = version + 1 where {ME}", {"account_version"}
    ),
    "a missing spend": Plant(
        "delete from transfers where id = '{spend}'",
        {"account_balance", "account_used", "transfer_version_gap", "transfer_balance"},
    ),
    "a missing allotment": Plant(
        "delete from transfers where batch_id = '{batch}'",
        {
            "pool_balance",
            "account_balance",
            "account_received",
            "transfer_version_gap",
            "transfer_balance",
            "batch_total",
            "batch_people",
        },
    ),
    "a missing grant": Plant(
        "delete from transfers where license_id = '{license}' and kind = 'grant'",
        {"pool_balance", "pool_issued", "batch_total"},
    ),
    "a missing batch": Plant(
        "delete from batches where license_id = '{license}' and kind = 'grant'",
        {"batch_version_gap", "batch_pool_balance", "transfer_batch"},
    ),
    "a missing newest batch": Plant("delete from batches where id = '{batch}'", {"pool_version", "transfer_batch"}),
    "a transfer that was edited": Plant(
        "update transfers set amount = amount + 1 where id = '{spend}'",
        {"account_balance", "account_used", "transfer_balance"},
    ),
    "a running balance that was edited": Plant(
        "update transfers set member_balance_after = member_balance_after + 1 where id = '{last}'", {"transfer_balance"}
    ),
    "a member's transfers that skip a number": Plant(
        "update transfers set member_version = member_version + 1 where id = '{last}'",
        {"account_version", "transfer_version_gap"},
    ),
    "a pool's batches that skip a number": Plant(
        "update batches set pool_version = pool_version + 1 where id = '{batch}'", {"pool_version", "batch_version_gap"}
    ),
    "a batch's balance that was edited": Plant(
        "update batches set pool_balance_after = pool_balance_after + 1 where id = '{batch}'", {"batch_pool_balance"}
    ),
    "a batch's total that was edited": Plant(
        "update batches set amount_each = 4, total = 4 where id = '{batch}'",
        {"batch_total", "batch_pool_balance", "transfer_batch"},
    ),
    "a batch's people that were edited": Plant(
        "update batches set people = 3, total = 9 where id = '{batch}'",
        {"batch_total", "batch_people", "batch_pool_balance"},
    ),
    "a batch of another kind than its transfers": Plant(
        "update transfers set kind = 'manual_allotment' where kind = 'auto_allotment' and license_id = '{license}'",
        {"account_auto_received", "transfer_batch"},
    ),
    "a transfer in another license's batch": Plant(
        "update transfers set batch_id = '{other_batch}' where batch_id = '{batch}'",
        {"batch_total", "batch_people", "transfer_batch"},
    ),
    "a transfer of another license's member": Plant(
        "update transfers set member_id = '{other_student}' where id = '{last}'",
        {"account_balance", "account_used", "account_version", "transfer_account", "transfer_version_gap",
         "transfer_balance"},
    ),
    "a transfer of another resource": Plant(
        "update transfers set resource = 'phone-minutes' where id = '{last}'",
        {"account_balance", "account_used", "account_version", "transfer_account", "transfer_version_gap",
         "transfer_balance", "orphan"},
    ),
    "a transfer moved to another license": Plant(
        "update transfers set license_id = '{other_license}' where id = '{last}'",
        {"account_balance", "account_used", "account_version"},
    ),
    "a captured hold without its spend": Plant(
        "update transfers set hold_id = null where hold_id = '{closed_hold}'", {"hold_spends", "hold_captured"}
    ),
    "a capture of another amount": Plant(
        "update holds set captured = captured - 1 where id = '{closed_hold}'", {"hold_captured"}
    ),
    "a released hold with a spend": Plant(
        "update holds set status = 'released', captured = 0 where id = '{closed_hold}'",
        {"hold_spends", "hold_captured", "transfer_hold"},
    ),
    "a hold that was spent twice": Plant(
        "update transfers set hold_id = '{closed_hold}' where id = '{spend}'", {"hold_spends", "hold_captured"}
    ),
    "a spend of another member's hold": Plant(
        "update holds set member_id = '{friend}' where id = '{closed_hold}'", {"transfer_hold"}
    ),
    "a closed hold that is open again": Plant(
        "update holds set status = 'held', captured = 0, closed_at = null where id = '{closed_hold}'",
        {"account_held", "hold_spends", "hold_captured", "transfer_hold"},
    ),
    "a bundle beyond the maximum": Plant(
        "update policies set maximum = 0 where license_id = '{license}'", {"over_maximum"}
    ),
    "a bundle under no setting": Plant("delete from policies where license_id = '{license}'", {"over_maximum"}),
    "an account of nobody": Plant("delete from members where id = '{newcomer}'", {"orphan"}),
    "a pool of nobody": Plant("delete from licenses where id = '{license}'", {"orphan"}),
    "an account that was lost": Plant(
        f"delete from accounts where {ME}", {"license_sum", "transfer_account", "orphan"}
    ),
    "a pool that was lost": Plant(f"delete from pools where {POOL}", {"orphan"}),
    "a pool below zero": Plant(
        f"update pools set balance = -1 where {POOL}",
        {"pool_balance", "license_sum", "negative"},
        (("pools", "ck_pools_nothing_below_zero"),),
    ),
    "an account below zero": Plant(
        f"update accounts set balance = -1, used = received + 1, held = 0 where {ME}",
        {"account_balance", "account_used", "account_held", "negative"},
        (("accounts", "ck_accounts_nothing_below_zero"), ("accounts", "ck_accounts_held_is_covered")),
    ),
    "more held than there is": Plant(
        f"update accounts set held = balance + 1 where {ME}",
        {"account_held", "negative"},
        (("accounts", "ck_accounts_held_is_covered"),),
    ),
    "a negative transfer": Plant(
        "update transfers set amount = -amount where id = '{spend}'",
        {"account_balance", "account_used", "transfer_balance", "negative"},
        (("transfers", "transfers_amount_check"),),
    ),
    "a way back to the pool": Plant(
        "update transfers set kind = 'refund' where id = '{last}'",
        {"pool_balance", "pool_issued", "account_used", "account_received", "account_balance", "transfer_direction",
         "transfer_batch", "transfer_balance"},
        (("transfers", "ck_transfers_kind_says_whose"), ("transfers", "ck_transfers_pool_moves_in_batches")),
    ),
}  # fmt: skip


def busy_class(books: Books) -> tuple[Class, dict[str, str]]:
    """A licence with each kind of row in it, and the ids of some."""
    class_ = open_class(books, credits=100, maximum=10)
    student, friend, newcomer = class_.student(), class_.student(has=1), class_.student()
    class_.launch(student)
    spend = class_.spend(student, 2).transfer_id
    closed_hold, open_hold = class_.hold(student, 2).id, class_.hold(student, 1).id
    class_.capture(closed_hold)
    batch = class_.allot([student], 3).batch_id
    last = class_.spend(student, 1).transfer_id
    return class_, {
        "license": class_.license_id,
        "student": student,
        "friend": friend,
        "newcomer": newcomer,
        "spend": spend,
        "last": last,
        "open_hold": open_hold,
        "closed_hold": closed_hold,
        "batch": batch,
    }


@pytest.fixture
def ids(books: Books) -> Mapping[str, str]:
    """The ids that the plants name, of one licence and ("other_…") of a second."""
    _, mine = busy_class(books)
    _, other = busy_class(books)
    return mine | {f"other_{name}": value for name, value in other.items()}


def test_sound_books_have_no_faults(books: Books, ids: Mapping[str, str]) -> None:
    with books() as session:
        assert audit(session, None) == audit(session, ids["license"]) == []
        everything, one = size(session), size(session, ids["license"])
    assert (everything.licenses, everything.accounts, everything.transfers) == (2, 6, 14)
    assert (one.licenses, one.accounts, one.transfers) == (1, 3, 7)


def test_each_planted_fault_is_found_and_named(
    engine: Engine, ids: Mapping[str, str], subtests: pytest.Subtests
) -> None:
    for name, plant in PLANTED.items():
        with subtests.test(name), unguarded(engine) as session:
            for table, constraint in plant.unchecked:
                forget(session, constraint, table)
            session.execute(text(plant.statement.format(**ids)))
            found = audit(session, ids["license"])
            assert {fault.code for fault in found} == plant.codes
            assert {fault.license_id for fault in found} == {ids["license"]}
            assert set(found) <= set(audit(session, None))


def test_every_code_of_the_audit_has_a_plant() -> None:
    assert {code for plant in PLANTED.values() for code in plant.codes} == {
        code for check in CHECKS for code in check.codes
    }


def test_a_fault_says_where_what_is_and_what_should_be(engine: Engine, ids: Mapping[str, str]) -> None:
    with unguarded(engine) as session:
        session.execute(text(PLANTED["held off by one"].statement.format(**ids)))
        [fault] = audit(session, None)
    where = f"account of member {ids['student']} in export-credits"
    assert fault == Fault("account_held", ids["license"], f"{where}: held, after its open holds, is 0, should be 1")


def test_a_break_in_a_chain_is_named_once_where_it_is(engine: Engine, ids: Mapping[str, str]) -> None:
    with unguarded(engine) as session:
        session.execute(text(PLANTED["a missing spend"].statement.format(**ids)))
        chain = [fault for fault in audit(session, None) if fault.code.startswith("transfer_")]
    assert [fault.code for fault in chain] == ["transfer_version_gap", "transfer_balance"]


def test_a_fault_in_one_license_is_not_said_of_another(engine: Engine, ids: Mapping[str, str]) -> None:
    for plant in PLANTED.values():
        if plant is PLANTED["a transfer moved to another license"]:
            continue  # it damages both
        with unguarded(engine) as session:
            for table, constraint in plant.unchecked:
                forget(session, constraint, table)
            session.execute(text(plant.statement.format(**ids)))
            assert audit(session, ids["other_license"]) == []


def test_faults_come_one_by_one(books: Books, ids: Mapping[str, str]) -> None:
    with books() as session:
        assert next(faults(session, ids["license"]), None) is None
