"""Web Push: where the apps of people here want to be told, our key for it, and what is on its way."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now

_ROWID = BigInteger().with_variant(Integer, "sqlite")


class VapidKey(Base):
    """The pair by which push services know us (RFC 8292). There is one, number 1; `private` is encrypted."""

    __tablename__ = "vapid_keys"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    public: Mapped[str]
    private: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class PushSubscription(Base):
    """Where one app of somebody wants to be told of what, gone with its token.

    `alerts` are the types of notifications; `policy` says of whom: all, followed, follower or none. `is_standard`: the
    app reads RFC 8291, not the draft before it.
    """

    __tablename__ = "push_subscriptions"

    id: Mapped[int] = mapped_column(_ROWID, primary_key=True, autoincrement=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("access_tokens.id", ondelete="CASCADE"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    auth: Mapped[str]
    is_standard: Mapped[bool]
    alerts: Mapped[list[str]]
    policy: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Push(Base):
    """A notification on its way to an app; the row goes when it arrived, or is given up."""

    __tablename__ = "pushes"

    id: Mapped[Id]
    subscription_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("push_subscriptions.id", ondelete="CASCADE"), index=True
    )
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=now, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
