"""Whether somebody agreed to what another post does with theirs."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.posts import Post


class ConsentKind(StrEnum):
    QUOTE = "quote"
    REPLY = "reply"


class ConsentState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


class Consent(Base):
    """That a post (`uri`) quotes or answers another (`target_uri`), and what the author of that says to it.

    Either post may be one we do not have. `request_uri` is the activity that asked, `stamp_uri` the document by which
    the target's author vouches for the consent; its home is the target's.
    """

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("kind", "uri"), Index(None, "target_id", "kind", "state"))

    id: Mapped[Id]
    kind: Mapped[ConsentKind]
    uri: Mapped[str]
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    target_uri: Mapped[str]
    target_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    state: Mapped[ConsentState] = mapped_column(default=ConsentState.PENDING)
    request_uri: Mapped[str | None] = mapped_column(index=True)
    stamp_uri: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]

    post: Mapped[Post | None] = relationship(lazy="raise", foreign_keys=[post_id])
    target: Mapped[Post | None] = relationship(lazy="raise", foreign_keys=[target_id])
