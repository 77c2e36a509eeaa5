"""Keep what an evaluation was computed from, sealed with its figures."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'evaluation_bundle',
        sa.Column('evaluation_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('full', 'public')", name=op.f('ck_evaluation_bundle_kind_known')
        ),
        sa.ForeignKeyConstraint(
            ['evaluation_id'],
            ['evaluation.id'],
            name=op.f('fk_evaluation_bundle_evaluation_id_evaluation'),
        ),
        sa.PrimaryKeyConstraint('evaluation_id', 'kind', name=op.f('pk_evaluation_bundle')),
    )


def downgrade() -> None:
    op.drop_table('evaluation_bundle')
