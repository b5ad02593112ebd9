"""What protects people from people: who wants nothing to do with whom, and what was reported to those in charge."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.accounts import Account
from models.tables.actors import Actor


class Block(Base):
    """Somebody wants nothing to do with somebody, here or elsewhere. `uri` is the activity that said so, if one did."""

    __tablename__ = "blocks"
    __table_args__ = (Index(None, "actor_id", "target_id", unique=True),)

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    uri: Mapped[str] = mapped_column(default="", index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    target: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[target_id])


class ReportReason(StrEnum):
    """Why something is reported, in the words of the client API."""

    SPAM = "spam"
    LEGAL = "legal"
    VIOLATION = "violation"
    OTHER = "other"


class Report(Base):
    """Something that somebody wants those in charge to look at; whom it is about never learns of it.

    `host` is the server it came from, empty for ours. `post_ids` are the posts that we have, `uris` all that it names.
    `keeper_id` is the account of who looks after it.
    """

    __tablename__ = "reports"
    __table_args__ = (Index(None, "dealt_with_at", "id"),)

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id", ondelete="SET NULL"))
    about_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"))
    uri: Mapped[str] = mapped_column(unique=True)
    post_ids: Mapped[list[int]] = mapped_column(default=list)
    uris: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[ReportReason] = mapped_column(default=ReportReason.OTHER)
    text: Mapped[str] = mapped_column(default="")
    is_forwarded: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    dealt_with_at: Mapped[datetime | None]
    dealt_with_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    keeper_id: Mapped[int | None]

    by: Mapped[Actor | None] = relationship(lazy="raise", foreign_keys=[by_id])
    about: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[about_id])
    dealt_with_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[dealt_with_by_id])
    keeper: Mapped[Account | None] = relationship(
        lazy="raise", primaryjoin=lambda: foreign(Report.keeper_id) == Account.id, viewonly=True
    )
