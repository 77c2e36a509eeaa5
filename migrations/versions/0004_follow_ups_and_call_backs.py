"""Keep ticked tags beside the answers, and requests to be called back apart from them."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'response_tag',
        sa.Column(
            'response_id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column('option_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['option_id'],
            ['answer_option.id'],
            name=op.f('fk_response_tag_option_id_answer_option'),
        ),
        sa.ForeignKeyConstraint(
            ['response_id'], ['response.id'], name=op.f('fk_response_tag_response_id_response')
        ),
        sa.PrimaryKeyConstraint('response_id', 'option_id', name=op.f('pk_response_tag')),
    )
    op.create_table(
        'contact_request',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('street_id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('phone', sa.String(length=20), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('asked_week', sa.Date(), nullable=False),
        sa.Column('handled_on', sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ['street_id'], ['street.id'], name=op.f('fk_contact_request_street_id_street')
        ),
        sa.ForeignKeyConstraint(
            ['wave_id'], ['wave.id'], name=op.f('fk_contact_request_wave_id_wave')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_request')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_contact_request_street_id', 'contact_request', ['street_id'])


def downgrade() -> None:
    op.drop_table('contact_request')
    op.drop_table('response_tag')
