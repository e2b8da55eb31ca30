"""Webhooks: who is told, what is on its way to them, each attempt, and which waiting members were told of."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    """
    create table webhook_endpoints (
        id {id} not null primary key,
        license_id {id} not null references licenses (id),
        url text not null,
        events text not null,
        status text not null check (status in ('on', 'off', 'gone')),
        secret text not null,
        previous_secret text,
        previous_until {int},
        failing_since {int},
        failures {int} not null default 0,
        rests_until {int} not null default 0,
        claim text,
        claimed_until {int} not null default 0,
        created_at {int} not null,
        ended_at {int},
        ended_why text,
        unique (license_id, id),
        constraint ck_webhook_endpoints_rotate_whole check ((previous_secret is null) = (previous_until is null)),
        constraint ck_webhook_endpoints_end_whole
            check ((status = 'on') = (ended_at is null) and (ended_at is null) = (ended_why is null))
    ) {strict}
    """,
    # One row for each event and endpoint: the outbox, and then its own log.
    """
    create table webhook_deliveries (
        license_id {id} not null,
        endpoint_id {id} not null,
        event_id {id} not null,
        kind text not null,
        data text not null,
        at {int} not null,
        status text not null check (status in ('waiting', 'delivered', 'failed')),
        attempts {int} not null default 0,
        tries {int} not null default 0,
        next_at {int} not null,
        gives_up_at {int} not null,
        ended_at {int},
        primary key (license_id, endpoint_id, event_id),
        foreign key (license_id, endpoint_id) references webhook_endpoints (license_id, id) on delete cascade,
        constraint ck_webhook_deliveries_end_whole check ((status = 'waiting') = (ended_at is null)),
        constraint ck_webhook_deliveries_tries check (tries between 0 and attempts)
    ) {strict}
    """,
    "create index ix_webhook_deliveries_waiting on webhook_deliveries (endpoint_id, next_at) where status = 'waiting'",
    "create index ix_webhook_deliveries_event_id on webhook_deliveries (event_id)",
    "create index ix_webhook_deliveries_at on webhook_deliveries (at)",
    """
    create table webhook_attempts (
        license_id {id} not null,
        endpoint_id {id} not null,
        event_id {id} not null,
        number {int} not null,
        at {int} not null,
        took_ms {int} not null,
        status {int},
        error text check (length(error) <= 300),
        primary key (license_id, endpoint_id, event_id, number),
        foreign key (license_id, endpoint_id, event_id)
            references webhook_deliveries (license_id, endpoint_id, event_id) on delete cascade
    ) {strict}
    """,
    # What the member had received when the event was written: an allotment changes it, and the next wait is told anew.
    """
    create table announced_waits (
        license_id {id} not null,
        resource text not null,
        member_id {id} not null,
        received {int} not null,
        primary key (license_id, resource, member_id),
        foreign key (license_id, resource, member_id) references accounts (license_id, resource, member_id)
    ) {strict}
    """,
)


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = {"id": "text", "int": "integer", "strict": "strict"}
    words = sqlite if bind.dialect.name == "sqlite" else {"id": "varchar(36)", "int": "bigint", "strict": ""}
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))


def downgrade() -> None:
    for table in ("announced_waits", "webhook_attempts", "webhook_deliveries", "webhook_endpoints"):
        op.get_bind().exec_driver_sql(f"drop table {table}")
