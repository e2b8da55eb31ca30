"""What a spend that takes a bundle must leave behind, in as few statements as the journal's own rules let it (S6)."""

from pathlib import Path

from bench import pgbench
from bench.books import Books

BUNDLE = 5

# Each transfer counts its account's version up by one (a trigger), so credit and debit are two statements.
_BUNDLE = """
    with credited as (
        update accounts set balance = balance + 5, received = received + 5, auto_received = auto_received + 5,
                            version = version + 1
         where license_id = %(license_id)s and resource = 'export-credits' and member_id = %(member_id)s
        returning version, balance
    ), pool as (
        update pools set balance = balance - 5, version = version + 1
         where license_id = %(license_id)s and resource = 'export-credits' and balance >= 5
        returning balance, version
    ), batch as (
        insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people,
                             total, actor_kind, policy_version, at)
        select %(license_id)s, %(id)s, 'export-credits', 'auto_allotment', version, balance, 5, 1, 5, 'system', 1, 1
          from pool
        returning id
    )
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           batch_id, actor_kind, at)
    select %(license_id)s, %(id)s || 'a', 'export-credits', 'auto_allotment', 5, %(member_id)s, version, balance,
           batch.id, 'system', 1
      from credited, batch
"""

_SPEND = """
    with debited as (
        update accounts set balance = balance - 5, used = used + 5, version = version + 1
         where license_id = %(license_id)s and resource = 'export-credits' and member_id = %(member_id)s
           and balance - held >= 5
        returning version, balance
    ), journal as (
        insert into transfers (license_id, id, resource, kind, amount, member_id, member_version,
                               member_balance_after, actor_kind, actor_id, at)
        select %(license_id)s, %(id)s || 's', 'export-credits', 'spend', 5, %(member_id)s, version, balance, 'api_key',
               %(api_key_id)s, 1
          from debited
    )
    insert into idempotency_keys (api_key_id, key, request_sha256, status, body, at)
    select %(api_key_id)s, %(id)s, %(request_sha256)s, 201, '{"balance":' || balance || '}', 1 from debited
"""


def script(path: Path, filled: Books, whose: str, request_sha256: str) -> Path:
    """For pgbench: one transaction of two statements."""
    values = {
        "license_id": f"'{filled.licenses[0]}'",
        "api_key_id": f"'{whose}'",
        "request_sha256": f"'{request_sha256}'",
        "id": pgbench.UNIQUE,
    }
    return pgbench.script(path, ["begin", _BUNDLE, _SPEND, "commit"], filled.members, values)
