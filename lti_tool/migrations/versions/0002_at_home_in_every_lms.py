"""Launches for the inspector, where a course was copied from, who counts as staff, and what a platform granted."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    create table launches (
        id {id} not null primary key,
        support_id text not null unique,
        at {int} not null,
        platform_id {id} references platforms (id),
        deployment_id text,
        code text not null,
        carried_by text,
        skew_s {int},
        checks text not null,
        claims text not null
    ) {strict}
    """,
    "create index ix_launches_platform_id on launches (platform_id, id)",
)

COLUMNS = (
    ("platforms", "scopes", "text"),
    ("platforms", "log_code_hash", "text"),
    ("deployments", "notices_url", "text"),
    ("deployments", "notices_asked_at", "{int}"),
    ("contexts", "copied_from", "text"),
    ("contexts", "copy_answered_at", "{int}"),
    ("licenses", "assistants_teach", "{bool} not null default {false}"),
    ("enrollments", "is_marked_staff", "{bool} not null default {false}"),
)


def upgrade() -> None:
    bind = op.get_bind()
    words = _words(bind.dialect.name)
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))
    for table, column, kind in COLUMNS:
        bind.exec_driver_sql(f"alter table {table} add column {column} {kind.format(**words)}")


def downgrade() -> None:
    bind = op.get_bind()
    for table, column, _ in reversed(COLUMNS):
        bind.exec_driver_sql(f"alter table {table} drop column {column}")
    bind.exec_driver_sql("drop table launches")


def _words(dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        return {"id": "text", "int": "integer", "bool": "integer", "false": "0", "strict": "strict"}
    return {"id": "varchar(36)", "int": "bigint", "bool": "boolean", "false": "false", "strict": ""}
