"""Let residents take an answer back: a status of its own, told apart from rejected."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BEFORE = "status IN ('accepted', 'quarantined', 'rejected')"
AFTER = "status IN ('accepted', 'quarantined', 'rejected', 'withdrawn')"


def _replace(known: str) -> None:
    for table in ('response', 'rollup_pending'):
        name = op.f(f'ck_{table}_status_known')
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name, type_='check')
            batch.create_check_constraint(name, sa.text(known))


def upgrade() -> None:
    _replace(AFTER)


def downgrade() -> None:
    # What was withdrawn stays out of the figures: the nearest word of before is 'rejected'.
    for table in ('response', 'rollup_pending'):
        op.execute(f"UPDATE {table} SET status = 'rejected' WHERE status = 'withdrawn'")
    for cube in ('response_cube', 'answer_cube', 'moment_cube', 'cluster_cube', 'arrival_cube'):
        op.execute(f"UPDATE {cube} SET status = 'rejected' WHERE status = 'withdrawn'")
    _replace(BEFORE)
