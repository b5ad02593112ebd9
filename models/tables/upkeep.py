"""What is to be put right with groups elsewhere: memberships that differ, posts that were missed."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class Comparison(Base):
    """What a group elsewhere last said about which of ours belong to it, until that was compared (FEP-8fcf, COL-9).

    `url` lists them, `digest` sums them up.
    """

    __tablename__ = "comparisons"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str]
    digest: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now, index=True)
    compared_at: Mapped[datetime | None]


class Backfill(Base):
    """That the history of a group elsewhere is to be read, because somebody of ours joined or one of us was away."""

    __tablename__ = "backfills"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now, index=True)
    done_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)


class ThreadFill(Base):
    """That the answers to a post elsewhere are to be fetched once, because somebody here looked for it."""

    __tablename__ = "thread_fills"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now, index=True)
    done_at: Mapped[datetime | None]
