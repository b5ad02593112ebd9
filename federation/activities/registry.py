"""Which function deals with which type of activity, and what it is given.

Each type has up to two functions. The first gathers: it may use the network, within a budget, and writes nothing of
consequence. The second applies: it runs inside one transaction, touches no network, and says in a few words what came
of it. It raises when nothing came of it.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import members
from federation.remote_posts import Budget, Seen
from federation.vocabulary import Document
from federation.wire import Wire
from models.base import now
from models.received import Claimed
from models.tables import Actor

WAITS_FOR = timedelta(hours=1)


class Ignored(Exception):
    """Nothing is done about it, and nobody is told."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Refused(Exception):
    """A rule says no, which audit log and ledger note; a `group` of ours tells the author so."""

    def __init__(self, rule: str, reason: str, *, object_uri: str = "", group: Actor | None = None) -> None:
        self.rule = rule
        self.reason = reason
        self.object_uri = object_uri
        self.group_id = group.id if group is not None else None  # now: the transaction it came from will be undone
        self.group_uri = group.uri if group is not None else ""
        super().__init__(reason)


class Waiting(Exception):
    """Something is needed that is not here yet; it is tried again, for an hour at most."""


class Incoming(Struct, kw_only=True):
    """An activity that is proved to be `sender`'s own, and what was gathered for it.

    `received_id` is its row in the queue; it is None for what is only known through the object it speaks of, whose
    bytes nobody vouches for and which is therefore never passed on. `via` is the group that announced it. `signed_at`
    is when its actor signed the request that brought it, or the group did. `undone` is what an Undo takes back.
    `is_vouched` says that the group alone says whose it is (TRUST-6).
    `is_by_moderator`: the group that announced it lists the sender among its moderators.

    `consent_id` is what of ours it answers, with the stamp `stamp_uri` if that is a yes. `quoted` is what a post
    quotes, where that had to be fetched, and `is_agreed` that its author agrees (POL-5).

    `in_thread_of` is what an inner post answers by the word of the group, whose own copy it names itself (GRP-16).
    """

    wire: Wire
    document: Document
    type: str
    sender: Actor
    received_at: datetime
    received_id: int | None = None
    signed_at: datetime | None = None
    digest: str = ""
    via: Actor | None = None
    inbox_actor_id: int | None = None
    budget: Budget = field(default_factory=Budget)
    seen: Seen | None = None
    parents: list[Seen] = field(default_factory=list)
    inner: "Incoming | None" = None
    object_is_gone: bool = False
    in_thread_of: str | None = None
    is_by_moderator: bool = False
    is_vouched: bool = False
    consent_id: int | None = None
    stamp_uri: str | None = None
    quoted: Seen | None = None
    is_agreed: bool = False
    undone: Document = field(default_factory=dict)

    @classmethod
    def of_queue(cls, wire: Wire, claimed: Claimed, document: Document, sender: Actor) -> Self:
        """What stands in a row of the queue, proved to be `sender`'s; it goes by the id under which it was stored."""
        return cls(
            wire=wire,
            document={**document, "id": claimed.uri},
            type=claimed.type,
            sender=sender,
            received_at=claimed.received_at,
            received_id=claimed.id,
            signed_at=claimed.signed_at,
            digest=hashlib.sha256(claimed.body).hexdigest(),
            inbox_actor_id=claimed.inbox_actor_id,
        )

    @property
    def id(self) -> str:
        found = self.document.get("id")
        return found if isinstance(found, str) else ""

    @property
    def object(self) -> object:
        return self.document.get("object")

    @property
    def object_id(self) -> str | None:
        return self.address(self.object)

    def address(self, value: Any) -> str | None:
        """The id that a value stands for, if it is one that we would deal with at all (R-20, R-43)."""
        return members.checked_id(value, insecure_hosts=self.wire.insecure_hosts)

    @property
    def may_wait(self) -> bool:
        return now() - self.received_at < WAITS_FOR


Gather = Callable[[Incoming], Awaitable[None]]
Apply = Callable[[AsyncSession, Incoming], Awaitable[str]]
ApplyAll = Callable[[AsyncSession, Sequence[Incoming]], Awaitable[Sequence[str | Exception]]]


IsLight = Callable[[Wire, Document], bool]


class Handler(Struct, frozen=True):
    """`is_light` says of which activities there is nothing to gather, and that `apply` raises before it writes if it
    raises at all: several of those may share a transaction. None: of none.

    `apply_all` does what `apply` does with several light ones that follow one another, in as many statements as with
    one: what came of each, or what `apply` would raise.
    """

    apply: Apply
    gather: Gather | None = None
    is_light: IsLight | None = None
    apply_all: ApplyAll | None = None


HANDLERS: dict[str, Handler] = {}


def receives(
    *types: str,
    gather: Gather | None = None,
    is_light: IsLight | None = None,
    apply_all: ApplyAll | None = None,
) -> Callable[[Apply], Apply]:
    """Register the function that applies activities of these types."""

    def register(apply: Apply) -> Apply:
        for type in types:
            HANDLERS[type] = Handler(apply, gather, is_light, apply_all)
        return apply

    return register


Take = Callable[[AsyncSession, Incoming, str | None], Awaitable[str]]
"""Takes back what `incoming.undone` did to the object of that id, and says what came of it."""


class Undone(Struct, frozen=True):
    apply: Take
    is_passed_on: bool = False


UNDONE: dict[str, Undone] = {}


def undoes(*types: str, is_passed_on: bool = False) -> Callable[[Take], Take]:
    """Register the function that an Undo of activities of these types calls, once it is sure whose they are.

    With `is_passed_on` a group may announce such an Undo.
    """

    def register(apply: Take) -> Take:
        for type in types:
            UNDONE[type] = Undone(apply, is_passed_on)
        return apply

    return register
