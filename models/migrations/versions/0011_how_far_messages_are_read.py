"""How far messages are read, and how somebody's posts begin. Only adds: the code before it runs beside it.

What was written until now counts as read; whoever has a hundred thousand messages waits some seconds for that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_READ = """
INSERT INTO conversations (account_id, thread_id, read_id, hidden_id)
SELECT accounts.id, posts.thread_id, max(posts.id), 0
FROM posts JOIN recipients ON recipients.post_id = posts.id JOIN accounts ON accounts.actor_id = recipients.actor_id
WHERE posts.visibility = 'direct' AND posts.thread_id IS NOT NULL
GROUP BY accounts.id, posts.thread_id
"""


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("read_id", sa.BigInteger(), nullable=False),
        sa.Column("hidden_id", sa.BigInteger(), nullable=False),
        sa.Column("unread_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_conversations_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "thread_id", name=op.f("pk_conversations")),
    )
    op.execute(_READ)
    op.add_column("accounts", sa.Column("posts_for", sa.String(24), nullable=True))
    op.add_column(
        "accounts", sa.Column("posts_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("accounts", sa.Column("posts_language", sa.Text(), server_default="", nullable=False))
