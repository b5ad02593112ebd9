"""That deliveries are halted: while one of these has no end, nothing is sent to anybody."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now, partial_index


class HaltReason(StrEnum):
    """Why: an admin wished it; this database is a backup; its server has sent more than it knows of."""

    ADMIN = "admin"
    BACKUP = "backup"
    OUTDATED = "outdated"


class Halt(Base):
    """One halt, from when to when."""

    __tablename__ = "halts"
    __table_args__ = (partial_index("ix_halts_in_force", "id", where="ended_at IS NULL"),)

    id: Mapped[Id]
    reason: Mapped[HaltReason]
    began_at: Mapped[datetime] = mapped_column(default=now)
    began_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
