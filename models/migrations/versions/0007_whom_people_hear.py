"""Mutes, notes, what somebody is told, and where it is pushed. Only adds: the code before it runs beside it.

The two indexes of notifications are made from what is there; a million of them takes some seconds.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROWID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _hearing()
    _notifications()
    _pushes()


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str = "created_at", *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _MOMENT, nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def _hearing() -> None:
    op.create_table(
        "mutes",
        _id(),
        _number("account_id"),
        _number("target_id"),
        sa.Column("hides_notifications", sa.Boolean(), nullable=False),
        _moment("ends_at", nullable=True),
        _moment(),
        _to("mutes", "account_id", "accounts"),
        _to("mutes", "target_id", "actors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
        sa.UniqueConstraint("account_id", "target_id", name=op.f("uq_mutes_account_id_target_id")),
    )
    op.create_index(op.f("ix_mutes_target_id"), "mutes", ["target_id"])
    op.create_index(op.f("ix_mutes_ends_at"), "mutes", ["ends_at"])
    op.create_table(
        "host_blocks",
        _id(),
        _number("account_id"),
        _text("host"),
        _moment(),
        _to("host_blocks", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_blocks")),
        sa.UniqueConstraint("account_id", "host", name=op.f("uq_host_blocks_account_id_host")),
    )
    op.create_table(
        "notes",
        _number("account_id"),
        _number("target_id"),
        _text("text"),
        _moment("updated_at"),
        _to("notes", "account_id", "accounts"),
        _to("notes", "target_id", "actors"),
        sa.PrimaryKeyConstraint("account_id", "target_id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_target_id"), "notes", ["target_id"])
    op.create_table(
        "endorsements",
        _id(),
        _number("actor_id"),
        _number("target_id"),
        _moment(),
        _to("endorsements", "actor_id", "actors"),
        _to("endorsements", "target_id", "actors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsements")),
    )
    op.create_index(op.f("ix_endorsements_actor_id_target_id"), "endorsements", ["actor_id", "target_id"], unique=True)
    op.create_index(op.f("ix_endorsements_target_id"), "endorsements", ["target_id"])
    op.create_table(
        "dismissals",
        _number("account_id"),
        _number("target_id"),
        _moment(),
        _to("dismissals", "account_id", "accounts"),
        _to("dismissals", "target_id", "actors"),
        sa.PrimaryKeyConstraint("account_id", "target_id", name=op.f("pk_dismissals")),
    )
    op.create_index(op.f("ix_dismissals_target_id"), "dismissals", ["target_id"])
    op.add_column("follows", sa.Column("notifies", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("follows", sa.Column("languages", sa.Text(), nullable=True))
    op.create_index(
        "ix_follows_notifies",
        "follows",
        ["followee_id"],
        sqlite_where=sa.text("notifies = 1"),
        postgresql_where=sa.text("notifies"),
    )


def _notifications() -> None:
    for column in (
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("group_key", sa.Text(), server_default="", nullable=False),
        sa.Column("is_filtered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ):
        op.add_column("notifications", column)
    op.create_index(
        "ix_notifications_together",
        "notifications",
        ["account_id", "group_key", "id"],
        sqlite_where=sa.text("group_key != ''"),
        postgresql_where=sa.text("group_key != ''"),
    )
    op.create_index(
        "ix_notifications_filtered",
        "notifications",
        ["account_id", "from_id"],
        sqlite_where=sa.text("is_filtered = 1"),
        postgresql_where=sa.text("is_filtered"),
    )
    attitudes = ("not_following", "not_followers", "new_accounts", "private_mentions", "limited_accounts")
    op.create_table(
        "notification_policies",
        _number("account_id"),
        *(sa.Column(name, sa.String(24), nullable=False) for name in attitudes),
        _to("notification_policies", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notification_policies")),
    )
    op.create_table(
        "notification_permissions",
        _number("account_id"),
        _number("from_id"),
        _moment(),
        _to("notification_permissions", "account_id", "accounts"),
        _to("notification_permissions", "from_id", "actors"),
        sa.PrimaryKeyConstraint("account_id", "from_id", name=op.f("pk_notification_permissions")),
    )
    op.create_index(op.f("ix_notification_permissions_from_id"), "notification_permissions", ["from_id"])
    op.create_table(
        "severances",
        _id(),
        _number("account_id"),
        _text("host"),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        _number("followers"),
        _number("following"),
        _moment(),
        _to("severances", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_severances")),
    )
    op.create_index(op.f("ix_severances_account_id"), "severances", ["account_id"])


def _pushes() -> None:
    op.create_table(
        "vapid_keys",
        _id(),
        _text("public"),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        _moment(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vapid_keys")),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", _ROWID, autoincrement=True, nullable=False),
        _number("token_id"),
        _number("account_id"),
        _text("endpoint"),
        _text("p256dh"),
        _text("auth"),
        sa.Column("is_standard", sa.Boolean(), nullable=False),
        sa.Column("alerts", sa.JSON(), nullable=False),
        _text("policy"),
        _moment(),
        _to("push_subscriptions", "token_id", "access_tokens"),
        _to("push_subscriptions", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("token_id", name=op.f("uq_push_subscriptions_token_id")),
    )
    op.create_index(op.f("ix_push_subscriptions_account_id"), "push_subscriptions", ["account_id"])
    op.create_table(
        "pushes",
        _id(),
        _number("subscription_id"),
        _number("notification_id"),
        _number("attempts"),
        _moment("next_attempt_at"),
        _moment(),
        _to("pushes", "subscription_id", "push_subscriptions"),
        _to("pushes", "notification_id", "notifications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
    )
    for column in ("subscription_id", "notification_id", "next_attempt_at"):
        op.create_index(op.f(f"ix_pushes_{column}"), "pushes", [column])
