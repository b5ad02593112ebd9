"""What somebody should know about."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
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
    APPROVAL_ASKED = "approval_asked"
    APPROVED = "approved"
    RETURNED = "returned"
    INVITED = "invited"
    REPORT = "admin.report"
    REMOVED = "removed"
    RESTORED = "restored"
    BANNED = "banned"


class Notification(Base):
    """One thing somebody did that concerns somebody. `key` makes a second telling of the same thing silent."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "account_id", "id"), Index(None, "account_id", "key", unique=True))

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    type: Mapped[NotificationType]
    from_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]

    by: Mapped[Actor] = relationship(lazy="raise")
    post: Mapped[Post | None] = relationship(lazy="raise")
