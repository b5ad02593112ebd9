"""OAuth 2: client applications, authorization codes and access tokens. Secrets are stored as hashes only."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now


class Application(Base):
    """A client that asked for credentials (`POST /api/v1/apps`)."""

    __tablename__ = "applications"

    id: Mapped[Id]
    client_id: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes]
    name: Mapped[str]
    website: Mapped[str | None]
    redirect_uris: Mapped[list[str]]
    scopes: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuthorizationCode(Base):
    """A code on its way from the consent page to the client; good once, for a minute (RFC 6749 §4.1.2)."""

    __tablename__ = "authorization_codes"

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str]
    scopes: Mapped[str]
    challenge: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """What a client shows with each request; without `account_id` it speaks for the application alone."""

    __tablename__ = "access_tokens"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    code_id: Mapped[int | None] = mapped_column(ForeignKey("authorization_codes.id", ondelete="SET NULL"))
    scopes: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(lazy="raise")


class IdempotencyKey(Base):
    """That a client's request was answered already, so that its repetition posts nothing (R-63)."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Marker(Base):
    """How far somebody has read in a client's timeline."""

    __tablename__ = "markers"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    timeline: Mapped[str] = mapped_column(primary_key=True)
    last_read_id: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=now)
