"""Files that came with posts and profiles; the bytes lie in the media directory under a random name."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class MediaKind(StrEnum):
    IMAGE = "image"
    UNKNOWN = "unknown"


class Media(Base):
    """One file. Ours has a `file`; one elsewhere a `remote_url` until a copy was fetched. Its posts: `Attachment`."""

    __tablename__ = "media"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    kind: Mapped[MediaKind] = mapped_column(default=MediaKind.IMAGE)
    media_type: Mapped[str]
    file: Mapped[str | None] = mapped_column(unique=True)
    preview_file: Mapped[str | None] = mapped_column(unique=True)
    remote_url: Mapped[str | None]
    size: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    preview_width: Mapped[int | None]
    preview_height: Mapped[int | None]
    blurhash: Mapped[str | None]
    focus_x: Mapped[float] = mapped_column(default=0.0)
    focus_y: Mapped[float] = mapped_column(default=0.0)
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    posted_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
