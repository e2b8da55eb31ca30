"""The operator's pages tell when the books were audited, an LMS tested and the sweep ran: the last time of each."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = """
    create table last_results (
        name text not null primary key,
        began_at {int} not null,
        touched_at {int} not null,
        ended_at {int},
        told text not null
    ) {strict}
"""


def upgrade() -> None:
    bind = op.get_bind()
    words = {"int": "integer", "strict": "strict"} if bind.dialect.name == "sqlite" else {"int": "bigint", "strict": ""}
    bind.exec_driver_sql(TABLE.format(**words))


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop table last_results")
