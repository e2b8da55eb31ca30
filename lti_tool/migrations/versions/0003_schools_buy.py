"""Orders, payments and what comes with them: office links, certificates, wishes, allotments that wait for credits.

The database itself refuses: an order whose amounts change once it is placed, one that is fulfilled without its transfer
or stops being fulfilled, and a payment or an event that is edited away (R27 to R30).
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
    create table certificates (
        license_id {id} not null references licenses (id),
        id {id} not null,
        file_name text not null,
        media_type text not null,
        size {int} not null check (size > 0),
        sha256 text not null,
        uploaded_by {id} references people (id),
        uploaded_at {int} not null,
        refused_at {int},
        primary key (license_id, id),
        unique (license_id, sha256)
    ) {strict}
    """,
    """
    create table unfinished_allotments (
        license_id {id} not null,
        id {id} not null,
        resource text not null,
        person_id {id} not null references people (id),
        member_ids text not null,
        people {int} not null check (people > 0),
        amount {int} not null check (amount > 0),
        note text,
        back text not null,
        created_at {int} not null,
        closed_at {int},
        primary key (license_id, id),
        foreign key (license_id, resource) references pools (license_id, resource)
    ) {strict}
    """,
    "create index ix_unfinished_allotments_person_id on unfinished_allotments (license_id, person_id)",
    """
    create table orders (
        license_id {id} not null,
        id {id} not null primary key,
        number text not null unique,
        resource text not null,
        quantity {int} not null check (quantity > 0),
        currency text not null,
        goods {int} not null check (goods > 0),
        tax {int} not null check (tax >= 0),
        total {int} not null,
        tax_rate {int} not null check (tax_rate >= 0),
        tax_exempt {bool} not null default {false},
        certificate_id {id},
        status text not null check (status in ('draft', 'placed', 'fulfilled', 'cancelled', 'expired', 'refused')),
        method text check (method in ('purchase_order', 'card')),
        buyer_id {id} references people (id),
        po_number text,
        billing_organization text,
        billing_name text,
        billing_email text,
        billing_address text,
        created_at {int} not null,
        expires_at {int} not null,
        placed_at {int},
        placed_by text check (placed_by in ('manager', 'office', 'operator')),
        fulfilled_at {int},
        due_at {int},
        closed_at {int},
        closed_by text,
        closed_note text,
        purchase_batch_id {id},
        refunded_units {int} not null default 0,
        shortfall_units {int} not null default 0,
        allotment_id {id},
        request_key text,
        unique (license_id, id),
        unique (license_id, purchase_batch_id),
        unique (license_id, request_key),
        foreign key (license_id, resource) references pools (license_id, resource),
        foreign key (license_id, purchase_batch_id) references batches (license_id, id),
        foreign key (license_id, certificate_id) references certificates (license_id, id),
        foreign key (license_id, allotment_id) references unfinished_allotments (license_id, id),
        constraint ck_orders_amounts_add_up check (total = goods + tax),
        constraint ck_orders_exempt_pay_no_tax check (tax = 0 or not tax_exempt),
        constraint ck_orders_fulfilled_by_a_transfer check ((status = 'fulfilled') = (purchase_batch_id is not null)),
        constraint ck_orders_fulfilled_have_a_time check ((status = 'fulfilled') = (fulfilled_at is not null)),
        constraint ck_orders_placed_say_how
            check (status in ('draft', 'cancelled', 'expired') or (method is not null and placed_at is not null)),
        constraint ck_orders_refund_no_more_than_bought
            check (refunded_units >= 0 and shortfall_units >= 0 and refunded_units + shortfall_units <= quantity)
    ) {strict}
    """,
    "create index ix_orders_license_id_id on orders (license_id, id)",
    "create index ix_orders_open on orders (expires_at) where status in ('draft', 'placed')",
    "create index ix_orders_fulfilled on orders (method) where status = 'fulfilled'",
    """
    create table checkout_sessions (
        order_id {id} not null references orders (id),
        attempt {int} not null check (attempt > 0),
        session_id text unique,
        url text,
        status text not null check (status in ('asked', 'open', 'complete', 'expired')),
        expires_at {int} not null,
        created_at {int} not null,
        checked_at {int} not null,
        primary key (order_id, attempt),
        constraint ck_checkout_sessions_known_once_open check ((session_id is null) = (url is null)),
        constraint ck_checkout_sessions_asked_until_known
            check (status = 'expired' or (status = 'asked') = (session_id is null))
    ) {strict}
    """,
    "create index ix_checkout_sessions_open on checkout_sessions (checked_at) where status in ('asked', 'open')",
    """
    create table office_links (
        id {id} not null primary key,
        order_id {id} not null references orders (id),
        created_by {id} references people (id),
        created_at {int} not null,
        expires_at {int} not null,
        closed_at {int}
    ) {strict}
    """,
    "create index ix_office_links_order_id on office_links (order_id)",
    "create unique index uq_office_links_one_open on office_links (order_id) where closed_at is null",
    """
    create table payments (
        id {id} not null primary key,
        provider text not null check (provider in ('stripe', 'bank')),
        reference text not null,
        order_id {id} references orders (id),
        amount {int} not null check (amount >= 0),
        currency text not null,
        status text not null check (status in ('pending', 'paid', 'failed')),
        refunded {int} not null default 0 check (refunded >= 0),
        lost {int} not null default 0 check (lost >= 0),
        is_disputed {bool} not null default {false},
        paid_at {int},
        created_at {int} not null,
        unique (provider, reference),
        constraint ck_payments_paid_have_a_time check ((status = 'paid') = (paid_at is not null))
    ) {strict}
    """,
    "create index ix_payments_order_id on payments (order_id)",
    """
    create table payment_events (
        provider text not null,
        event_id text not null,
        kind text not null,
        order_id {id} references orders (id),
        payment_reference text,
        outcome text not null check (outcome in ('applied', 'ignored', 'problem')),
        summary text not null,
        payload_sha256 text not null,
        made_at {int} not null,
        received_at {int} not null,
        primary key (provider, event_id)
    ) {strict}
    """,
    "create index ix_payment_events_order_id on payment_events (order_id)",
    """
    create index ix_payment_events_payment_reference on payment_events (payment_reference)
     where payment_reference is not null
    """,
    """
    create table payment_problems (
        id {id} not null primary key,
        code text not null,
        subject text not null,
        order_id {id} references orders (id),
        payment_id {id} references payments (id),
        event_id text,
        detail text not null,
        noted_at {int} not null,
        closed_at {int},
        closed_note text,
        unique (code, subject)
    ) {strict}
    """,
    "create index ix_payment_problems_open on payment_problems (noted_at) where closed_at is null",
    """
    create table purchase_wishes (
        license_id {id} not null references licenses (id),
        id {id} not null,
        person_id {id} not null references people (id),
        resource text not null,
        amount {int} check (amount > 0),
        note text,
        at {int} not null,
        closed_at {int},
        closed_by {id} references people (id),
        answer text check (answer in ('bought', 'not_now', 'withdrawn')),
        primary key (license_id, id),
        constraint ck_purchase_wishes_closed_have_an_answer check ((closed_at is null) = (answer is null))
    ) {strict}
    """,
    "create index ix_purchase_wishes_person_id on purchase_wishes (license_id, person_id)",
    """
    create unique index uq_purchase_wishes_one_open on purchase_wishes (license_id, person_id, resource)
     where closed_at is null
    """,
)

# What a row may become; true is refused. SQLite and PostgreSQL share these conditions word for word.
CHANGES = {
    "orders": (
        "new.license_id <> old.license_id or new.id <> old.id or new.number <> old.number"
        " or new.resource <> old.resource"
        " or (old.status <> 'draft' and (new.quantity <> old.quantity or new.currency <> old.currency"
        " or new.goods <> old.goods or new.tax <> old.tax or new.tax_rate <> old.tax_rate"
        " or new.tax_exempt <> old.tax_exempt or new.status = 'draft'))"
        " or (old.status = 'fulfilled' and (new.status <> 'fulfilled' or new.fulfilled_at <> old.fulfilled_at"
        " or new.purchase_batch_id <> old.purchase_batch_id))"
        " or new.refunded_units < old.refunded_units or new.shortfall_units < old.shortfall_units",
        "placed orders keep their amounts, and fulfilled ones stay fulfilled",
    ),
    "payments": (
        "new.provider <> old.provider or new.reference <> old.reference or new.refunded < old.refunded"
        " or new.lost < old.lost"
        " or (old.order_id is not null and (new.order_id is null or new.order_id <> old.order_id))"
        " or (old.status = 'paid' and (new.status <> 'paid' or new.amount <> old.amount"
        " or new.currency <> old.currency))",
        "money that came in stays on record, and what was given back only grows",
    ),
    "payment_problems": (
        "new.code <> old.code or new.subject <> old.subject or new.noted_at <> old.noted_at",
        "what was listed stays what it was",
    ),
}
FOREVER = ("payment_events",)
KEPT = (*FOREVER, "orders", "payments", "payment_problems")


def upgrade() -> None:
    bind = op.get_bind()
    words = _words(bind.dialect.name)
    bind.exec_driver_sql("alter table licenses add column is_trusted {bool} not null default {false}".format(**words))
    for table in TABLES:
        bind.exec_driver_sql(table.format(**words))
    for trigger in _sqlite_triggers() if bind.dialect.name == "sqlite" else _postgresql_triggers():
        bind.exec_driver_sql(trigger)


def downgrade() -> None:
    bind = op.get_bind()
    names = [text.split()[2] for text in TABLES if text.split()[1] == "table"]
    for name in reversed(names):
        bind.exec_driver_sql(f"drop table {name}")
    bind.exec_driver_sql("alter table licenses drop column is_trusted")


def _words(dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        return {"id": "text", "int": "integer", "bool": "integer", "false": "0", "strict": "strict"}
    return {"id": "varchar(36)", "int": "bigint", "bool": "boolean", "false": "false", "strict": ""}


def _sqlite_triggers() -> list[str]:
    statements = [
        f"create trigger {table}_keep_their_rules before update on {table} when {refused}"
        f" begin select raise(abort, '{table}: {why}'); end"
        for table, (refused, why) in CHANGES.items()
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
        f"create trigger {table}_keep_their_rules before update on {table} for each row when ({refused})"
        f" execute function creditroll_refuse('{table}: {why}')"
        for table, (refused, why) in CHANGES.items()
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
