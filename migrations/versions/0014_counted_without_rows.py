"""Let what is counted on every first screen and department's desk be found in an index."""

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_comment_wave_id_said_on', 'comment', ['wave_id', 'said_on', 'street_id'])
    op.create_index('ix_case_event_department_id', 'case_event', ['department_id', 'case_id'])


def downgrade() -> None:
    op.drop_index('ix_case_event_department_id', table_name='case_event')
    op.drop_index('ix_comment_wave_id_said_on', table_name='comment')
