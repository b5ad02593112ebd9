"""What people do not want to be shown, or not without a warning. Nobody else learns of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now


class FilterAction(StrEnum):
    """What clients do with a post that a filter matches."""

    WARN = "warn"
    HIDE = "hide"
    BLUR = "blur"


class Filter(Base):
    """Words and posts that somebody filters together. `contexts` are the places where clients are to heed it."""

    __tablename__ = "filters"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    contexts: Mapped[list[str]]
    action: Mapped[FilterAction] = mapped_column(default=FilterAction.WARN)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    keywords: Mapped[list["FilterKeyword"]] = relationship(
        lazy="raise", order_by="FilterKeyword.id", back_populates="filter", passive_deletes="all"
    )
    posts: Mapped[list["FilterPost"]] = relationship(
        lazy="raise", order_by="FilterPost.id", back_populates="filter", passive_deletes="all"
    )


class FilterKeyword(Base):
    """A word or phrase of a filter; with `whole_word` it does not match inside longer words."""

    __tablename__ = "filter_keywords"

    id: Mapped[Id]
    filter_id: Mapped[int] = mapped_column(ForeignKey("filters.id", ondelete="CASCADE"), index=True)
    keyword: Mapped[str]
    whole_word: Mapped[bool] = mapped_column(default=True)

    filter: Mapped[Filter] = relationship(lazy="raise", back_populates="keywords")


class FilterPost(Base):
    """A single post that a filter matches, whatever it says."""

    __tablename__ = "filter_posts"
    __table_args__ = (Index(None, "filter_id", "post_id", unique=True),)

    id: Mapped[Id]
    filter_id: Mapped[int] = mapped_column(ForeignKey("filters.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)

    filter: Mapped[Filter] = relationship(lazy="raise", back_populates="posts")
