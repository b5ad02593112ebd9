"""Posts for later, announcements, texts of the house, emoji of its own, and threads nobody wants to hear of.

Only adds: the code before it runs beside the new tables and columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _scheduled_posts()
    _thread_mutes()
    _announcements()
    _house_texts()
    with op.batch_alter_table("emoji") as emoji:
        emoji.add_column(sa.Column("file", sa.Text(), nullable=True))
        emoji.add_column(sa.Column("media_type", sa.Text(), nullable=True))
        emoji.add_column(sa.Column("category", sa.Text(), nullable=True))
        emoji.add_column(sa.Column("is_listed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        emoji.create_unique_constraint("uq_emoji_file", ["file"])


def _scheduled_posts() -> None:
    op.create_table(
        "scheduled_posts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=True),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_scheduled_posts_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_posts")),
    )
    op.create_index("ix_scheduled_posts_account_id_id", "scheduled_posts", ["account_id", "id"])
    op.create_index("ix_scheduled_posts_due_at", "scheduled_posts", ["due_at"])
    op.create_table(
        "scheduled_files",
        sa.Column("scheduled_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scheduled_id"],
            ["scheduled_posts.id"],
            name=op.f("fk_scheduled_files_scheduled_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_scheduled_files_media_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scheduled_id", "media_id", name=op.f("pk_scheduled_files")),
    )
    op.create_index("ix_scheduled_files_media_id", "scheduled_files", ["media_id"])


def _thread_mutes() -> None:
    op.create_table(
        "thread_mutes",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_thread_mutes_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "thread_id", name=op.f("pk_thread_mutes")),
    )
    op.create_index("ix_thread_mutes_thread_id", "thread_mutes", ["thread_id"])


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=True),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("is_all_day", sa.Boolean(), nullable=False),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
        sa.Column("due_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_announcements_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_published_at", "announcements", ["published_at"])
    op.create_index("ix_announcements_due_at", "announcements", ["due_at"])
    op.create_table(
        "announcement_dismissals",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_announcement_dismissals_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_announcement_dismissals_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "announcement_id", name=op.f("pk_announcement_dismissals")),
    )
    op.create_index("ix_announcement_dismissals_announcement_id", "announcement_dismissals", ["announcement_id"])
    op.create_table(
        "announcement_reactions",
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_announcement_reactions_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_announcement_reactions_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("announcement_id", "account_id", "name", name=op.f("pk_announcement_reactions")),
    )
    op.create_index("ix_announcement_reactions_account_id", "announcement_reactions", ["account_id"])


def _house_texts() -> None:
    op.create_table(
        "house_texts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_house_texts_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_texts")),
    )
    op.create_index("ix_house_texts_name_id", "house_texts", ["name", "id"])
