"""Indexes that keep lists and sweeps as quick on a journal of millions as on an empty one."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = (
    # With the id, so that people of a batch, and spends (which have none), come in their order from the index.
    "create index ix_transfers_license_id_batch_id_id on transfers (license_id, batch_id, id)",
    "create index ix_holds_overdue on holds (expires_at) where status = 'held'",
    "create index ix_people_sort_name on people (sort_name)",
)


def upgrade() -> None:
    for index in INDEXES:
        op.get_bind().exec_driver_sql(index)
    op.get_bind().exec_driver_sql("drop index ix_transfers_license_id_batch_id")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("create index ix_transfers_license_id_batch_id on transfers (license_id, batch_id)")
    for index in INDEXES:
        op.get_bind().exec_driver_sql(f"drop index {index.split()[2]}")
