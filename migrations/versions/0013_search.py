"""Let the offices search what residents said: the words of comments, and an index over them."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

# The words are what the index holds, so it keeps no copy of them and no positions. Whoever makes
# comment_words anew makes the triggers anew as well. "ascii" takes whatever is not ASCII as part of
# a token, of which tables of Unicode that are older than a character would know nothing.
SQLITE = (
    "CREATE VIRTUAL TABLE comment_words_search USING fts5(tokens, content='comment_words', "
    "content_rowid='comment_id', detail=none, columnsize=0, tokenize='ascii')",
    "CREATE TRIGGER comment_words_in AFTER INSERT ON comment_words BEGIN "
    "INSERT INTO comment_words_search(rowid, tokens) VALUES (new.comment_id, new.tokens); END",
    "CREATE TRIGGER comment_words_out AFTER DELETE ON comment_words BEGIN "
    "INSERT INTO comment_words_search(comment_words_search, rowid, tokens) "
    "VALUES ('delete', old.comment_id, old.tokens); END",
    "CREATE TRIGGER comment_words_changed AFTER UPDATE ON comment_words BEGIN "
    "INSERT INTO comment_words_search(comment_words_search, rowid, tokens) "
    "VALUES ('delete', old.comment_id, old.tokens); "
    "INSERT INTO comment_words_search(rowid, tokens) VALUES (new.comment_id, new.tokens); END",
)
# Stored: where many comments have a token the rows are read without the index, and must not be cut
# anew for each search.
POSTGRESQL = (
    "ALTER TABLE comment_words ADD COLUMN comment_words_search tsvector "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(tokens, ' '))) STORED",
    "CREATE INDEX comment_words_search ON comment_words USING gin (comment_words_search)",
)


def upgrade() -> None:
    op.create_table('comment_words',
    sa.Column('comment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('tokens', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_words_comment_id_comment')),
    sa.PrimaryKeyConstraint('comment_id', name=op.f('pk_comment_words'))
    )
    for statement in SQLITE if op.get_bind().dialect.name == 'sqlite' else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    # With the table go its triggers and, on PostgreSQL, its index.
    op.drop_table('comment_words')
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TABLE comment_words_search')
