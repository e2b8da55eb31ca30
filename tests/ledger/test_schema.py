"""The schema attacked by SQL alone: whatever the code might do one day, the database refuses (R2 to R5)."""

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError

from lti_tool.ids import new_id
from tests.conftest import Books
from tests.ledger.a_class import open_class

# Never an error of syntax, which would prove nothing; NotSupportedError is TRUNCATE of what others refer to.
REFUSED = (IntegrityError, DataError, NotSupportedError)

MINE = "license_id = '{license}' and resource = 'export-credits'"
ME = MINE + " and member_id = '{student}'"
TRANSFER = (
    "insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,"
    " batch_id, hold_id, actor_kind, at) values "
)
BATCH = (
    "insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people, total,"
    " policy_version, actor_kind, at) values "
)
HOLD = (
    "insert into holds (license_id, id, resource, member_id, amount, captured, status, actor_kind, expires_at, at,"
    " closed_at) values "
)


def spend(amount: str = "1", *, license_id: str = "{license}", member: str = "'{student}'", version: str = "9") -> str:
    who = f"'{license_id}', '{{new}}', 'export-credits', 'spend'"
    return f"{TRANSFER}({who}, {amount}, {member}, {version}, 4, null, null, 'system', 0)"


def batch(**changes: str) -> str:
    """A batch that would be sound but for these columns."""
    row = {
        "license_id": "'{license}'",
        "id": "'{new}'",
        "resource": "'export-credits'",
        "kind": "'grant'",
        "pool_version": "9",
        "pool_balance_after": "9",
        "amount_each": "5",
        "people": "0",
        "total": "5",
        "actor_kind": "'system'",
        "at": "0",
    } | changes
    return f"insert into batches ({', '.join(row)}) values ({', '.join(row.values())})"


def allotment(kind: str = "manual_allotment", *, member: str = "'{student}'", hold: str = "null") -> str:
    """A transfer of a batch that would be sound but for these columns."""
    version = "null, null" if member == "null" else "9, 4"
    who = f"'{{license}}', '{{new}}', 'export-credits', '{kind}'"
    return f"{TRANSFER}({who}, 1, {member}, {version}, '{{batch}}', {hold}, 'system', 0)"


# Each is stopped by one guard alone, so that none can be lost unnoticed.
BY_ONE_GUARD = {
    "an account opened full in an empty pool": "insert into accounts (license_id, resource, member_id, balance,"
    " received) values ('{license}', 'copper', '{student}', 5, 5)",
    "an account without transfers deleted": "delete from accounts where member_id = '{newcomer}'",
    "an account in no pool": "insert into accounts (license_id, resource, member_id)"
    " values ('{license}', 'silver', '{student}')",
    "a second pool of one resource": "insert into pools (license_id, resource) values ('{license}', 'export-credits')",
    "a pool of no license": "insert into pools (license_id, resource) values ('{new}', 'export-credits')",
    "an empty pool deleted": "delete from pools where license_id = '{license}' and resource = 'copper'",
    "a setting deleted that nothing obeyed": "delete from policies where license_id = '{license}' and version = 2",
    "a setting before the first": "insert into policies (license_id, resource, version, maximum, actor_kind, at)"
    " values ('{license}', 'export-credits', 0, 5, 'system', 0)",
    "a setting of no pool": "insert into policies (license_id, resource, version, maximum, actor_kind, at)"
    " values ('{license}', 'silver', 1, 5, 'system', 0)",
    "a batch's note edited": "update batches set note = 'other' where license_id = '{license}'",
    "a batch of no kind": batch(kind="'gift'"),
    "a batch before the first": batch(pool_version="0"),
    "a batch that leaves less than nothing": batch(pool_balance_after="-1"),
    "a batch of nothing": batch(amount_each="0", total="0"),
    "a grant without an amount": batch(amount_each="null"),
    "a batch by hand that says no amount and gives a unit each": batch(
        kind="'manual_allotment'", amount_each="null", people="2", total="2"
    ),
    "a batch of no pool": batch(resource="'silver'"),
    "a batch of no actor": batch(actor_kind="'ghost'"),
    "a batch of one form twice": batch(request_key="'the form'"),
    "a batch that corrects another license's": batch(corrects_batch="'{other_batch}'"),
    "a grant to a member, in a batch": allotment("grant"),
    "an allotment to nobody, in a batch": allotment(member="null"),
    "an allotment that captures a hold": allotment(hold="'{open_hold}'"),
    "a member's transfer without a number": spend(version="null"),
    "a transfer twice": spend().replace("'{new}'", "'{spend}'"),
    "a grant of no pool": allotment("grant", member="null").replace("'export-credits'", "'silver'"),
    "a hold that ends as nothing known": "update holds set status = 'lost', closed_at = 1 where id = '{open_hold}'",
    "a hold by nobody": HOLD
    + "('{license}', '{new}', 'export-credits', '{student}', 1, 0, 'held', 'ghost', 0, 0, null)",
}


ATTACKS = {
    # Overdrawn, or more held than there is.
    "pool below zero": f"update pools set balance = -1, issued = issued, version = version + 1 where {MINE}",
    "pool above what was issued": f"update pools set balance = issued + 1, version = version + 1 where {MINE}",
    "issued below zero": f"update pools set balance = 0, issued = -1, version = version + 1 where {MINE}",
    "account below zero": f"update accounts set balance = -1, used = received + 1, version = version + 1 where {ME}",
    "held below zero": f"update accounts set held = -1 where {ME}",
    "held beyond the balance": f"update accounts set held = balance + 1 where {ME}",
    "received that does not add up": f"update accounts set received = received + 1, version = version + 1 where {ME}",
    "automatic beyond received": f"update accounts set auto_received = received + 1 where {ME}",
    # Back from a member to the pool (R4).
    "received falls": f"update accounts set balance = balance - 1, received = received - 1, version = version + 1"
    f" where {ME}",
    "used falls": f"update accounts set balance = balance + 1, used = used - 1, version = version + 1 where {ME}",
    "automatic falls": f"update accounts set auto_received = auto_received - 1 where {ME}",
    "pool refilled from members": f"update pools set balance = balance + 5, version = version + 1 where {MINE}",
    "a kind that leads back": spend().replace("'spend'", "'return'"),
    "a refund from a member": spend().replace("'spend'", "'refund'"),
    "a grant to a member": spend().replace("'spend'", "'grant'"),
    "an allotment to nobody": spend(member="null", version="null").replace("'spend'", "'manual_allotment'"),
    # The count of transfers.
    "account changed without its version": f"update accounts set balance = balance - 1, used = used + 1 where {ME}",
    "account version skipped": f"update accounts set balance = balance - 1, used = used + 1, version = version + 2"
    f" where {ME}",
    "account version alone": f"update accounts set version = version + 1 where {ME}",
    "pool changed without its version": f"update pools set balance = balance - 1 where {MINE}",
    "pool version skipped": f"update pools set balance = balance - 1, version = version + 2 where {MINE}",
    "pool version back": f"update pools set balance = balance - 1, version = version - 1 where {MINE}",
    "a member's version used twice": spend(version="1"),
    "a pool's version used twice": BATCH
    + "('{license}', '{new}', 'export-credits', 'grant', 1, 9, 1, 0, 1, null, 'system', 0)",
    # Units from nowhere.
    "an account opened full": "insert into accounts (license_id, resource, member_id, balance, received)"
    " values ('{license}', 'phone-minutes', '{student}', 5, 5)",
    "a pool opened full": "insert into pools (license_id, resource, balance, issued)"
    " values ('{license}', 'gold', 5, 5)",
    "an account moved to another member": f"update accounts set member_id = '{{other_student}}' where {ME}",
    "a pool moved to another license": f"update pools set license_id = '{{other_license}}' where {MINE}",
    # Amounts.
    "zero": spend("0"),
    "negative": spend("-1"),
    "a fraction": spend("'1.5'"),
    "a word": spend("'many'"),
    "a fraction of a balance": f"update accounts set balance = '0.5' where {ME}",
    "a balance after below zero": spend().replace("9, 4", "9, -4"),
    "a batch that does not add up": BATCH
    + "('{license}', '{new}', 'export-credits', 'grant', 9, 9, 5, 0, 6, null, 'system', 0)",
    "an allotment to nobody at all": BATCH
    + "('{license}', '{new}', 'export-credits', 'manual_allotment', 9, 9, 5, 0, 5, null, 'system', 0)",
    "an automatic batch without a setting": BATCH
    + "('{license}', '{new}', 'export-credits', 'auto_allotment', 9, 9, 5, 1, 5, null, 'system', 0)",
    "an automatic batch under a setting nobody saved": BATCH
    + "('{license}', '{new}', 'export-credits', 'auto_allotment', 9, 9, 5, 1, 5, 77, 'system', 0)",
    "a maximum beyond the limit": "insert into policies (license_id, resource, version, maximum, actor_kind, at)"
    " values ('{license}', 'export-credits', 9, 1000001, 'system', 0)",
    # Another licence's rows.
    "a spend by another license's member": spend(member="'{other_student}'"),
    "a spend in another license": spend(license_id="{other_license}"),
    "an account of another license's member": "insert into accounts (license_id, resource, member_id)"
    " values ('{license}', 'export-credits', '{other_student}')",
    "a hold on another license's member": HOLD
    + "('{license}', '{new}', 'export-credits', '{other_student}', 1, 0, 'held', 'system', 0, 0, null)",
    "another license's batch": spend()
    .replace("'spend'", "'manual_allotment'")
    .replace("4, null, null", "4, '{other_batch}', null"),
    "another license's hold": spend().replace("4, null, null", "4, null, '{other_hold}'"),
    "an allotment outside any batch": spend().replace("'spend'", "'manual_allotment'"),
    # The journal.
    "a transfer edited": "update transfers set amount = amount + 1 where license_id = '{license}'",
    "a note edited": "update transfers set note = 'other' where license_id = '{license}'",
    "a transfer deleted": "delete from transfers where license_id = '{license}'",
    "a transfer replaced": "insert into transfers select * from transfers where license_id = '{license}'"
    " on conflict (license_id, id) do update set amount = 99",
    "a batch edited": "update batches set total = total + 1 where license_id = '{license}'",
    "a batch deleted": "delete from batches where license_id = '{license}'",
    "a setting edited": "update policies set maximum = 1000 where license_id = '{license}'",
    "a setting deleted": "delete from policies where license_id = '{license}'",
    "an account deleted": f"delete from accounts where {ME}",
    "a pool deleted": f"delete from pools where {MINE}",
    "a license deleted": "delete from licenses where id = '{license}'",
    "a member deleted": "delete from members where id = '{student}'",
    "an actor of no kind": spend().replace("'system'", "'ghost'"),
    # Holds.
    "a hold deleted": "delete from holds where id = '{open_hold}'",
    "a closed hold opened again": "update holds set status = 'held', captured = 0, closed_at = null"
    " where id = '{closed_hold}'",
    "a closed hold released": "update holds set status = 'released', captured = 0 where id = '{closed_hold}'",
    "an open hold made larger": "update holds set amount = amount + 1 where id = '{open_hold}'",
    "an open hold made longer": "update holds set expires_at = expires_at + 1 where id = '{open_hold}'",
    "an open hold given to another": "update holds set member_id = '{other_student}' where id = '{open_hold}'",
    "more captured than held": "update holds set status = 'captured', captured = amount + 1, closed_at = 1"
    " where id = '{open_hold}'",
    "released with a capture": "update holds set status = 'released', captured = 1, closed_at = 1"
    " where id = '{open_hold}'",
    "closed without a time": "update holds set status = 'released' where id = '{open_hold}'",
    "a hold that begins captured": HOLD
    + "('{license}', '{new}', 'export-credits', '{student}', 1, 1, 'captured', 'system', 0, 0, 1)",
    "a hold of nothing": HOLD
    + "('{license}', '{new}', 'export-credits', '{student}', 0, 0, 'held', 'system', 0, 0, null)",
}
ONLY_SQLITE = {
    "a transfer replaced by REPLACE": "insert or replace into transfers select * from transfers"
    " where license_id = '{license}'",
    "an account replaced by REPLACE": "replace into accounts (license_id, resource, member_id)"
    " values ('{license}', 'export-credits', '{student}')",
}
ONLY_POSTGRESQL = {
    "the journal emptied": "truncate transfers",
    "everything emptied": "truncate licenses cascade",
    "the settings emptied": "truncate policies cascade",
}


@pytest.fixture
def names(books: Books) -> Mapping[str, str]:
    """Two licences with a student each, who were allotted, spent, and have holds: the ids that attacks aim at."""
    mine, other = open_class(books, maximum=10), open_class(books, maximum=10)
    student, other_student = mine.student(), other.student()
    for class_, member_id in ((mine, student), (other, other_student)):
        class_.launch(member_id)
        class_.spend(member_id, 1)
    batch_id = mine.allot([student], 1, request_key="the form").batch_id
    spend_id = mine.spend(student, 1).transfer_id
    mine.set_maximum(20)
    with books() as session:  # a pool without accounts, which the product never leaves behind
        session.execute(
            text("insert into pools (license_id, resource) values (:id, 'copper')"), {"id": mine.license_id}
        )
    closed = mine.hold(student, 1).id
    mine.capture(closed)
    other_batch = other.allot([other_student], 3).batch_id
    return {
        "license": mine.license_id,
        "student": student,
        "newcomer": mine.student(),
        "batch": batch_id,
        "spend": spend_id,
        "open_hold": mine.hold(student, 2).id,
        "closed_hold": closed,
        "other_license": other.license_id,
        "other_student": other_student,
        "other_batch": other_batch,
        "other_hold": other.hold(other_student, 1).id,
        "new": new_id(),
    }


def test_the_database_refuses_each_attack(engine: Engine, names: Mapping[str, str], subtests: pytest.Subtests) -> None:
    attacks = ATTACKS | BY_ONE_GUARD | (ONLY_SQLITE if engine.dialect.name == "sqlite" else ONLY_POSTGRESQL)
    before = contents(engine)
    for attack, statement in attacks.items():
        with subtests.test(attack):
            with engine.connect() as connection, pytest.raises(REFUSED):
                connection.exec_driver_sql(statement.format(**names))
            assert contents(engine) == before


def test_the_same_statements_pass_without_what_is_wrong_with_them(engine: Engine, names: Mapping[str, str]) -> None:
    sound_hold = (
        f"{HOLD}('{{license}}', '{{new}}', 'export-credits', '{{student}}', 1, 0, 'held', 'system', 0, 0, null)"
    )
    for statement in (spend(), sound_hold):
        with engine.connect() as connection:
            assert connection.exec_driver_sql(statement.format(**names)).rowcount == 1


def contents(engine: Engine) -> list[list[tuple[object, ...]]]:
    """Every row of the books."""
    tables = ("pools", "accounts", "batches", "transfers", "holds", "policies")
    with engine.connect() as connection:
        return [sorted(tuple(row) for row in connection.exec_driver_sql(f"select * from {table}")) for table in tables]
