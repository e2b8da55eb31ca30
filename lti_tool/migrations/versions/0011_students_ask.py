"""Students who have nothing left ask their teachers for credits, and read the answer."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table credit_requests (
        license_id {id} not null,
        id {id} not null,
        resource text not null,
        member_id {id} not null,
        received {int} not null check (received >= 0),
        reason text check (length(reason) <= 200),
        at {int} not null,
        answer text check (answer in ('given', 'declined', 'withdrawn')),
        closed_at {int},
        closed_by {id} references people (id),
        words text check (length(words) <= 200),
        primary key (license_id, id),
        foreign key (license_id, resource, member_id) references accounts (license_id, resource, member_id),
        constraint ck_credit_requests_closed_have_an_answer check ((closed_at is null) = (answer is null)),
        constraint ck_credit_requests_only_no_has_words check (words is null or answer = 'declined')
    ) {strict}
    """,
    "create index ix_credit_requests_member_id on credit_requests (license_id, resource, member_id, id)",
    """
    create unique index uq_credit_requests_one_open on credit_requests (license_id, resource, member_id)
     where closed_at is null
    """,
)


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = {"id": "text", "int": "integer", "strict": "strict"}
    words = sqlite if bind.dialect.name == "sqlite" else {"id": "varchar(36)", "int": "bigint", "strict": ""}
    for statement in STATEMENTS:
        bind.exec_driver_sql(statement.format(**words))


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop table credit_requests")
