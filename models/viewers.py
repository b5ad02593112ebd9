"""Who is asking. Every access rule takes one of these and nothing else."""

from dataclasses import dataclass, field

from msgspec import Struct

from models.tables.accounts import Role


class Anonymous(Struct, frozen=True):
    """Somebody outside who shows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A signed-in person of this company; who it is, is said by the ids alone.

    `filter_version` names the state of their filters, 0 where there are none, and `sorts_home` says that their home
    timeline is not the usual one. No access hangs on these.
    """

    account_id: int
    actor_id: int
    username: str
    role: Role = Role.STAFF
    filter_version: int = field(default=0, compare=False)
    sorts_home: bool = field(default=False, compare=False)

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def is_gatekeeper(self) -> bool:
        return self.role is Role.GATEKEEPER


class RemoteViewer(Struct, frozen=True, kw_only=True):
    """Another server, known by a signature that held. `is_admitted` says whether we talk with it at all today.

    `actor_id` is the signer's actor when we know it and it is not merely the server's own.
    """

    host: str
    is_admitted: bool
    actor_id: int | None = None


Viewer = Anonymous | Staff | RemoteViewer
ANONYMOUS = Anonymous()
