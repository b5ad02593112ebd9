"""What the house tells all its people."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class Announcement(Base):
    """A text for everybody in the house, shown from `published_at` until `ends_at`.

    `told_at` is when it was announced, `due_at` when the clock looks at it: at its beginning, and again at its end.
    """

    __tablename__ = "announcements"
    __table_args__ = (Index(None, "published_at"),)

    id: Mapped[Id]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    source: Mapped[str]
    html: Mapped[str]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    is_all_day: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    told_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)


class AnnouncementDismissal(Base):
    """That somebody has read an announcement and wants it out of the way."""

    __tablename__ = "announcement_dismissals"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class AnnouncementReaction(Base):
    """A sign that somebody put under an announcement: one emoji, or the shortcode of one of the house."""

    __tablename__ = "announcement_reactions"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=now)
