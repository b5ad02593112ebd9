"""What somebody should know about."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now, partial_index
from models.tables.actors import Actor
from models.tables.posts import Post


class NotificationType(StrEnum):
    MENTION = "mention"
    FAVOURITE = "favourite"
    REBLOG = "reblog"
    FOLLOW = "follow"
    FOLLOW_REQUEST = "follow_request"
    STATUS = "status"
    UPDATE = "update"
    POLL = "poll"
    QUOTE = "quote"
    QUOTED_UPDATE = "quoted_update"
    SEVERED = "severed_relationships"
    APPROVAL_ASKED = "approval_asked"
    APPROVED = "approved"
    RETURNED = "returned"
    INVITED = "invited"
    REPORT = "admin.report"
    REMOVED = "removed"
    RESTORED = "restored"
    BANNED = "banned"
    NOT_PUBLISHED = "not_published"


class Notification(Base):
    """One thing somebody did that concerns somebody. `key` makes a second telling of the same thing silent.

    `group_key` is what it is shown together with, empty when it stands alone; `subject_id` the report or the severance
    it is about. `is_filtered`: it waits until its person lets in whom it comes from.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "account_id", "key", unique=True),
        partial_index("ix_notifications_together", "account_id", "group_key", "id", where="group_key != ''"),
        partial_index(
            "ix_notifications_filtered", "account_id", "from_id", where="is_filtered = 1", on_postgresql="is_filtered"
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    type: Mapped[NotificationType]
    from_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    subject_id: Mapped[int | None]
    key: Mapped[str]
    group_key: Mapped[str] = mapped_column(default="", server_default="")
    is_filtered: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]

    by: Mapped[Actor] = relationship(lazy="raise")
    post: Mapped[Post | None] = relationship(lazy="raise")


class Attitude(StrEnum):
    """What becomes of notifications of one sort: told, kept apart until their sender is let in, or not told at all."""

    ACCEPT = "accept"
    FILTER = "filter"
    DROP = "drop"


class NotificationPolicy(Base):
    """Whose notifications somebody wants only after asking, or not at all. Without a row all are told."""

    __tablename__ = "notification_policies"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    not_following: Mapped[Attitude] = mapped_column(default=Attitude.ACCEPT)
    not_followers: Mapped[Attitude] = mapped_column(default=Attitude.ACCEPT)
    new_accounts: Mapped[Attitude] = mapped_column(default=Attitude.ACCEPT)
    private_mentions: Mapped[Attitude] = mapped_column(default=Attitude.ACCEPT)
    limited_accounts: Mapped[Attitude] = mapped_column(default=Attitude.ACCEPT)


class NotificationPermission(Base):
    """Somebody let in somebody whose notifications had been filtered."""

    __tablename__ = "notification_permissions"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Severance(Base):
    """That somebody lost followers, or whom they followed, because a server was blocked: by them, or for the house."""

    __tablename__ = "severances"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    host: Mapped[str]
    is_own: Mapped[bool]
    followers: Mapped[int]
    following: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
