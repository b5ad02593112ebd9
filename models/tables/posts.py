"""Posts, their revisions, and whom they name or reach."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now, partial_index
from models.tables.actors import Actor
from models.tables.groups import Group, Reach
from models.tables.media import Media


class Visibility(StrEnum):
    """For whom a post was written; together with its reach it decides who sees it."""

    COMPANY = "company"
    GROUP = "group"
    DIRECT = "direct"
    FOLLOWERS = "followers"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class PostKind(StrEnum):
    NOTE = "note"
    ARTICLE = "article"
    QUESTION = "question"


class Post(Base):
    """A post as the house sees it now. Outside only `published_revision` is ever shown, and nothing while it is null.

    `interaction` says what others may do with it where that is not the usual (`models.interactions`).

    A boost is a post with `boost_of_id` and no text of its own. `is_vouched`: whose it is, its group alone says
    (TRUST-6).
    """

    __tablename__ = "posts"
    __table_args__ = (
        # with all that the policy asks of most posts, and no more: accounts say how many somebody wrote, or a group has
        Index(
            "ix_posts_of_author",
            *("author_id", "id", "visibility", "group_id", "boost_of_id", "deleted_at", "removed_at", "created_at"),
        ),
        Index(
            "ix_posts_of_group",
            *("group_id", "id", "visibility", "author_id", "boost_of_id", "deleted_at", "removed_at", "created_at"),
        ),
        Index(None, "thread_id", "id"),
        Index(None, "visibility", "id"),
        # without the many that are no boost and no answer: nobody looks for all of those by an index
        partial_index(None, "boost_of_id", where="boost_of_id IS NOT NULL"),
        partial_index(None, "reply_to_id", where="reply_to_id IS NOT NULL"),
    )

    id: Mapped[Id]
    uri: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str | None]
    is_local: Mapped[bool] = mapped_column(default=True)
    is_vouched: Mapped[bool] = mapped_column(default=False, server_default="0")
    author_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    kind: Mapped[PostKind] = mapped_column(default=PostKind.NOTE)
    visibility: Mapped[Visibility]
    reach: Mapped[Reach] = mapped_column(default=Reach.INTERNAL)
    title: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    warning: Mapped[str] = mapped_column(default="")
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    published_revision: Mapped[int | None]
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"))
    reply_to_uri: Mapped[str | None]
    thread_id: Mapped[int | None]
    context_uri: Mapped[str | None]
    boost_of_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    interaction: Mapped[str | None]
    emoji: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    distributed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None]
    removal_reason: Mapped[str] = mapped_column(default="", server_default="")
    locked_at: Mapped[datetime | None]

    author: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[author_id])
    group: Mapped[Group | None] = relationship(lazy="raise", foreign_keys=[group_id])
    boost_of: Mapped["Post | None"] = relationship(lazy="raise", foreign_keys=[boost_of_id], remote_side="Post.id")
    reply_to: Mapped["Post | None"] = relationship(lazy="raise", foreign_keys=[reply_to_id], remote_side="Post.id")


class Revision(Base):
    """What a post said at one time. Approval binds one of these, and partners keep the one approved last."""

    __tablename__ = "revisions"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    warning: Mapped[str] = mapped_column(default="")
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None]
    poll_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Attachment(Base):
    """A file's place in one revision of a post, with the alternative text it had then."""

    __tablename__ = "attachments"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), index=True)
    description: Mapped[str] = mapped_column(default="")

    media: Mapped[Media] = relationship(lazy="raise")


class Mention(Base):
    """That a post names somebody."""

    __tablename__ = "mentions"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)

    actor: Mapped[Actor] = relationship(lazy="raise")


class Recipient(Base):
    """That a post is for somebody by name: direct messages, and followers-only posts from elsewhere (ADR-7)."""

    __tablename__ = "recipients"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)


class PostTag(Base):
    """That a post carries a hashtag; `name` is folded, `shown` as written."""

    __tablename__ = "post_tags"
    __table_args__ = (Index(None, "name", "post_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[str]


class Departure(Base):
    """That a post went to an inbox elsewhere: who must hear of edits and of its withdrawal."""

    __tablename__ = "departures"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    inbox: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(default=1)
    is_copy: Mapped[bool] = mapped_column(default=False, server_default="0")
    since: Mapped[datetime] = mapped_column(default=now)
