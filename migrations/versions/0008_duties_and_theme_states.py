"""Keep the duty list, what a wave locked of it, and what the counts say of every theme."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'duty',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('district_id', sa.Integer(), nullable=False),
        sa.Column('code', sa.String(length=32), nullable=False),
        sa.Column('indicator_id', sa.Integer(), nullable=False),
        sa.Column('name_zh', sa.String(length=200), nullable=False),
        sa.Column('name_en', sa.String(length=200), nullable=False),
        sa.Column('terms', sa.JSON(), nullable=False),
        sa.Column('body', sa.String(length=12), nullable=False),
        sa.Column('department_id', sa.Integer(), nullable=True),
        sa.Column('has_means', sa.Boolean(), nullable=False),
        sa.Column('source', sa.String(length=240), nullable=False),
        sa.Column('retired_at', sa.DateTime(), nullable=True),
        sa.CheckConstraint("body IN ('street', 'department')", name=op.f('ck_duty_body_known')),
        sa.CheckConstraint(
            "(body = 'department') = (department_id IS NOT NULL)",
            name=op.f('ck_duty_department_named'),
        ),
        sa.ForeignKeyConstraint(
            ['department_id'], ['department.id'], name=op.f('fk_duty_department_id_department')
        ),
        sa.ForeignKeyConstraint(
            ['district_id'], ['district.id'], name=op.f('fk_duty_district_id_district')
        ),
        sa.ForeignKeyConstraint(
            ['indicator_id'], ['indicator.id'], name=op.f('fk_duty_indicator_id_indicator')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_duty')),
        sa.UniqueConstraint('district_id', 'code', name=op.f('uq_duty_district_id_code')),
    )
    op.create_table(
        'wave_duties',
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('document', sa.JSON(), nullable=False),
        sa.Column('locked_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ['wave_id'], ['wave.id'], name=op.f('fk_wave_duties_wave_id_wave')
        ),
        sa.PrimaryKeyConstraint('wave_id', name=op.f('pk_wave_duties')),
    )
    op.create_table(
        'theme_state',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('street_id', sa.Integer(), nullable=True),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('mentions', sa.Integer(), nullable=False),
        sa.Column('respondents', sa.Integer(), nullable=False),
        sa.Column('mentions_before', sa.Integer(), nullable=False),
        sa.Column('respondents_before', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('unknown', 'new', 'again', 'rising', 'easing', 'gone', 'continuing', "
            "'unclear')",
            name=op.f('ck_theme_state_state_known'),
        ),
        sa.ForeignKeyConstraint(
            ['street_id'], ['street.id'], name=op.f('fk_theme_state_street_id_street')
        ),
        sa.ForeignKeyConstraint(
            ['theme_id'], ['theme.id'], name=op.f('fk_theme_state_theme_id_theme')
        ),
        sa.ForeignKeyConstraint(
            ['wave_id'], ['wave.id'], name=op.f('fk_theme_state_wave_id_wave')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_theme_state')),
        sa.UniqueConstraint(
            'theme_id', 'street_id', 'wave_id', name=op.f('uq_theme_state_theme_id_street_id_wave_id')
        ),
    )
    with op.batch_alter_table('theme_state') as batch:
        batch.create_index(op.f('ix_theme_state_wave_id'), ['wave_id'], unique=False)
    op.create_table(
        'theme_signal',
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('wave_id', sa.Integer(), nullable=False),
        sa.Column('scope', sa.String(length=12), nullable=False),
        sa.Column('effective_streets', sa.Double(), nullable=True),
        sa.Column('low', sa.Double(), nullable=True),
        sa.Column('high', sa.Double(), nullable=True),
        sa.Column('streets_heard', sa.Integer(), nullable=False),
        sa.Column('streets_mentioning', sa.Integer(), nullable=False),
        sa.Column('week_ends', sa.Date(), nullable=True),
        sa.Column('week_persons', sa.Integer(), nullable=True),
        sa.Column('week_expected', sa.Double(), nullable=True),
        sa.Column('week_chance', sa.Double(), nullable=True),
        sa.Column('is_surging', sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "scope IN ('common', 'own', 'undecided')", name=op.f('ck_theme_signal_scope_known')
        ),
        sa.ForeignKeyConstraint(
            ['theme_id'], ['theme.id'], name=op.f('fk_theme_signal_theme_id_theme')
        ),
        sa.ForeignKeyConstraint(
            ['wave_id'], ['wave.id'], name=op.f('fk_theme_signal_wave_id_wave')
        ),
        sa.PrimaryKeyConstraint('theme_id', 'wave_id', name=op.f('pk_theme_signal')),
    )
    with op.batch_alter_table('theme_signal') as batch:
        batch.create_index(op.f('ix_theme_signal_wave_id'), ['wave_id'], unique=False)


def downgrade() -> None:
    op.drop_table('theme_signal')
    op.drop_table('theme_state')
    op.drop_table('wave_duties')
    op.drop_table('duty')
