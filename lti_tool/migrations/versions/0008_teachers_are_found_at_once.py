"""Every student's page names the teachers of the course: an index of them alone, however large the class."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "create index ix_enrollments_teachers on enrollments (context_id, license_id) where active and role = 'teacher'"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop index ix_enrollments_teachers")
