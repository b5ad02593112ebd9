"""The staff: who may sign in, as what, and the browsers they are signed in with."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.actors import Actor
from models.tables.posts import Visibility


class Role(StrEnum):
    STAFF = "staff"
    GATEKEEPER = "gatekeeper"
    ADMIN = "admin"


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Account(Base):
    """A person of this company who can sign in.

    `filter_version` is another one after every change of their filters, and 0 while these match nothing.
    `sorts_home`: what is in their home timeline is not the usual (`models.sorting`).
    `posts_for`, `posts_sensitive` and `posts_language` are how their posts begin where a client does not say.
    """

    __tablename__ = "accounts"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), unique=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[Role] = mapped_column(default=Role.STAFF)
    locale: Mapped[str] = mapped_column(default="")
    theme: Mapped[Theme] = mapped_column(default=Theme.SYSTEM)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    filter_version: Mapped[int] = mapped_column(default=0, server_default="0")
    sorts_home: Mapped[bool] = mapped_column(default=False, server_default="0")
    posts_for: Mapped[Visibility | None]
    posts_sensitive: Mapped[bool] = mapped_column(default=False, server_default="0")
    posts_language: Mapped[str] = mapped_column(default="", server_default="")

    actor: Mapped[Actor] = relationship(lazy="raise")


class SignIn(Base):
    """A browser in which somebody is signed in; the cookie holds the token, the row only its hash."""

    __tablename__ = "sign_ins"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    browser: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
