"""The journal's rows and how far each consumer has read."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now

_ROWID = BigInteger().with_variant(Integer, "sqlite")


class JournalEntry(Base):
    """Something that happened. `transaction` orders commits on PostgreSQL; 0 on SQLite, where rows commit in order."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "transaction", "id"),)

    id: Mapped[int] = mapped_column(_ROWID, primary_key=True, autoincrement=True)
    transaction: Mapped[int] = mapped_column(BigInteger, default=0)
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=now)


class Cursor(Base):
    """The place of the last entry a consumer has dealt with."""

    __tablename__ = "cursors"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    transaction: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)


class Parked(Base):
    """An entry that a consumer could not deal with; its neighbours went on."""

    __tablename__ = "parked_entries"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    error: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
