"""How actors stand to one another, and what they made of posts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now, partial_index
from models.tables.actors import Actor


class Follow(Base):
    """Somebody follows a person; not accepted yet while `accepted_at` is null. `uri` is the Follow's id.

    `notifies`: they want to be told of each post. `languages` are those they want to read, each between commas.
    """

    __tablename__ = "follows"
    __table_args__ = (
        Index(None, "follower_id", "followee_id", unique=True),
        Index(None, "followee_id", "accepted_at"),
        partial_index("ix_follows_notifies", "followee_id", where="notifies = 1", on_postgresql="notifies"),
    )

    id: Mapped[Id]
    follower_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    followee_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    uri: Mapped[str] = mapped_column(index=True)
    shows_boosts: Mapped[bool] = mapped_column(default=True)
    notifies: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    languages: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]

    follower: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[follower_id])
    followee: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[followee_id])


class Like(Base):
    """Thanks for a post."""

    __tablename__ = "likes"
    __table_args__ = (Index(None, "actor_id", "post_id", unique=True), Index(None, "post_id"))

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    uri: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    actor: Mapped[Actor] = relationship(lazy="raise")


class EmojiReaction(Base):
    """A sign that somebody put under a post: one emoji, or `:shortcode:` with the picture it stands for (FEP-c0e0)."""

    __tablename__ = "emoji_reactions"
    __table_args__ = (Index(None, "post_id", "actor_id", "emoji", unique=True),)

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    emoji: Mapped[str]
    picture_url: Mapped[str | None]
    uri: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Featured(Base):
    """That somebody, here or elsewhere, wants a post of theirs on top of their profile."""

    __tablename__ = "featured"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(default=now)


class Bookmark(Base):
    """A post somebody keeps for later; nobody else learns of it."""

    __tablename__ = "bookmarks"
    __table_args__ = (Index(None, "account_id", "post_id", unique=True),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Conversation(Base):
    """How far somebody has read a thread of messages, and up to which message they threw it away.

    `unread_id` is a message that was set back to unread by hand.
    """

    __tablename__ = "conversations"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(primary_key=True)
    read_id: Mapped[int] = mapped_column(default=0)
    hidden_id: Mapped[int] = mapped_column(default=0)
    unread_id: Mapped[int | None]


class ThreadMute(Base):
    """That somebody wants to be told nothing more of a thread; `thread_id` is the id of the post that began it."""

    __tablename__ = "thread_mutes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(default=now)
