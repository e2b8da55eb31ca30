"""The exporting service that a licence's students are handed on to: what its button says, and where it leads."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = """
    create table export_services (
        license_id {id} not null primary key references licenses (id),
        label text not null,
        url text not null,
        actor_kind text not null check (actor_kind in ('person', 'operator')),
        actor_id text,
        at {int} not null
    ) {strict}
"""


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = {"id": "text", "int": "integer", "strict": "strict"}
    words = sqlite if bind.dialect.name == "sqlite" else {"id": "varchar(36)", "int": "bigint", "strict": ""}
    bind.exec_driver_sql(TABLE.format(**words))


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop table export_services")
