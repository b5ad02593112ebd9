"""Lists and hashtags by which people sort what they read. Nobody else learns of lists and of what somebody follows."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class RepliesPolicy(StrEnum):
    """Which answers of those in a list belong to it: to anybody one follows, to others in it, or none."""

    FOLLOWED = "followed"
    LIST = "list"
    NONE = "none"


class OwnList(Base):
    """People and groups that somebody reads together; `is_exclusive` takes them out of the home timeline."""

    __tablename__ = "lists"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    replies_policy: Mapped[RepliesPolicy] = mapped_column(default=RepliesPolicy.LIST)
    is_exclusive: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ListMember(Base):
    """That somebody, or a group, is in a list."""

    __tablename__ = "list_members"
    __table_args__ = (Index(None, "list_id", "actor_id", unique=True),)

    id: Mapped[Id]
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)


class FollowedTag(Base):
    """That somebody wants what carries a hashtag in their home timeline; `name` is folded."""

    __tablename__ = "followed_tags"
    __table_args__ = (Index(None, "account_id", "name", unique=True),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class FeaturedTag(Base):
    """A hashtag that somebody shows on their profile; `name` is folded."""

    __tablename__ = "featured_tags"
    __table_args__ = (Index(None, "actor_id", "name", unique=True),)

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
