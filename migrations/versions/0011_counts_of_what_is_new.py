"""Let a run over themes count what is new: which text a comment copies, and what nobody has seen."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

UNSEEN = sa.text('indicator_probability IS NULL')


def upgrade() -> None:
    op.add_column('mention', sa.Column('kind_id', sa.BigInteger(), nullable=True))
    op.add_column('mention', sa.Column('bands', sa.String(length=64), server_default='', nullable=False))
    op.create_index(
        'ix_comment_unseen', 'comment', ['wave_id'], sqlite_where=UNSEEN, postgresql_where=UNSEEN
    )


def downgrade() -> None:
    op.drop_index('ix_comment_unseen', table_name='comment')
    with op.batch_alter_table('mention') as batch_op:
        batch_op.drop_column('bands')
        batch_op.drop_column('kind_id')
