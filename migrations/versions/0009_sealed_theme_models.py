"""Seal the versions of the comment model with this installation's secret."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("theme_model") as batch:
        batch.add_column(sa.Column("seal", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("theme_model") as batch:
        batch.drop_column("seal")
