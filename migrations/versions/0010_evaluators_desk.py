"""Give an evaluation its way to publication, appeals, objective indicators and listed items."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('exclusion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('decided_by', sa.String(length=80), nullable=False),
    sa.Column('decided_at', sa.DateTime(), nullable=False),
    sa.Column('lifted_by', sa.String(length=80), nullable=True),
    sa.Column('lifted_at', sa.DateTime(), nullable=True),
    sa.Column('lifted_because', sa.Text(), nullable=False),
    sa.CheckConstraint('(lifted_at IS NULL) = (lifted_by IS NULL)', name=op.f('ck_exclusion_lifted_by_somebody')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_exclusion_street_id_street')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_exclusion_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exclusion'))
    )
    with op.batch_alter_table('exclusion') as batch_op:
        batch_op.create_index(op.f('ix_exclusion_wave_id'), ['wave_id'], unique=False)

    op.create_table('listed_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.Column('points', sa.Double(), nullable=True),
    sa.Column('ceiling', sa.Double(), nullable=True),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.Column('document_date', sa.Date(), nullable=False),
    sa.Column('signed_by', sa.String(length=120), nullable=False),
    sa.Column('entered_by', sa.String(length=80), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('removed_by', sa.String(length=80), nullable=True),
    sa.Column('removed_at', sa.DateTime(), nullable=True),
    sa.Column('removed_because', sa.Text(), nullable=False),
    sa.CheckConstraint("(kind = 'veto') = (points IS NULL)", name=op.f('ck_listed_item_veto_has_no_points')),
    sa.CheckConstraint("kind IN ('bonus', 'deduction', 'veto')", name=op.f('ck_listed_item_kind_known')),
    sa.CheckConstraint('(removed_at IS NULL) = (removed_by IS NULL)', name=op.f('ck_listed_item_removed_by_somebody')),
    sa.CheckConstraint('ceiling IS NULL OR ceiling >= 0', name=op.f('ck_listed_item_ceiling_not_negative')),
    sa.CheckConstraint('points IS NULL OR points >= 0', name=op.f('ck_listed_item_points_not_negative')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_listed_item_street_id_street')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_listed_item_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_listed_item'))
    )
    with op.batch_alter_table('listed_item') as batch_op:
        batch_op.create_index(op.f('ix_listed_item_wave_id'), ['wave_id'], unique=False)

    op.create_table('objective_score',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=False),
    sa.Column('indicator', sa.String(length=60), nullable=False),
    sa.Column('score', sa.Double(), nullable=False),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_objective_score_score_range')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_objective_score_street_id_street')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_objective_score_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objective_score')),
    sa.UniqueConstraint('wave_id', 'street_id', 'indicator', name=op.f('uq_objective_score_wave_id_street_id_indicator'))
    )
    op.create_table('appeal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('evaluation_id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('theme_id', sa.Integer(), nullable=True),
    sa.Column('grounds', sa.Text(), nullable=False),
    sa.Column('filed_by', sa.String(length=80), nullable=False),
    sa.Column('filed_at', sa.DateTime(), nullable=False),
    sa.Column('decide_by', sa.Date(), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('closed_by', sa.String(length=80), nullable=True),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint("(kind = 'deduction') = (theme_id IS NOT NULL)", name=op.f('ck_appeal_deduction_named')),
    sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name=op.f('ck_appeal_closed_has_time')),
    sa.CheckConstraint("kind IN ('deduction', 'quarantine', 'exclusion')", name=op.f('ck_appeal_kind_known')),
    sa.CheckConstraint("status IN ('open', 'upheld', 'rejected', 'withdrawn')", name=op.f('ck_appeal_status_known')),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_appeal_evaluation_id_evaluation')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_appeal_street_id_street')),
    sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_appeal_theme_id_theme')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_appeal_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal'))
    )
    with op.batch_alter_table('appeal') as batch_op:
        batch_op.create_index(op.f('ix_appeal_evaluation_id'), ['evaluation_id'], unique=False)
        batch_op.create_index(op.f('ix_appeal_wave_id'), ['wave_id'], unique=False)

    op.create_table('evaluation_report',
    sa.Column('evaluation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("kind IN ('leaders', 'full')", name=op.f('ck_evaluation_report_kind_known')),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_evaluation_report_evaluation_id_evaluation')),
    sa.PrimaryKeyConstraint('evaluation_id', 'kind', 'language', name=op.f('pk_evaluation_report'))
    )
    op.create_table('sign_off',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('evaluation_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.String(length=12), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("step IN ('frozen', 'approved', 'published', 'replaced')", name=op.f('ck_sign_off_step_known')),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_sign_off_evaluation_id_evaluation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_off')),
    sa.UniqueConstraint('evaluation_id', 'step', name=op.f('uq_sign_off_evaluation_id_step'))
    )
    with op.batch_alter_table('sign_off') as batch_op:
        batch_op.create_index(op.f('ix_sign_off_evaluation_id'), ['evaluation_id'], unique=False)

    op.create_table('appeal_document',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('appeal_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_appeal_document_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal_document'))
    )
    with op.batch_alter_table('appeal_document') as batch_op:
        batch_op.create_index(op.f('ix_appeal_document_appeal_id'), ['appeal_id'], unique=False)

    with op.batch_alter_table('evaluation') as batch_op:
        batch_op.add_column(sa.Column('notice_until', sa.Date(), nullable=True))
        batch_op.drop_constraint(op.f('ck_evaluation_status_known'), type_='check')
        batch_op.create_check_constraint(
            op.f('ck_evaluation_status_known'),
            "status IN ('provisional', 'approved', 'published', 'replaced')",
        )



def downgrade() -> None:
    with op.batch_alter_table('evaluation') as batch_op:
        batch_op.drop_constraint(op.f('ck_evaluation_status_known'), type_='check')
        batch_op.create_check_constraint(
            op.f('ck_evaluation_status_known'), "status IN ('draft', 'published')"
        )
        batch_op.drop_column('notice_until')

    with op.batch_alter_table('appeal_document') as batch_op:
        batch_op.drop_index(op.f('ix_appeal_document_appeal_id'))

    op.drop_table('appeal_document')
    with op.batch_alter_table('sign_off') as batch_op:
        batch_op.drop_index(op.f('ix_sign_off_evaluation_id'))

    op.drop_table('sign_off')
    op.drop_table('evaluation_report')
    with op.batch_alter_table('appeal') as batch_op:
        batch_op.drop_index(op.f('ix_appeal_wave_id'))
        batch_op.drop_index(op.f('ix_appeal_evaluation_id'))

    op.drop_table('appeal')
    op.drop_table('objective_score')
    with op.batch_alter_table('listed_item') as batch_op:
        batch_op.drop_index(op.f('ix_listed_item_wave_id'))

    op.drop_table('listed_item')
    with op.batch_alter_table('exclusion') as batch_op:
        batch_op.drop_index(op.f('ix_exclusion_wave_id'))

    op.drop_table('exclusion')
