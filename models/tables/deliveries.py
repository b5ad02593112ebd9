"""The queues of the wire: activities on their way out, and those that came in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now


class Activity(Base):
    """An activity of ours, its bytes kept once for all who get it."""

    __tablename__ = "activities"

    id: Mapped[Id]
    uri: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"), index=True)
    object_uri: Mapped[str] = mapped_column(default="", index=True)
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class DeliveryState(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Delivery(Base):
    """One activity for one inbox. `next_attempt_at` moves on before each request: a crash cannot hammer a peer.

    `turned_at` is when it was given up, or since when it waits again because somebody took it up.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("activity_id", "inbox"),
        Index(None, "state", "host", "id"),
        Index(None, "state", "next_attempt_at"),
    )

    id: Mapped[Id]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"))
    inbox: Mapped[str]
    host: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=now)
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    delivered_at: Mapped[datetime | None]
    turned_at: Mapped[datetime | None]

    activity: Mapped[Activity] = relationship(lazy="raise")


class ReceivedState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    IGNORED = "ignored"
    REFUSED = "refused"
    PARKED = "parked"


class Received(Base):
    """An activity from elsewhere, as it came; its bytes serve forwarding and the group's Announce (GEN-5)."""

    __tablename__ = "received"
    __table_args__ = (UniqueConstraint("host", "uri"), Index(None, "state", "next_attempt_at"))

    id: Mapped[Id]
    uri: Mapped[str]
    host: Mapped[str]
    type: Mapped[str]
    actor_uri: Mapped[str]
    inbox_actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id", ondelete="SET NULL"))
    body: Mapped[bytes]
    state: Mapped[ReceivedState] = mapped_column(default=ReceivedState.WAITING)
    outcome: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=now)
    received_at: Mapped[datetime] = mapped_column(default=now)
    signed_at: Mapped[datetime | None]


class Ended(StrEnum):
    """How something elsewhere ended: deleted, ended before it ever came, or done and taken back."""

    DELETED = "deleted"
    EARLY = "early"
    UNDONE = "undone"


class Tombstone(Base):
    """An id elsewhere of something that is over: what comes under it has no effect (R-61). See `models.tombstones`."""

    __tablename__ = "tombstones"

    uri: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    ended: Mapped[Ended] = mapped_column(default=Ended.DELETED, server_default=Ended.DELETED)
