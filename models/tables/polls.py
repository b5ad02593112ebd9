"""Polls: what is asked, what may be answered, and who answered."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now


class Poll(Base):
    """A question with answers, as one or more revisions of its post carry it; another set of answers is another poll.

    `voters` counts people, not answers. `due_at` is when the clock has to look at it again: because it ends, or because
    others are to be told new counts, which is when `is_untold`. A poll elsewhere is counted there, and we keep what we
    hear.
    """

    __tablename__ = "polls"

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    is_multiple: Mapped[bool] = mapped_column(default=False)
    hides_totals: Mapped[bool] = mapped_column(default=False)
    voters: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    is_untold: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    options: Mapped[list["PollOption"]] = relationship(lazy="raise", order_by="PollOption.position")

    def is_over(self, at: datetime) -> bool:
        return self.ended_at is not None or (self.ends_at is not None and self.ends_at <= at)


class PollOption(Base):
    """One answer. `name` is how a poll elsewhere spells it, which a vote must repeat exactly; `title` is shown."""

    __tablename__ = "poll_options"

    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    name: Mapped[str]
    votes: Mapped[int] = mapped_column(default=0)


class Vote(Base):
    """That somebody chose an answer. Nobody is ever shown who did; it is kept so that each votes once."""

    __tablename__ = "votes"

    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
