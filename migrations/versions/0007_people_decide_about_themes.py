"""Keep what people decide about themes: names, departments, judged comments, acts and lineage."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ACTIONS = (
    "action IN ('status', 'rename', 'merge', 'move', 'indicator', 'comment_indicator', 'remit', "
    "'scope', 'department', 'judge', 'undo')"
)


def _add_department() -> None:
    op.create_table(
        'department',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('district_id', sa.Integer(), nullable=False),
        sa.Column('code', sa.String(length=32), nullable=False),
        sa.Column('name_zh', sa.String(length=120), nullable=False),
        sa.Column('name_en', sa.String(length=120), nullable=False),
        sa.Column('is_active', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ['district_id'], ['district.id'], name=op.f('fk_department_district_id_district')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_department')),
        sa.UniqueConstraint('district_id', 'code', name=op.f('uq_department_district_id_code')),
    )


def _add_columns() -> None:
    with op.batch_alter_table('theme') as batch:
        batch.add_column(
            sa.Column('name_zh', sa.String(length=120), nullable=False, server_default='')
        )
        batch.add_column(
            sa.Column('name_en', sa.String(length=120), nullable=False, server_default='')
        )
        batch.add_column(sa.Column('department_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('decided', sa.JSON(), nullable=False, server_default='[]'))
        batch.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='0'))
        batch.create_foreign_key(
            op.f('fk_theme_department_id_department'), 'department', ['department_id'], ['id']
        )
        batch.create_index(op.f('ix_theme_merged_into_id'), ['merged_into_id'], unique=False)
    # Adding a column alone needs no table made anew, however many comments there are.
    op.add_column(
        'comment',
        sa.Column(
            'indicator_is_decided', sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
    for name in ('mentions_right', 'texts_only_here'):
        op.add_column(
            'theme_period', sa.Column(name, sa.Integer(), nullable=False, server_default='0')
        )
    for name in ('mentions_counted', 'sample_judged', 'sample_right'):
        op.add_column('theme_adjustment', sa.Column(name, sa.Integer(), nullable=True))


def _add_judgement() -> None:
    op.create_table(
        'theme_judgement',
        sa.Column('comment_id', BIG_KEY, autoincrement=False, nullable=False),
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('is_about', sa.Boolean(), nullable=False),
        sa.Column('basis', sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "basis IN ('sample', 'border', 'person')", name=op.f('ck_theme_judgement_basis_known')
        ),
        sa.ForeignKeyConstraint(
            ['comment_id'], ['comment.id'], name=op.f('fk_theme_judgement_comment_id_comment')
        ),
        sa.ForeignKeyConstraint(
            ['theme_id'], ['theme.id'], name=op.f('fk_theme_judgement_theme_id_theme')
        ),
        sa.PrimaryKeyConstraint('comment_id', 'theme_id', name=op.f('pk_theme_judgement')),
    )
    op.create_index('ix_theme_judgement_theme_id', 'theme_judgement', ['theme_id'])


def _add_decision() -> None:
    op.create_table(
        'theme_decision',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('district_id', sa.Integer(), nullable=False),
        sa.Column('theme_id', sa.Integer(), nullable=True),
        sa.Column('other_theme_id', sa.Integer(), nullable=True),
        sa.Column('comment_id', BIG_KEY, nullable=True),
        sa.Column('action', sa.String(length=20), nullable=False),
        sa.Column('actor', sa.String(length=60), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('before', sa.JSON(), nullable=False),
        sa.Column('after', sa.JSON(), nullable=False),
        sa.Column('reason', sa.String(length=400), nullable=False),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.CheckConstraint(ACTIONS, name=op.f('ck_theme_decision_action_known')),
        sa.ForeignKeyConstraint(
            ['district_id'], ['district.id'], name=op.f('fk_theme_decision_district_id_district')
        ),
        sa.ForeignKeyConstraint(
            ['theme_id'], ['theme.id'], name=op.f('fk_theme_decision_theme_id_theme')
        ),
        sa.ForeignKeyConstraint(
            ['other_theme_id'], ['theme.id'], name=op.f('fk_theme_decision_other_theme_id_theme')
        ),
        sa.ForeignKeyConstraint(
            ['comment_id'], ['comment.id'], name=op.f('fk_theme_decision_comment_id_comment')
        ),
        sa.ForeignKeyConstraint(
            ['undone_by_id'],
            ['theme_decision.id'],
            name=op.f('fk_theme_decision_undone_by_id_theme_decision'),
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_theme_decision')),
    )
    op.create_index('ix_theme_decision_theme_id', 'theme_decision', ['theme_id'])
    op.create_index('ix_theme_decision_comment_id', 'theme_decision', ['comment_id'])
    op.create_index(op.f('ix_theme_decision_district_id'), 'theme_decision', ['district_id'])


def _add_lineage() -> None:
    op.create_table(
        'theme_lineage',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('from_theme_id', sa.Integer(), nullable=False),
        sa.Column('to_theme_id', sa.Integer(), nullable=False),
        sa.Column('by', sa.String(length=8), nullable=False),
        sa.Column('is_applied', sa.Boolean(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('merged', 'split')", name=op.f('ck_theme_lineage_kind_known')),
        sa.CheckConstraint("by IN ('model', 'person')", name=op.f('ck_theme_lineage_by_known')),
        sa.CheckConstraint('from_theme_id <> to_theme_id', name=op.f('ck_theme_lineage_two_themes')),
        sa.ForeignKeyConstraint(
            ['from_theme_id'], ['theme.id'], name=op.f('fk_theme_lineage_from_theme_id_theme')
        ),
        sa.ForeignKeyConstraint(
            ['to_theme_id'], ['theme.id'], name=op.f('fk_theme_lineage_to_theme_id_theme')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_theme_lineage')),
        sa.UniqueConstraint(
            'kind',
            'from_theme_id',
            'to_theme_id',
            name=op.f('uq_theme_lineage_kind_from_theme_id_to_theme_id'),
        ),
    )
    op.create_index(op.f('ix_theme_lineage_from_theme_id'), 'theme_lineage', ['from_theme_id'])
    op.create_index(op.f('ix_theme_lineage_to_theme_id'), 'theme_lineage', ['to_theme_id'])


def upgrade() -> None:
    _add_department()
    _add_columns()
    _add_judgement()
    _add_decision()
    _add_lineage()


def downgrade() -> None:
    op.drop_table('theme_lineage')
    op.drop_table('theme_decision')
    op.drop_table('theme_judgement')
    for name in ('mentions_counted', 'sample_judged', 'sample_right'):
        op.drop_column('theme_adjustment', name)
    for name in ('mentions_right', 'texts_only_here'):
        op.drop_column('theme_period', name)
    op.drop_column('comment', 'indicator_is_decided')
    with op.batch_alter_table('theme') as batch:
        batch.drop_index(op.f('ix_theme_merged_into_id'))
        batch.drop_constraint(op.f('fk_theme_department_id_department'), type_='foreignkey')
        for name in ('name_zh', 'name_en', 'department_id', 'decided', 'version'):
            batch.drop_column(name)
    op.drop_table('department')
