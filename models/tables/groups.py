"""Groups and who belongs to them. A group is an actor; its row here says how far its posts may go."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Id, now
from models.tables.actors import Actor


class Reach(StrEnum):
    """How far a thing may go: this company, the companies named in agreements, everybody."""

    INTERNAL = "internal"
    PARTNERS = "partners"
    PUBLIC = "public"

    @property
    def width(self) -> int:
        """What reaches are compared by: they stand here from the narrowest on."""
        return _NARROWEST_FIRST.index(self)

    def narrowed(self, other: "Reach") -> "Reach":
        """The one of the two that goes less far."""
        return min(self, other, key=_NARROWEST_FIRST.index)


_NARROWEST_FIRST = tuple(Reach)


class Access(StrEnum):
    """Who in the house reads a group: everybody, or its members only."""

    OPEN = "open"
    CLOSED = "closed"


class Group(Base):
    """A group of ours, or our mirror of one elsewhere (its actor has a host then). Its id is its actor's.

    `asks_first`: people elsewhere wait until the owner lets them in. `vouches`: the group answers for what members
    elsewhere wrote and did not sign themselves (TRUST-6).
    """

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(default="")
    reach: Mapped[Reach] = mapped_column(default=Reach.INTERNAL)
    access: Mapped[Access] = mapped_column(default=Access.OPEN)
    is_gated: Mapped[bool] = mapped_column(default=False)
    vouches: Mapped[bool] = mapped_column(default=False, server_default="0")
    asks_first: Mapped[bool] = mapped_column(default=False, server_default="0")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    archived_at: Mapped[datetime | None]

    actor: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[id])
    owner: Mapped[Actor | None] = relationship(lazy="raise", foreign_keys=[owner_id], viewonly=True)


class MemberRole(StrEnum):
    MEMBER = "member"
    GATEKEEPER = "gatekeeper"
    MODERATOR = "moderator"
    OWNER = "owner"


class MemberState(StrEnum):
    INVITED = "invited"
    ASKED = "asked"
    MEMBER = "member"
    REFUSED = "refused"


class Membership(Base):
    """An actor in a group, or on the way in. For actors elsewhere it is their Follow; `uri` is that activity's id."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("group_id", "actor_id"),
        Index(None, "actor_id", "state"),
        Index(None, "group_id", "host", "state"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id", ondelete="CASCADE"))
    host: Mapped[str] = mapped_column(default="")
    role: Mapped[MemberRole] = mapped_column(default=MemberRole.MEMBER)
    state: Mapped[MemberState] = mapped_column(default=MemberState.MEMBER)
    uri: Mapped[str | None]
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    since: Mapped[datetime] = mapped_column(default=now)

    actor: Mapped[Actor] = relationship(lazy="raise", foreign_keys=[actor_id])
    group: Mapped[Group] = relationship(lazy="raise")
