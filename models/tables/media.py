"""Files that came with posts and profiles; the bytes lie in the media directory under a random name."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now, partial_index


class MediaKind(StrEnum):
    """`GIFV` is a picture that moves, kept as a silent video that plays by itself and again."""

    IMAGE = "image"
    GIFV = "gifv"
    VIDEO = "video"
    AUDIO = "audio"
    UNKNOWN = "unknown"

    @property
    def plays(self) -> bool:
        return self in (MediaKind.GIFV, MediaKind.VIDEO, MediaKind.AUDIO)


class MediaState(StrEnum):
    """How far an upload is: a video is looked at after it was taken in."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


class Media(Base):
    """One file. Ours has a `file`; one elsewhere a `remote_url` until a copy was fetched. Its posts: `Attachment`."""

    __tablename__ = "media"
    __table_args__ = (partial_index("ix_media_waiting", "id", where="state = 'waiting'"),)

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    kind: Mapped[MediaKind] = mapped_column(default=MediaKind.IMAGE)
    media_type: Mapped[str]
    file: Mapped[str | None] = mapped_column(unique=True)
    preview_file: Mapped[str | None] = mapped_column(unique=True)
    remote_url: Mapped[str | None]
    remote_preview_url: Mapped[str | None]
    state: Mapped[MediaState] = mapped_column(default=MediaState.READY, server_default="ready")
    raw_file: Mapped[str | None]
    """What was uploaded, until it is worked off; never served."""
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    failure: Mapped[dict[str, Any] | None]
    """`code` and `facts` of the refusal, where there is no file."""
    size: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    preview_width: Mapped[int | None]
    preview_height: Mapped[int | None]
    blurhash: Mapped[str | None]
    duration: Mapped[float | None]
    """Seconds."""
    frame_rate: Mapped[str | None]
    """Frames per second as a fraction, like `30000/1001`."""
    bitrate: Mapped[int | None]
    """Bits per second, everything together."""
    focus_x: Mapped[float] = mapped_column(default=0.0)
    focus_y: Mapped[float] = mapped_column(default=0.0)
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    posted_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
