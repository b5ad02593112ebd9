"""What waits at the gate, and what gatekeepers said."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.accounts import Account
from models.tables.posts import Post


class Verdict(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Approval(Base):
    """One revision that was submitted, and the answer. `companies` is whom it was to go to when submitted."""

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("post_id", "revision"), Index(None, "verdict", "id"))

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    revision: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(default=Verdict.WAITING)
    companies: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    submitted_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(default="")

    post: Mapped[Post] = relationship(lazy="raise")
    decided_by: Mapped[Account | None] = relationship(lazy="raise")
