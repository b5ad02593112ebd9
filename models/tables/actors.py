"""Whoever acts, here or elsewhere: people, groups, services, under one id and one handle."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.media import Media


class ActorType(StrEnum):
    PERSON = "Person"
    GROUP = "Group"
    APPLICATION = "Application"
    SERVICE = "Service"
    ORGANIZATION = "Organization"


class Actor(Base):
    """An ActivityPub actor. `host` is empty for ours; `uri` is its id on the wire and never changes.

    `is_introduced`: groups elsewhere told us of it and its own server was never asked; it has no inbox then.
    """

    __tablename__ = "actors"
    __table_args__ = (
        UniqueConstraint("host", "username_key"),
        Index(None, "username_key"),
    )

    id: Mapped[Id]
    type: Mapped[ActorType]
    host: Mapped[str] = mapped_column(default="")
    username: Mapped[str]
    username_key: Mapped[str]
    uri: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    inbox: Mapped[str]
    shared_inbox: Mapped[str | None]
    outbox: Mapped[str | None]
    followers_uri: Mapped[str | None] = mapped_column(index=True)
    following_uri: Mapped[str | None]
    featured_uri: Mapped[str | None]
    moderators_uri: Mapped[str | None]
    display_name: Mapped[str] = mapped_column(default="")
    about_source: Mapped[str] = mapped_column(default="")
    about_html: Mapped[str] = mapped_column(default="")
    fields: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    avatar_id: Mapped[int | None]
    header_id: Mapped[int | None]
    avatar_url: Mapped[str | None]
    header_url: Mapped[str | None]
    is_locked: Mapped[bool] = mapped_column(default=False)
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_discoverable: Mapped[bool] = mapped_column(default=False)
    is_introduced: Mapped[bool] = mapped_column(default=False, server_default="0")
    emoji: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    also_known_as: Mapped[list[str]] = mapped_column(default=list)
    moved_to: Mapped[str | None]
    moved_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    fetched_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    avatar: Mapped[Media | None] = relationship(
        lazy="raise", primaryjoin=lambda: foreign(Actor.avatar_id) == Media.id, viewonly=True
    )
    header: Mapped[Media | None] = relationship(
        lazy="raise", primaryjoin=lambda: foreign(Actor.header_id) == Media.id, viewonly=True
    )

    @property
    def is_local(self) -> bool:
        return self.host == ""

    @property
    def handle(self) -> str:
        """As Mastodon's `acct`: the bare name here, name@host elsewhere."""
        return self.username if self.is_local else f"{self.username}@{self.host}"

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username

    @property
    def delivery_inbox(self) -> str:
        return self.shared_inbox or self.inbox


class KeyKind(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


class Key(Base):
    """A public key of an actor, for ours with the private half, encrypted. `uri` is the keyId on the wire."""

    __tablename__ = "keys"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), index=True)
    uri: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[KeyKind]
    public: Mapped[str]
    private: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    fetched_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class Disclosure(Base):
    """That an actor's identity left: to one host, or to all (`host` is `*`). Until then nobody outside sees it."""

    __tablename__ = "disclosures"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=now)


EVERYBODY = "*"
