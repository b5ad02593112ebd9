"""How a group is kept in order: who is out of it, and what stands on top of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.actors import Actor
from models.tables.posts import Post


class Ban(Base):
    """That somebody may not belong to a group, for ever or until `ends_at`. `uri` is the Block on the wire (GRP-12)."""

    __tablename__ = "bans"
    __table_args__ = (UniqueConstraint("group_id", "actor_id"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id", ondelete="SET NULL"))
    uri: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime | None]

    actor: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[actor_id])
    by: Mapped[Actor | None] = relationship(lazy="raise", foreign_keys=[by_id])


class Pin(Base):
    """That a post stands on top of its group's page, and in the group's `featured` collection (GRP-13)."""

    __tablename__ = "pins"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(default=now)

    post: Mapped[Post] = relationship(lazy="raise")
