"""The companies we trade with, what was agreed with each, and what we know of every server we ever spoke to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.groups import Group


class PartnerState(StrEnum):
    ADMITTED = "admitted"
    SUSPENDED = "suspended"


class Level(StrEnum):
    """What a partner's people may do in a group of ours."""

    READ = "read"
    COMMENT = "comment"
    POST = "post"


class Partner(Base):
    """A company whose server may talk with ours. Its host is written as in handles, with a port if it has one.

    `contact` is whom to reach there, `note` what was agreed on paper; both are for admins (B2B-1). `sends_files`:
    pictures are fetched from its server to be shown here.
    """

    __tablename__ = "partners"

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    state: Mapped[PartnerState] = mapped_column(default=PartnerState.ADMITTED)
    since: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    contact: Mapped[str] = mapped_column(default="", server_default="")
    note: Mapped[str] = mapped_column(default="", server_default="")
    sends_files: Mapped[bool] = mapped_column(default=True, server_default=text("true"))

    agreements: Mapped[list["Agreement"]] = relationship(lazy="raise", back_populates="partner")

    @property
    def shown_name(self) -> str:
        return self.name or self.host


class Agreement(Base):
    """That a partner may take part in one group of ours.

    `sends_copies`: its server shows nothing that a group only passes on, so the group speaks itself there (GRP-16).
    """

    __tablename__ = "agreements"

    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[Level] = mapped_column(default=Level.READ)
    sends_copies: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    since: Mapped[datetime] = mapped_column(default=now)

    partner: Mapped[Partner] = relationship(lazy="raise", back_populates="agreements")
    group: Mapped[Group] = relationship(lazy="raise")


class Dialect(StrEnum):
    """Which form of group post a server understands (GRP-8a)."""

    UNKNOWN = "unknown"
    FORUM = "forum"
    MICROBLOG = "microblog"
    MIXED = "mixed"


class Peer(Base):
    """A server we have met: how it speaks, and how our deliveries to it fare.

    `signature_form` is the form of signature that it took last (SIG-24): `cavage` or `rfc9421`. `failures` in a row
    since `failing_since` open its circuit, which holds its queue until `held_until` (`models.breakers`); `gone_at` is
    when it said that it is no more. `latency` is the moving mean of its answers, in seconds.
    """

    __tablename__ = "peers"

    host: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    software: Mapped[str] = mapped_column(default="")
    software_version: Mapped[str] = mapped_column(default="")
    dialect: Mapped[Dialect] = mapped_column(default=Dialect.UNKNOWN)
    shared_inbox: Mapped[str | None]
    signature_form: Mapped[str | None]
    signature_form_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    failing_since: Mapped[datetime | None]
    held_until: Mapped[datetime | None] = mapped_column(index=True)
    gone_at: Mapped[datetime | None]
    latency: Mapped[float | None]
