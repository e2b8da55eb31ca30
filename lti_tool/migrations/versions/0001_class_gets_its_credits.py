"""Platforms, courses, licences, members and the ledger, with the guards that hold without any code.

The database itself refuses: a balance below zero, a hold above the balance, an edit or removal of the journal, a way
back from a member to the pool, and a balance that changes without its version (rules R2 to R5).
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    create table platforms (
        id {id} not null primary key,
        name text not null,
        family text not null,
        issuer text not null,
        client_id text not null,
        auth_login_url text not null,
        auth_token_url text not null,
        auth_audience text,
        jwks_url text not null,
        status text not null check (status in ('active', 'pending', 'disabled')),
        created_at {int} not null,
        unique (issuer, client_id)
    ) {strict}
    """,
    """
    create table deployments (
        id {id} not null primary key,
        platform_id {id} not null references platforms (id),
        deployment_id text not null,
        status text not null check (status in ('active', 'pending')),
        created_at {int} not null,
        unique (platform_id, deployment_id)
    ) {strict}
    """,
    """
    create table contexts (
        id {id} not null primary key,
        deployment_id {id} not null references deployments (id),
        context_id text not null,
        label text,
        title text,
        memberships_url text,
        first_seen_at {int} not null,
        last_launch_at {int},
        unique (deployment_id, context_id)
    ) {strict}
    """,
    """
    create table spent_nonces (
        nonce text not null primary key,
        expires_at {int} not null
    ) {strict}
    """,
    "create index ix_spent_nonces_expires_at on spent_nonces (expires_at)",
    """
    create table people (
        id {id} not null primary key,
        platform_id {id} not null references platforms (id),
        subject text not null,
        name text,
        sort_name text not null,
        email text,
        created_at {int} not null,
        unique (platform_id, subject)
    ) {strict}
    """,
    """
    create table licenses (
        id {id} not null primary key,
        code text not null unique,
        name text not null,
        owner_person_id {id} references people (id),
        created_at {int} not null
    ) {strict}
    """,
    """
    create table license_managers (
        license_id {id} not null references licenses (id),
        person_id {id} not null references people (id),
        named_at {int} not null,
        primary key (license_id, person_id)
    ) {strict}
    """,
    """
    create table bindings (
        id {id} not null primary key,
        license_id {id} not null references licenses (id),
        deployment_id {id} not null references deployments (id),
        context_id {id} unique references contexts (id),
        created_at {int} not null
    ) {strict}
    """,
    "create index ix_bindings_license_id on bindings (license_id)",
    "create unique index uq_bindings_whole_deployment on bindings (deployment_id) where context_id is null",
    """
    create table api_keys (
        id {id} not null primary key,
        name text not null,
        secret_hash text not null unique,
        scopes text not null,
        license_id {id} references licenses (id),
        created_at {int} not null,
        revoked_at {int}
    ) {strict}
    """,
    """
    create table members (
        id {id} not null primary key,
        license_id {id} not null references licenses (id),
        person_id {id} not null references people (id),
        created_at {int} not null,
        unique (license_id, id),
        unique (license_id, person_id)
    ) {strict}
    """,
    "create index ix_members_person_id on members (person_id)",
    """
    create table enrollments (
        context_id {id} not null references contexts (id),
        member_id {id} not null,
        license_id {id} not null,
        launch_role text,
        roster_role text,
        role text not null,
        active {bool} not null,
        last_launch_at {int},
        primary key (context_id, member_id),
        foreign key (license_id, member_id) references members (license_id, id)
    ) {strict}
    """,
    "create index ix_enrollments_license_id_member_id on enrollments (license_id, member_id)",
    """
    create table roster_reads (
        context_id {id} not null primary key references contexts (id),
        status text not null check (status in ('queued', 'reading', 'done', 'failed', 'to_confirm')),
        people_read {int} not null default 0,
        pages_read {int} not null default 0,
        added {int} not null default 0,
        dropped {int} not null default 0,
        error_code text,
        requested_by {id} references people (id),
        confirmed {bool} not null default {false},
        requested_at {int} not null,
        touched_at {int} not null,
        finished_at {int},
        complete_at {int}
    ) {strict}
    """,
    """
    create table pools (
        license_id {id} not null references licenses (id),
        resource text not null,
        balance {int} not null default 0,
        issued {int} not null default 0,
        version {int} not null default 0,
        primary key (license_id, resource),
        constraint ck_pools_nothing_below_zero check (balance >= 0 and issued >= 0 and version >= 0),
        constraint ck_pools_no_more_than_issued check (balance <= issued)
    ) {strict} {hot}
    """,
    """
    create table accounts (
        license_id {id} not null,
        resource text not null,
        member_id {id} not null,
        balance {int} not null default 0,
        held {int} not null default 0,
        received {int} not null default 0,
        auto_received {int} not null default 0,
        used {int} not null default 0,
        version {int} not null default 0,
        frozen {bool} not null default {false},
        primary key (license_id, resource, member_id),
        foreign key (license_id, resource) references pools (license_id, resource),
        foreign key (license_id, member_id) references members (license_id, id),
        constraint ck_accounts_nothing_below_zero
            check (balance >= 0 and held >= 0 and used >= 0 and auto_received >= 0 and version >= 0),
        constraint ck_accounts_held_is_covered check (held <= balance),
        constraint ck_accounts_received_adds_up check (received = balance + used),
        constraint ck_accounts_automatic_is_part check (auto_received <= received)
    ) {strict} {hot}
    """,
    """
    create table policies (
        license_id {id} not null,
        resource text not null,
        version {int} not null check (version > 0),
        maximum {int} not null check (maximum between 0 and 1000000),
        actor_kind text not null,
        actor_id text,
        at {int} not null,
        primary key (license_id, resource, version),
        foreign key (license_id, resource) references pools (license_id, resource)
    ) {strict}
    """,
    """
    create table batches (
        license_id {id} not null,
        id {id} not null,
        resource text not null,
        kind text not null check (kind in ('grant', 'purchase', 'refund', 'auto_allotment', 'manual_allotment')),
        pool_version {int} not null check (pool_version > 0),
        pool_balance_after {int} not null check (pool_balance_after >= 0),
        amount_each {int} not null check (amount_each > 0),
        people {int} not null check (people >= 0),
        total {int} not null,
        actor_kind text not null check (actor_kind in ('person', 'operator', 'api_key', 'system')),
        actor_id text,
        note text,
        policy_version {int},
        request_key text,
        request_hash text,
        corrects_batch {id},
        at {int} not null,
        primary key (license_id, id),
        unique (license_id, resource, pool_version),
        unique (license_id, request_key),
        unique (license_id, corrects_batch),
        foreign key (license_id, resource) references pools (license_id, resource),
        foreign key (license_id, corrects_batch) references batches (license_id, id),
        foreign key (license_id, resource, policy_version) references policies (license_id, resource, version),
        constraint ck_batches_allotments_reach_people
            check ((people > 0) = (kind in ('auto_allotment', 'manual_allotment'))),
        constraint ck_batches_total_adds_up
            check (total = amount_each * (case when people = 0 then 1 else people end)),
        constraint ck_batches_automatic_obeys_a_policy check ((policy_version is not null) = (kind = 'auto_allotment'))
    ) {strict}
    """,
    """
    create table holds (
        license_id {id} not null,
        id {id} not null,
        resource text not null,
        member_id {id} not null,
        amount {int} not null check (amount > 0),
        captured {int} not null default 0,
        status text not null check (status in ('held', 'captured', 'released', 'expired')),
        reference text,
        actor_kind text not null check (actor_kind in ('person', 'operator', 'api_key', 'system')),
        actor_id text,
        expires_at {int} not null,
        at {int} not null,
        closed_at {int},
        primary key (license_id, id),
        foreign key (license_id, resource, member_id) references accounts (license_id, resource, member_id),
        constraint ck_holds_captured_is_held check (captured between 0 and amount),
        constraint ck_holds_only_captures_take check ((captured > 0) = (status = 'captured')),
        constraint ck_holds_closed_once check ((closed_at is null) = (status = 'held'))
    ) {strict}
    """,
    "create index ix_holds_id on holds (id)",
    """
    create index ix_holds_open on holds (license_id, resource, member_id, expires_at) where status = 'held'
    """,
    """
    create table transfers (
        license_id {id} not null,
        id {id} not null,
        resource text not null,
        kind text not null
            check (kind in ('grant', 'purchase', 'refund', 'auto_allotment', 'manual_allotment', 'spend')),
        amount {int} not null check (amount > 0),
        member_id {id},
        member_version {int},
        member_balance_after {int} check (member_balance_after >= 0),
        batch_id {id},
        hold_id {id},
        actor_kind text not null check (actor_kind in ('person', 'operator', 'api_key', 'system')),
        actor_id text,
        reference text,
        note text,
        corrects_transfer {id},
        at {int} not null,
        primary key (license_id, id),
        unique (license_id, resource, member_id, member_version),
        unique (license_id, corrects_transfer),
        foreign key (license_id, resource) references pools (license_id, resource),
        foreign key (license_id, resource, member_id) references accounts (license_id, resource, member_id),
        foreign key (license_id, batch_id) references batches (license_id, id),
        foreign key (license_id, hold_id) references holds (license_id, id),
        foreign key (license_id, corrects_transfer) references transfers (license_id, id),
        constraint ck_transfers_kind_says_whose
            check ((member_id is null) = (kind in ('grant', 'purchase', 'refund'))),
        constraint ck_transfers_members_are_numbered
            check ((member_id is null) = (member_version is null)
               and (member_id is null) = (member_balance_after is null)),
        constraint ck_transfers_pool_moves_in_batches check ((batch_id is null) = (kind = 'spend')),
        constraint ck_transfers_only_spends_capture check (hold_id is null or kind = 'spend')
    ) {strict}
    """,
    "create index ix_transfers_license_id_batch_id on transfers (license_id, batch_id)",
)

# What a row may become; true is refused. SQLite and PostgreSQL share these conditions word for word.
CHANGES = {
    "pools": (
        "new.license_id <> old.license_id or new.resource <> old.resource"
        " or new.issued - new.balance < old.issued - old.balance"
        " or new.version <> old.version"
        " + (case when new.balance <> old.balance or new.issued <> old.issued then 1 else 0 end)",
        "what was allotted never returns to the pool, and each change counts the version up by one",
    ),
    "accounts": (
        "new.license_id <> old.license_id or new.resource <> old.resource or new.member_id <> old.member_id"
        " or new.received < old.received or new.used < old.used or new.auto_received < old.auto_received"
        " or new.version <> old.version"
        " + (case when new.received <> old.received or new.used <> old.used then 1 else 0 end)",
        "received and used only grow, and each transfer counts the version up by one",
    ),
    "holds": (
        "new.license_id <> old.license_id or new.id <> old.id or new.resource <> old.resource"
        " or new.member_id <> old.member_id or new.amount <> old.amount or new.expires_at <> old.expires_at"
        " or old.status <> 'held'",
        "a hold closes once and keeps its terms",
    ),
}
# What a row may not begin as: units come from the journal only.
OPENINGS = {
    "pools": ("new.balance <> 0 or new.issued <> 0 or new.version <> 0", "a pool opens empty"),
    "accounts": ("new.received <> 0 or new.held <> 0 or new.version <> 0", "an account opens empty"),
    "holds": ("new.status <> 'held'", "a hold opens held"),
}
FOREVER = ("transfers", "batches", "policies")
KEPT = (*FOREVER, "holds", "accounts", "pools")


def upgrade() -> None:
    bind = op.get_bind()
    words = _words(bind.dialect.name)
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))
    for trigger in _triggers(bind.dialect.name):
        bind.exec_driver_sql(trigger)


def downgrade() -> None:
    bind = op.get_bind()
    names = [text.split()[2] for text in TABLES if text.split()[1] == "table"]
    for name in reversed(names):
        bind.exec_driver_sql(f"drop table {name}")
    if bind.dialect.name == "postgresql":
        bind.exec_driver_sql("drop function creditroll_refuse()")


def _words(dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        # STRICT: a balance can't become 0.5 or a word, even by hand.
        return {"id": "text", "int": "integer", "bool": "integer", "false": "0", "strict": "strict", "hot": ""}
    hot = "with (fillfactor = 70)"  # room for updates that stay on their page
    return {"id": "varchar(36)", "int": "bigint", "bool": "boolean", "false": "false", "strict": "", "hot": hot}


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return _sqlite_triggers()
    return _postgresql_triggers()


def _sqlite_triggers() -> list[str]:
    statements = [
        f"create trigger {table}_keep_their_rules before update on {table} when {refused}"
        f" begin select raise(abort, '{table}: {why}'); end"
        for table, (refused, why) in CHANGES.items()
    ]
    statements += [
        f"create trigger {table}_open_so before insert on {table} when {refused}"
        f" begin select raise(abort, '{table}: {why}'); end"
        for table, (refused, why) in OPENINGS.items()
    ]
    statements += [
        f"create trigger {table}_never_change before update on {table}"
        f" begin select raise(abort, '{table}: rows are never changed'); end"
        for table in FOREVER
    ]
    statements += [
        f"create trigger {table}_never_go before delete on {table}"
        f" begin select raise(abort, '{table}: rows are never deleted'); end"
        for table in KEPT
    ]
    return statements


def _postgresql_triggers() -> list[str]:
    statements = [
        """
        create function creditroll_refuse() returns trigger language plpgsql as
        $$ begin raise exception using message = tg_argv[0], errcode = 'integrity_constraint_violation'; end $$
        """
    ]
    statements += [
        f"create trigger {table}_keep_their_rules before update on {table} for each row when ({refused})"
        f" execute function creditroll_refuse('{table}: {why}')"
        for table, (refused, why) in CHANGES.items()
    ]
    statements += [
        f"create trigger {table}_open_so before insert on {table} for each row when ({refused})"
        f" execute function creditroll_refuse('{table}: {why}')"
        for table, (refused, why) in OPENINGS.items()
    ]
    statements += [
        f"create trigger {table}_never_change before update on {table} for each statement"
        f" execute function creditroll_refuse('{table}: rows are never changed')"
        for table in FOREVER
    ]
    statements += [
        f"create trigger {table}_never_go before delete or truncate on {table} for each statement"
        f" execute function creditroll_refuse('{table}: rows are never deleted')"
        for table in KEPT
    ]
    return statements
