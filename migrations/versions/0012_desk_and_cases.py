"""Give the offices cases with an owner and a date, rechecks, mail, and a safer way to sign in."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('reply_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=True),
    sa.Column('department_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint('street_id IS NULL OR department_id IS NULL', name=op.f('ck_reply_template_one_owner')),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_reply_template_department_id_department')),
    sa.ForeignKeyConstraint(['district_id'], ['district.id'], name=op.f('fk_reply_template_district_id_district')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_reply_template_street_id_street')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reply_template'))
    )
    op.create_table('street_condition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_zh', sa.String(length=80), nullable=False),
    sa.Column('name_en', sa.String(length=80), nullable=False),
    sa.Column('unit_zh', sa.String(length=40), nullable=False),
    sa.Column('unit_en', sa.String(length=40), nullable=False),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('per_residents', sa.Integer(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=True),
    sa.Column('source', sa.String(length=240), nullable=False),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_street_condition_street_id_street')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_street_condition')),
    sa.UniqueConstraint('street_id', 'code', name=op.f('uq_street_condition_street_id_code'))
    )
    op.create_table('account_invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=True),
    sa.Column('department_id', sa.Integer(), nullable=True),
    sa.Column('invited_by', sa.String(length=60), nullable=False),
    sa.Column('invited_at', sa.DateTime(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_invitation_account_id_account')),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_account_invitation_department_id_department')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_account_invitation_street_id_street')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_account_invitation_token_hash'))
    )
    op.create_table('mail_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('written_at', sa.DateTime(), nullable=False),
    sa.Column('next_try_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('sent_at', sa.DateTime(), nullable=True),
    sa.Column('given_up_at', sa.DateTime(), nullable=True),
    sa.Column('problem', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_mail_message_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_message'))
    )
    with op.batch_alter_table('mail_message') as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_message_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_mail_message_waiting', ['next_try_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'))

    op.create_table('office_session',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('seen_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.Column('browser', sa.String(length=80), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_office_session_account_id_account')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_office_session'))
    )
    with op.batch_alter_table('office_session') as batch_op:
        batch_op.create_index(batch_op.f('ix_office_session_account_id'), ['account_id'], unique=False)

    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=255), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_recovery_code_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code'))
    )
    with op.batch_alter_table('recovery_code') as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_code_account_id'), ['account_id'], unique=False)

    op.create_table('case_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('street_id', sa.Integer(), nullable=True),
    sa.Column('department_id', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('theme_id', sa.Integer(), nullable=True),
    sa.Column('comment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('contact_request_id', sa.String(length=32), nullable=True),
    sa.Column('wave_id', sa.Integer(), nullable=True),
    sa.Column('indicator_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('said_on', sa.Date(), nullable=False),
    sa.Column('opened_at', sa.DateTime(), nullable=False),
    sa.Column('call_due_on', sa.Date(), nullable=True),
    sa.Column('reply_due_on', sa.Date(), nullable=True),
    sa.Column('plan_due_on', sa.Date(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(), nullable=True),
    sa.Column('called_at', sa.DateTime(), nullable=True),
    sa.Column('replied_at', sa.DateTime(), nullable=True),
    sa.Column('planned_at', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('settled_at', sa.DateTime(), nullable=True),
    sa.Column('escalated_at', sa.DateTime(), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('reply', sa.Text(), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.CheckConstraint("origin IN ('theme', 'comment', 'call_back', 'loaded')", name=op.f('ck_case_file_origin_known')),
    sa.CheckConstraint("state IN ('received', 'accepted', 'planned', 'done', 'confirmed', 'not_confirmed', 'out_of_remit_asked', 'out_of_remit')", name=op.f('ck_case_file_state_known')),
    sa.CheckConstraint('street_id IS NOT NULL OR department_id IS NOT NULL', name=op.f('ck_case_file_somebody_holds_it')),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_case_file_comment_id_comment')),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_case_file_department_id_department')),
    sa.ForeignKeyConstraint(['district_id'], ['district.id'], name=op.f('fk_case_file_district_id_district')),
    sa.ForeignKeyConstraint(['indicator_id'], ['indicator.id'], name=op.f('fk_case_file_indicator_id_indicator')),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_case_file_street_id_street')),
    sa.ForeignKeyConstraint(['theme_id'], ['theme.id'], name=op.f('fk_case_file_theme_id_theme')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_case_file_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_file')),
    sa.UniqueConstraint('comment_id', name=op.f('uq_case_file_comment_id')),
    sa.UniqueConstraint('contact_request_id', name=op.f('uq_case_file_contact_request_id'))
    )
    with op.batch_alter_table('case_file') as batch_op:
        batch_op.create_index('ix_case_file_department_id_state', ['department_id', 'state'], unique=False)
        batch_op.create_index('ix_case_file_street_id_state', ['street_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_file_wave_id'), ['wave_id'], unique=False)
        batch_op.create_index('uq_case_file_theme_in_street', ['theme_id', 'street_id'], unique=True, sqlite_where=sa.text("origin = 'theme' AND settled_at IS NULL"), postgresql_where=sa.text("origin = 'theme' AND settled_at IS NULL"))
        batch_op.create_index('uq_case_file_theme_of_district', ['theme_id'], unique=True, sqlite_where=sa.text("origin = 'theme' AND settled_at IS NULL AND street_id IS NULL"), postgresql_where=sa.text("origin = 'theme' AND settled_at IS NULL AND street_id IS NULL"))

    op.create_table('case_call',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('department_id', sa.Integer(), nullable=False),
    sa.Column('called_at', sa.DateTime(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('came_at', sa.DateTime(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_case_call_case_id_case_file')),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_case_call_department_id_department')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_call')),
    sa.UniqueConstraint('case_id', 'department_id', 'called_at', name=op.f('uq_case_call_case_id_department_id_called_at'))
    )
    with op.batch_alter_table('case_call') as batch_op:
        batch_op.create_index(batch_op.f('ix_case_call_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_call_department_id'), ['department_id'], unique=False)

    op.create_table('case_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=24), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('department_id', sa.Integer(), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.CheckConstraint("action IN ('opened', 'accepted', 'called_back', 'replied', 'planned', 'done', 'confirmed', 'not_confirmed', 'passed', 'out_of_remit_asked', 'out_of_remit_agreed', 'out_of_remit_refused', 'departments_called', 'department_came', 'escalated', 'noted', 'asked_again')", name=op.f('ck_case_event_action_known')),
    sa.CheckConstraint("state IN ('received', 'accepted', 'planned', 'done', 'confirmed', 'not_confirmed', 'out_of_remit_asked', 'out_of_remit')", name=op.f('ck_case_event_state_known')),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_case_event_case_id_case_file')),
    sa.ForeignKeyConstraint(['department_id'], ['department.id'], name=op.f('fk_case_event_department_id_department')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_event'))
    )
    with op.batch_alter_table('case_event') as batch_op:
        batch_op.create_index('ix_case_event_case_id', ['case_id'], unique=False)

    op.create_table('recheck',
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('response_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('is_solved', sa.Boolean(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('answered_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_recheck_case_id_case_file')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_recheck_response_id_response')),
    sa.PrimaryKeyConstraint('case_id', 'round', 'response_id', name=op.f('pk_recheck'))
    )
    with op.batch_alter_table('recheck') as batch_op:
        batch_op.create_index(batch_op.f('ix_recheck_response_id'), ['response_id'], unique=False)

    with op.batch_alter_table('account') as batch_op:
        batch_op.add_column(sa.Column('department_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('totp_secret', sa.String(length=400), nullable=True))
        batch_op.add_column(sa.Column('totp_last_step', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('failed_attempts', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('locked_until', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('signed_in_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('signed_in_before_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('wants_mail', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_foreign_key(batch_op.f('fk_account_department_id_department'), 'department', ['department_id'], ['id'])



def downgrade() -> None:
    with op.batch_alter_table('account') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_account_department_id_department'), type_='foreignkey')
        batch_op.drop_column('wants_mail')
        batch_op.drop_column('signed_in_before_at')
        batch_op.drop_column('signed_in_at')
        batch_op.drop_column('locked_until')
        batch_op.drop_column('failed_attempts')
        batch_op.drop_column('totp_last_step')
        batch_op.drop_column('totp_secret')
        batch_op.drop_column('department_id')

    with op.batch_alter_table('recheck') as batch_op:
        batch_op.drop_index(batch_op.f('ix_recheck_response_id'))

    op.drop_table('recheck')
    with op.batch_alter_table('case_event') as batch_op:
        batch_op.drop_index('ix_case_event_case_id')

    op.drop_table('case_event')
    with op.batch_alter_table('case_call') as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_call_department_id'))
        batch_op.drop_index(batch_op.f('ix_case_call_case_id'))

    op.drop_table('case_call')
    with op.batch_alter_table('case_file') as batch_op:
        batch_op.drop_index('uq_case_file_theme_of_district', sqlite_where=sa.text("origin = 'theme' AND settled_at IS NULL AND street_id IS NULL"), postgresql_where=sa.text("origin = 'theme' AND settled_at IS NULL AND street_id IS NULL"))
        batch_op.drop_index('uq_case_file_theme_in_street', sqlite_where=sa.text("origin = 'theme' AND settled_at IS NULL"), postgresql_where=sa.text("origin = 'theme' AND settled_at IS NULL"))
        batch_op.drop_index(batch_op.f('ix_case_file_wave_id'))
        batch_op.drop_index('ix_case_file_street_id_state')
        batch_op.drop_index('ix_case_file_department_id_state')

    op.drop_table('case_file')
    with op.batch_alter_table('recovery_code') as batch_op:
        batch_op.drop_index(batch_op.f('ix_recovery_code_account_id'))

    op.drop_table('recovery_code')
    with op.batch_alter_table('office_session') as batch_op:
        batch_op.drop_index(batch_op.f('ix_office_session_account_id'))

    op.drop_table('office_session')
    with op.batch_alter_table('mail_message') as batch_op:
        batch_op.drop_index('ix_mail_message_waiting', sqlite_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_mail_message_account_id'))

    op.drop_table('mail_message')
    op.drop_table('account_invitation')
    op.drop_table('street_condition')
    op.drop_table('reply_template')
