"""What pages say of themselves that posts link to."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class LinkCard(Base):
    """A page somebody linked to, asked once for all posts. Without `fetched_at` it was not asked yet, or in vain.

    `next_attempt_at` is when it is asked; null once there is nothing more to ask. `key` is the hash of the address.
    """

    __tablename__ = "link_cards"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(default="")
    author: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str | None]
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    fetched_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
