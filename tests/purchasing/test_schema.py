"""Orders and money attacked by SQL alone: whatever the code might do one day, the database refuses (R27 to R30)."""

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine

from lti_tool.ids import new_id
from tests.conftest import Books
from tests.ledger.test_schema import REFUSED
from tests.purchasing.test_audit import busy_shop

OPEN, CARD, CANCELLED = "id = '{open}'", "id = '{card}'", "id = '{cancelled}'"
PAYMENT, UNMATCHED, EVENT = "id = '{payment}'", "id = '{unmatched}'", "event_id = '{event}'"
ORDER = (
    "insert into orders (license_id, id, number, resource, quantity, currency, goods, tax, total, tax_rate, status,"
    " method, created_at, expires_at, placed_at, purchase_batch_id, fulfilled_at, request_key) values "
)
PAID = (
    "insert into payments (id, provider, reference, order_id, amount, currency, status, refunded, paid_at, created_at)"
    " values "
)
KEPT = (
    "insert into payment_events (provider, event_id, kind, outcome, summary, payload_sha256, made_at, received_at)"
    " values "
)
LISTED = "insert into payment_problems (id, code, subject, detail, noted_at) values "


def order(
    *,
    license_id: str = "{license}",
    number: str = "CR-2026-NEW",
    amounts: str = "5000, 0, 5000",
    status: str = "'placed', 'card'",
    end: str = "0, null, null, null",
) -> str:
    who = f"'{license_id}', '{{new}}', '{number}', 'export-credits', 100, 'USD'"
    return f"{ORDER}({who}, {amounts}, 0, {status}, 0, 0, {end})"


def payment(reference: str = "pi_new", amounts: str = "5000, 'USD', 'paid', 0, 0") -> str:
    return f"{PAID}('{{new}}', 'stripe', '{reference}', '{{open}}', {amounts}, 0)"


ATTACKS = {
    # A placed order's amounts.
    "a placed order made larger": f"update orders set quantity = quantity + 1 where {OPEN}",
    "a placed order made cheaper": f"update orders set goods = 1, total = 1 where {OPEN}",
    "a placed order taxed": f"update orders set tax = 1, total = total + 1 where {OPEN}",
    "a placed order in another currency": f"update orders set currency = 'EUR' where {OPEN}",
    "a placed order drafted again": f"update orders set status = 'draft', placed_at = null where {OPEN}",
    "a total that does not add up": f"update orders set total = total + 1 where {OPEN}",
    "an order of nothing": order().replace("100", "0"),
    "an order for nothing": order(amounts="0, 0, 0"),
    "an order with a negative tax": order(amounts="5000, -1, 4999"),
    "an order that does not add up": order(amounts="5000, 0, 4999"),
    "an order for half a cent": order(amounts="'5000.5', 0, '5000.5'"),
    "tax on the exempt": "update orders set tax = 1, total = total + 1 where id = '{exempt}'",
    "a placed order at another rate": f"update orders set tax_rate = 825 where {OPEN}",
    "a placed order exempt": f"update orders set tax_exempt = {{true}} where {OPEN}",
    # Whose it is, and which.
    "an order of another license": f"update orders set license_id = '{{other_license}}' where {OPEN}",
    "an order with another number": f"update orders set number = 'CR-2026-NEW' where {OPEN}",
    "an order with another id": f"update orders set id = '{{new}}' where {OPEN}",
    "an order of another resource": f"update orders set resource = 'phone-minutes' where {OPEN}",
    "a number used twice": order(number="{open_number}"),
    "an order of a resource without a pool": order().replace("export-credits", "gold"),
    "another license's certificate": f"update orders set certificate_id = '{{other_certificate}}' where {OPEN}",
    # Fulfilment.
    "an order that stops being fulfilled": "update orders set status = 'cancelled', purchase_batch_id = null,"
    f" fulfilled_at = null where {CARD}",
    "fulfilled at another time": f"update orders set fulfilled_at = fulfilled_at + 1 where {CARD}",
    "fulfilled without a purchase": f"update orders set status = 'fulfilled', fulfilled_at = 1 where {OPEN}",
    "fulfilled from the start, without a purchase": order(status="'fulfilled', 'card'", end="0, null, 1, null"),
    "fulfilled at no time": order(status="'fulfilled', 'card'", end="0, '{grant}', null, null"),
    "a purchase without being fulfilled": f"update orders set purchase_batch_id = '{{grant}}' where {OPEN}",
    "another order's purchase": "update orders set status = 'fulfilled', fulfilled_at = 1,"
    f" purchase_batch_id = '{{card_batch}}' where {OPEN}",
    "another license's purchase": "update orders set status = 'fulfilled', fulfilled_at = 1,"
    f" purchase_batch_id = '{{other_card_batch}}' where {OPEN}",
    "a purchase exchanged": f"update orders set purchase_batch_id = '{{grant}}' where {CARD}",
    "a second purchase for one order": "insert into batches (license_id, id, resource, kind, pool_version,"
    " pool_balance_after, amount_each, people, total, request_key, actor_kind, at) values"
    " ('{license}', '{new}', 'export-credits', 'purchase', 99, 9, 1, 0, 1, 'order:{card}', 'system', 0)",
    "placed in no way": order(status="'placed', null"),
    "placed at no time": order(end="null, null, null, null"),
    "a state that there is not": order(status="'paid', 'card'"),
    "a way to pay that there is not": order(status="'placed', 'cash'"),
    # Refunds.
    "refunded units that shrink": f"update orders set refunded_units = refunded_units - 1 where {CARD}",
    "missing units that shrink": f"update orders set shortfall_units = -1 where {CARD}",
    "more taken back than bought": f"update orders set refunded_units = quantity + 1 where {CARD}",
    "more taken back and missing than bought": f"update orders set shortfall_units = quantity where {CARD}",
    # Money.
    "money made less": f"update payments set amount = amount - 1 where {PAYMENT}",
    "money in another currency": f"update payments set currency = 'EUR' where {PAYMENT}",
    "money that did not come after all": f"update payments set status = 'failed', paid_at = null where {PAYMENT}",
    "money for another order": f"update payments set order_id = '{{open}}' where {PAYMENT}",
    "money for nothing any more": f"update payments set order_id = null where {PAYMENT}",
    "money with another reference": f"update payments set reference = 'pi_other' where {PAYMENT}",
    "money of another provider": f"update payments set provider = 'bank' where {PAYMENT}",
    "money given back that shrinks": f"update payments set refunded = refunded - 1 where {PAYMENT}",
    "money lost that is negative": f"update payments set lost = -1 where {PAYMENT}",
    "money that came at no time": f"update payments set paid_at = null where {PAYMENT}",
    "money that counts twice": payment("{reference}"),
    "money below zero": payment(amounts="-1, 'USD', 'paid', 0, 0"),
    "money paid at no time": payment(amounts="1, 'USD', 'paid', 0, null"),
    "money for no order that there is": f"update payments set order_id = '{{new}}' where {UNMATCHED}",
    # What is kept for ever.
    "an event edited": f"update payment_events set outcome = 'ignored' where {EVENT}",
    "an event applied to another order": f"update payment_events set order_id = '{{open}}' where {EVENT}",
    "an event that takes effect twice": f"{KEPT}('stripe', '{{event}}', 'x', 'applied', '', '', 0, 0)",
    "an event replaced": f"{KEPT}('stripe', '{{event}}', 'x', 'applied', '', '', 0, 0)"
    " on conflict (provider, event_id) do update set kind = 'y'",
    "a problem listed twice": f"{LISTED}('{{new}}', 'unmatched', '{{unmatched}}', '', 0)",
    "a problem turned into another": "update payment_problems set code = 'x' where payment_id = '{unmatched}'",
    "an order deleted": f"delete from orders where {CANCELLED}",
    "a payment deleted": f"delete from payments where {UNMATCHED}",
    "an event deleted": f"delete from payment_events where {EVENT}",
    "a problem deleted": "delete from payment_problems where payment_id = '{unmatched}'",
}
ONLY_SQLITE = {
    "an event replaced by REPLACE": f"{KEPT}('stripe', '{{event}}', 'x', 'applied', '', '', 0, 0)".replace(
        "insert", "insert or replace", 1
    ),
    "an order replaced by REPLACE": f"insert or replace into orders select * from orders where {CARD}",
}
ONLY_POSTGRESQL = {
    f"the {table} emptied": f"truncate {table} cascade"
    for table in ("orders", "payments", "payment_events", "payment_problems")
}


@pytest.fixture
def ids(books: Books, engine: Engine) -> Mapping[str, str]:
    """The ids that attacks aim at, of one licence and ("other_…") of a second."""
    with books() as session:
        mine, other = busy_shop(session), busy_shop(session)
        one = session.connection().exec_driver_sql
        grant, certificate, reference = (
            one(query).scalar_one()
            for query in (
                f"select id from batches where kind = 'grant' and license_id = '{mine['license']}'",
                f"select id from certificates where license_id = '{other['license']}'",
                f"select reference from payments where id = '{mine['payment']}'",
            )
        )
    more = {"grant": grant, "other_certificate": certificate, "reference": reference, "new": new_id()}
    more["true"] = "1" if engine.dialect.name == "sqlite" else "true"
    return more | mine | {f"other_{name}": value for name, value in other.items()}


def test_the_database_refuses_each_attack(engine: Engine, ids: Mapping[str, str], subtests: pytest.Subtests) -> None:
    attacks = ATTACKS | (ONLY_SQLITE if engine.dialect.name == "sqlite" else ONLY_POSTGRESQL)
    for attack, statement in attacks.items():
        with subtests.test(attack), engine.connect() as connection, pytest.raises(REFUSED):
            connection.exec_driver_sql(statement.format(**ids))


def test_the_same_statements_pass_without_what_is_wrong_with_them(engine: Engine, ids: Mapping[str, str]) -> None:
    for statement in (
        order(),
        payment(),
        f"{KEPT}('stripe', '{{new}}', 'x', 'applied', '', '', 0, 0)",
        f"{LISTED}('{{new}}', 'unmatched', '{{new}}', '', 0)",
        f"update payments set order_id = '{{open}}', lost = 1, refunded = 1 where {UNMATCHED}",
        f"update orders set refunded_units = refunded_units + 1, shortfall_units = 1 where {CARD}",
    ):
        with engine.connect() as connection:
            assert connection.exec_driver_sql(statement.format(**ids)).rowcount == 1
