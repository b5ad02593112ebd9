"""What a group of ours says itself, because a server shows nothing that a group only passes on."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.posts import Post


class Copy(Base):
    """A post as its group speaks it to microblogs (GRP-16), under an id of its own; see `Agreement.sends_copies`.

    A post has at most one that lives. What those servers have of it stands with the post's departures.
    """

    __tablename__ = "copies"

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    uri: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]

    post: Mapped[Post] = relationship(lazy="raise")
