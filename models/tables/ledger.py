"""The register of what left, came in, was held or stopped, and the log of who changed the rules."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now

_ROWID = BigInteger().with_variant(Integer, "sqlite")


class Outcome(StrEnum):
    SENT = "sent"
    HELD = "held"
    RETURNED = "returned"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    RECEIVED = "received"
    REFUSED = "refused"


class LedgerLine(Base):
    """One line; `hash` covers the line and the hash of the line before, so that none can be changed or taken out."""

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(_ROWID, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now)
    outcome: Mapped[Outcome]
    what: Mapped[str]
    object_uri: Mapped[str] = mapped_column(default="")
    post_id: Mapped[int | None] = mapped_column(index=True)
    revision: Mapped[int | None]
    activity_id: Mapped[int | None] = mapped_column(index=True)
    actor: Mapped[str]
    group_id: Mapped[int | None] = mapped_column(index=True)
    hosts: Mapped[list[str]]
    rule: Mapped[str]
    approved_by: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(default="")
    previous: Mapped[str]
    hash: Mapped[str]


class AuditLine(Base):
    """An administrative act, or a decision of the wire about somebody's request (B2B-5); never content."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(_ROWID, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    host: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    rule: Mapped[str] = mapped_column(default="")
    facts: Mapped[dict[str, Any]]
