"""What each pool had come to at the end of each day, so that a picture of a term reads a row a day, not the journal."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = """
    create table closings (
        license_id {id} not null,
        resource text not null,
        day {int} not null,
        issued {int} not null,
        allotted {int} not null,
        used {int} not null,
        primary key (license_id, resource, day),
        foreign key (license_id, resource) references pools (license_id, resource)
    ) {strict}
"""


def upgrade() -> None:
    bind = op.get_bind()
    bind.exec_driver_sql(TABLE.format(**_words(bind.dialect.name)))


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop table closings")


def _words(dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        return {"id": "text", "int": "integer", "strict": "strict"}
    return {"id": "varchar(36)", "int": "bigint", "strict": ""}
