"""The answers that programs were given, so that a repeated request gets the same one and does nothing twice (R21)."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# No foreign key to api_keys: each spend would lock that one row in share mode, and a key is never deleted.
TABLES = (
    """
    create table idempotency_keys (
        api_key_id {id} not null,
        key text not null,
        request_sha256 text not null,
        status {int},
        body text,
        at {int} not null,
        primary key (api_key_id, key),
        constraint ck_idempotency_keys_answers_are_whole check ((status is null) = (body is null))
    ) {strict}
    """,
    "create index ix_idempotency_keys_at on idempotency_keys (at)",
)


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = {"id": "text", "int": "integer", "strict": "strict"}
    words = sqlite if bind.dialect.name == "sqlite" else {"id": "varchar(36)", "int": "bigint", "strict": ""}
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop table idempotency_keys")
