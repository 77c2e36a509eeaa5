"""Print one-time slips, keep a ledger of them, and let each be used once."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'slip_batch',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('collection_point_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('printed', sa.Integer(), nullable=False),
        sa.Column('printed_on', sa.Date(), nullable=False),
        sa.Column('replaces_id', sa.Integer(), nullable=True),
        sa.CheckConstraint('printed > 0', name=op.f('ck_slip_batch_printed_positive')),
        sa.ForeignKeyConstraint(
            ['collection_point_id'],
            ['collection_point.id'],
            name=op.f('fk_slip_batch_collection_point_id_collection_point'),
        ),
        sa.ForeignKeyConstraint(
            ['replaces_id'], ['slip_batch.id'], name=op.f('fk_slip_batch_replaces_id_slip_batch')
        ),
        sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_slip_batch_wave_id_wave')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_slip_batch')),
        sa.UniqueConstraint('wave_id', 'name', name=op.f('uq_slip_batch_wave_id_name')),
    )
    op.create_index(
        op.f('ix_slip_batch_collection_point_id'), 'slip_batch', ['collection_point_id']
    )
    op.create_table(
        'slip',
        sa.Column('code_hash', sa.String(length=64), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('serial', sa.Integer(), nullable=False),
        sa.Column('is_void', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['slip_batch.id'], name=op.f('fk_slip_batch_id_slip_batch')
        ),
        sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_slip')),
        sa.UniqueConstraint('batch_id', 'serial', name=op.f('uq_slip_batch_id_serial')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'slip_void',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('first_serial', sa.Integer(), nullable=False),
        sa.Column('last_serial', sa.Integer(), nullable=False),
        sa.Column('voided', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('voided_on', sa.Date(), nullable=False),
        sa.CheckConstraint(
            'last_serial >= first_serial', name=op.f('ck_slip_void_serials_in_order')
        ),
        sa.CheckConstraint('voided > 0', name=op.f('ck_slip_void_voided_positive')),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['slip_batch.id'], name=op.f('fk_slip_void_batch_id_slip_batch')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_slip_void')),
    )
    op.create_index(op.f('ix_slip_void_batch_id'), 'slip_void', ['batch_id'])
    op.create_table(
        'spent_slip',
        sa.Column('spent_hash', sa.String(length=64), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['slip_batch.id'], name=op.f('fk_spent_slip_batch_id_slip_batch')
        ),
        sa.PrimaryKeyConstraint('spent_hash', name=op.f('pk_spent_slip')),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table('spent_slip')
    op.drop_table('slip_void')
    op.drop_table('slip')
    op.drop_table('slip_batch')
