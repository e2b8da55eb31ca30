"""Whoever counts a licence's students leaves its staff out: an index of them alone, however many students there are."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "create index ix_enrollments_staff on enrollments (license_id, member_id) where active and role <> 'learner'"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql("drop index ix_enrollments_staff")
