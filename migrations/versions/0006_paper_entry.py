"""Take in paper forms: piles, their forms by number, and what was typed of each."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'paper_batch',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('collection_point_id', sa.Integer(), nullable=False),
        sa.Column('label', sa.String(length=120), nullable=False),
        sa.Column('status', sa.String(length=12), nullable=False),
        sa.Column('share_percent', sa.Integer(), nullable=False),
        sa.Column('limit_bp', sa.Integer(), nullable=False),
        sa.Column('is_full', sa.Boolean(), nullable=False),
        sa.Column('opened_at', sa.DateTime(), nullable=False),
        sa.Column('closed_at', sa.DateTime(), nullable=True),
        sa.Column('forms', sa.Integer(), nullable=False),
        sa.Column('forms_checked', sa.Integer(), nullable=False),
        sa.Column('fields_compared', sa.Integer(), nullable=False),
        sa.Column('fields_differing', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('typing', 'checking', 'closed')", name=op.f('ck_paper_batch_status_known')
        ),
        sa.CheckConstraint(
            'share_percent BETWEEN 1 AND 100', name=op.f('ck_paper_batch_share_range')
        ),
        sa.CheckConstraint('limit_bp BETWEEN 0 AND 10000', name=op.f('ck_paper_batch_limit_range')),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)",
            name=op.f('ck_paper_batch_closed_has_time'),
        ),
        sa.CheckConstraint(
            'fields_differing <= fields_compared',
            name=op.f('ck_paper_batch_differing_of_compared'),
        ),
        sa.ForeignKeyConstraint(
            ['collection_point_id'],
            ['collection_point.id'],
            name=op.f('fk_paper_batch_collection_point_id_collection_point'),
        ),
        sa.ForeignKeyConstraint(
            ['wave_id'], ['wave.id'], name=op.f('fk_paper_batch_wave_id_wave')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_batch')),
        sa.UniqueConstraint(
            'wave_id', 'collection_point_id', 'label', name=op.f('uq_paper_batch_wave_id_collection_point_id_label')
        ),
    )
    with op.batch_alter_table('paper_batch') as batch:
        batch.create_index(op.f('ix_paper_batch_wave_id'), ['wave_id'], unique=False)
    op.create_table(
        'paper_form',
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('is_sampled', sa.Boolean(), nullable=False),
        sa.Column('decided', sa.JSON(), nullable=False),
        sa.CheckConstraint(
            'number BETWEEN 1 AND 99999', name=op.f('ck_paper_form_number_range')
        ),
        sa.ForeignKeyConstraint(
            ['batch_id'],
            ['paper_batch.id'],
            name=op.f('fk_paper_form_batch_id_paper_batch'),
        ),
        sa.PrimaryKeyConstraint('batch_id', 'number', name=op.f('pk_paper_form')),
    )
    op.create_table(
        'paper_entry',
        sa.Column('batch_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('turn', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('typed_by', sa.String(length=60), nullable=False),
        sa.Column('answers', sa.JSON(), nullable=False),
        sa.Column('is_complete', sa.Boolean(), nullable=False),
        sa.CheckConstraint('turn IN (1, 2)', name=op.f('ck_paper_entry_turn_known')),
        sa.ForeignKeyConstraint(
            ['batch_id', 'number'],
            ['paper_form.batch_id', 'paper_form.number'],
            name=op.f('fk_paper_entry_batch_id_paper_form'),
        ),
        sa.PrimaryKeyConstraint('batch_id', 'number', 'turn', name=op.f('pk_paper_entry')),
    )


def downgrade() -> None:
    op.drop_table('paper_entry')
    op.drop_table('paper_form')
    with op.batch_alter_table('paper_batch') as batch:
        batch.drop_index(op.f('ix_paper_batch_wave_id'))
    op.drop_table('paper_batch')
