"""Whom somebody wants to hear, and what they keep to themselves about others."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.actors import Actor


class Mute(Base):
    """Somebody here hears nothing of somebody, who does not learn of it; for good, or until `ends_at`."""

    __tablename__ = "mutes"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    hides_notifications: Mapped[bool] = mapped_column(default=True)
    ends_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    target: Mapped[Actor] = relationship(lazy="raise")


class HostBlock(Base):
    """Somebody here wants nothing to do with anybody of another server."""

    __tablename__ = "host_blocks"
    __table_args__ = (UniqueConstraint("account_id", "host"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    host: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Note(Base):
    """What somebody here wrote down about somebody; nobody else reads it."""

    __tablename__ = "notes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)
    text: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Endorsement(Base):
    """Somebody shows on their profile that they recommend somebody; it counts as long as they follow them."""

    __tablename__ = "endorsements"
    __table_args__ = (Index(None, "actor_id", "target_id", unique=True),)

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    target: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[target_id])


class Dismissal(Base):
    """Somebody does not want to have somebody suggested again."""

    __tablename__ = "dismissals"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
