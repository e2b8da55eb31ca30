"""A batch whose people got an amount of their own each has no common one: `amount_each` is empty, the transfers tell.

Its total is then checked by the audit alone; the database still wants it to be by hand, for several, and not less than
a unit for each.
"""

from alembic import op
from sqlalchemy import Connection

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RULE = (
    "constraint ck_batches_their_own_amounts"
    " check (amount_each is not null or (kind = 'manual_allotment' and people > 1 and total > people))"
)
LAST = "constraint ck_batches_automatic_obeys_a_policy"
NOT_NULL, NULL = "amount_each integer not null check", "amount_each integer check"


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.exec_driver_sql("alter table batches alter column amount_each drop not null")
        bind.exec_driver_sql(f"alter table batches add {RULE}")
    else:
        _rewrite(bind, (NOT_NULL, NULL), (LAST, f"{RULE}, {LAST}"))


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.exec_driver_sql("alter table batches drop constraint ck_batches_their_own_amounts")
        bind.exec_driver_sql("alter table batches alter column amount_each set not null")
        return
    if bind.exec_driver_sql("select 1 from batches where amount_each is null limit 1").first():
        raise RuntimeError("There are batches whose people got different amounts, which 0011 cannot hold.")
    _rewrite(bind, (NULL, NOT_NULL), (f"{RULE}, {LAST}", LAST))


def _rewrite(bind: Connection, *changes: tuple[str, str]) -> None:
    """Changes what SQLite checks without copying the journal: section 7 of its manual on ALTER TABLE."""
    sql = bind.exec_driver_sql("select sql from sqlite_schema where name = 'batches'").scalar_one()
    for old, new in changes:
        assert old in sql, old
        sql = sql.replace(old, new)
    version = bind.exec_driver_sql("pragma schema_version").scalar_one()
    bind.exec_driver_sql("pragma writable_schema = on")
    bind.exec_driver_sql("update sqlite_schema set sql = ? where name = 'batches'", (sql,))
    bind.exec_driver_sql(f"pragma schema_version = {version + 1}")
    bind.exec_driver_sql("pragma writable_schema = reset")
