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
    op.create_index('ix_mention_kind_id', 'mention', ['kind_id'])
    op.create_index(
        'ix_comment_unseen', 'comment', ['wave_id'], sqlite_where=UNSEEN, postgresql_where=UNSEEN
    )
    op.create_table(
        'mention_band',
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('band', sa.BigInteger(), nullable=False),
        sa.Column('comment_id', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_mention_band_theme_id_theme')),
        sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_mention_band_wave_id_wave')),
        sa.PrimaryKeyConstraint(
            'theme_id', 'wave_id', 'band', 'comment_id', name=op.f('pk_mention_band')
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'theme_tally',
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('indicator_key', sa.Integer(), nullable=False),
        sa.Column('mentions', sa.Integer(), nullable=False),
        sa.Column('first_comment_id', sa.BigInteger(), nullable=False),
        sa.Column('last_comment_id', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_theme_tally_theme_id_theme')),
        sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_theme_tally_wave_id_wave')),
        sa.PrimaryKeyConstraint('theme_id', 'wave_id', 'indicator_key', name=op.f('pk_theme_tally')),
    )


def downgrade() -> None:
    op.drop_table('theme_tally')
    op.drop_table('mention_band')
    op.drop_index('ix_comment_unseen', table_name='comment')
    with op.batch_alter_table('mention') as batch_op:
        batch_op.drop_index('ix_mention_kind_id')
        batch_op.drop_column('kind_id')
