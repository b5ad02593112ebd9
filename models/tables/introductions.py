"""Who is known through a group alone: people of two companies that trade with a third one and not with each other."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class Card(Base):
    """What an actor elsewhere proved about itself, as it came: a group of ours hands it to the other members' servers.

    `key` is how it is asked for: the SHA-256 of the actor's id, in hex.
    """

    __tablename__ = "cards"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[bytes]
    since: Mapped[datetime] = mapped_column(default=now)


class Introduction(Base):
    """That a group elsewhere told us who somebody is whose own server we cannot ask (B2B-4).

    `body` is the card; `is_proven` says that its owner signed it, otherwise the group alone vouches for it (TRUST-6).
    """

    __tablename__ = "introductions"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True)
    body: Mapped[bytes]
    is_proven: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime] = mapped_column(default=now)
