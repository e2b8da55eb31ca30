"""Managers are told: who changed a setting, what is still to be decided, and by e-mail when a license runs low."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    # The newest change alone: a form counts only for the state that it was opened on. The maximum has its own versions.
    """
    create table setting_changes (
        license_id {id} not null references licenses (id),
        setting text not null check (setting in ('assistants', 'export_service')),
        version {int} not null check (version > 0),
        actor_kind text not null,
        actor_id text,
        at {int} not null,
        primary key (license_id, setting)
    ) {strict}
    """,
    """
    create table first_steps_skipped (
        license_id {id} not null references licenses (id),
        person_id {id} not null references people (id),
        at {int} not null,
        primary key (license_id, person_id)
    ) {strict}
    """,
    # `events` are those that the person asked for, `low` those that held when it was last looked.
    """
    create table alert_wishes (
        license_id {id} not null,
        resource text not null,
        person_id {id} not null references people (id),
        events text not null,
        low text not null,
        locale text not null,
        version {int} not null check (version > 0),
        at {int} not null,
        primary key (license_id, resource, person_id),
        foreign key (license_id, resource) references pools (license_id, resource)
    ) {strict}
    """,
    # `handed`: the mail server has it or not, nobody knows; so it is never sent again.
    """
    create table letters (
        id {id} not null primary key,
        license_id {id} not null,
        resource text not null,
        person_id {id} not null,
        event text not null check (event in ('fifth', 'waiting', 'empty')),
        pool {int} not null,
        issued {int} not null,
        waiting {int} not null,
        at {int} not null,
        status text not null check (status in ('waiting', 'handed', 'sent', 'failed', 'dropped')),
        tries {int} not null default 0,
        next_at {int} not null,
        gives_up_at {int} not null,
        claim text,
        claimed_until {int} not null default 0,
        error text check (length(error) <= 200),
        foreign key (license_id, resource, person_id) references alert_wishes (license_id, resource, person_id)
    ) {strict}
    """,
    "create index ix_letters_waiting on letters (next_at) where status = 'waiting'",
    "create index ix_letters_at on letters (at)",
)


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = {"id": "text", "int": "integer", "strict": "strict"}
    words = sqlite if bind.dialect.name == "sqlite" else {"id": "varchar(36)", "int": "bigint", "strict": ""}
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))


def downgrade() -> None:
    for table in ("letters", "alert_wishes", "first_steps_skipped", "setting_changes"):
        op.get_bind().exec_driver_sql(f"drop table {table}")
