"""An index that says at once in which courses a licence has members, and so whether somebody sees all of it."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "create index ix_enrollments_license_id_context_id on enrollments (license_id, context_id)"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop index ix_enrollments_license_id_context_id")
