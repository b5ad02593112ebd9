"""Posts that are to be published later."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class ScheduledPost(Base):
    """What somebody wants to post at `at`. `due_at` is when the clock looks at it; null once it could not be published,
    and then `failure` is the code of the refusal. `draft` is a `Draft` as plain values."""

    __tablename__ = "scheduled_posts"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    draft: Mapped[dict[str, Any]]
    said: Mapped[dict[str, Any]]
    """What the client said in words that a draft does not keep."""
    failure: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ScheduledFile(Base):
    """A file that waits for its post."""

    __tablename__ = "scheduled_files"

    scheduled_id: Mapped[int] = mapped_column(ForeignKey("scheduled_posts.id", ondelete="CASCADE"), primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), primary_key=True, index=True)
