"""What leaves the house for whom, seen at the queue: the journal is read, nothing is sent."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from federation import outbox, peers
from federation.keys import KeyRing
from models import actors, groups
from models.database import Database
from models.tables import (
    Activity,
    Actor,
    ActorType,
    Delivery,
    DeliveryState,
    Dialect,
    Disclosure,
    Group,
    Membership,
    MemberState,
    Peer,
)
from tests.federation.receiver import SECRET


@dataclass(frozen=True, slots=True)
class Sent:
    """An activity for one inbox."""

    host: str
    inbox: str
    what: str
    body: bytes
    number: int

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def form(self) -> str:
        """`Create`, `Announce{Create}`, `Announce{id}`, …"""
        outer = self.document
        if outer["type"] not in ("Announce", "Undo", "Accept", "Reject"):
            return str(outer["type"])
        inner = outer["object"]
        return f"{outer['type']}{{{inner['type'] if isinstance(inner, dict) else 'id'}}}"


@dataclass(slots=True)
class Office:
    database: Database
    _seen: set[int] = field(default_factory=set)

    async def sends(self) -> list[Sent]:
        """What was queued since the last time, in order."""
        await outbox.consumer(KeyRing(SECRET)).catch_up(self.database)
        async with self.database.reading() as session:
            rows = await session.scalars(
                select(Delivery)
                .where(Delivery.state == DeliveryState.QUEUED)
                .options(joinedload(Delivery.activity))
                .order_by(Delivery.id)
            )
            found = [
                Sent(row.host, row.inbox, row.activity.type, row.activity.body, row.id)
                for row in rows
                if row.id not in self._seen
            ]
        self._seen |= {one.number for one in found}
        return found

    async def forms(self) -> list[tuple[str, str]]:
        """The same as pairs of host and form."""
        return [(one.host, one.form) for one in await self.sends()]

    async def queue(self) -> list[tuple[str, str, DeliveryState]]:
        """Everything in the queue, as host, type and state."""
        async with self.database.reading() as session:
            rows = await session.scalars(select(Delivery).options(joinedload(Delivery.activity)).order_by(Delivery.id))
            return [(row.host, row.activity.type, row.state) for row in rows]

    async def activities(self) -> list[Activity]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Activity).order_by(Activity.id)))

    async def knows(self, actor_id: int) -> set[str]:
        """The hosts that were told of an actor."""
        async with self.database.reading() as session:
            return set(await session.scalars(select(Disclosure.host).where(Disclosure.actor_id == actor_id)))

    async def speaks(self, host: str, dialect: Dialect) -> None:
        """Let a host have a dialect."""
        async with self.database.writing() as session:
            await peers.note_contact(session, host)
            (await session.get_one(Peer, host)).dialect = dialect


async def outsider(database: Database, host: str, username: str, *, shared: bool = True, **more: Any) -> Actor:
    """Somebody elsewhere, known here."""
    base = f"http://{host}/u/{username}"
    told: dict[str, Any] = {
        "uri": base,
        "type": ActorType.PERSON,
        "host": host,
        "username": username,
        "url": base,
        "inbox": f"{base}/inbox",
        "shared_inbox": f"http://{host}/inbox" if shared else None,
        "followers_uri": f"{base}/followers",
        **more,
    }
    async with database.writing() as session:
        return await actors.keep(session, actors.RemoteActor(**told))


async def group_elsewhere(database: Database, host: str, username: str, *members: int, is_locked: bool = True) -> Group:
    """A group elsewhere, of which some of ours are members."""
    actor = await outsider(database, host, username, type=ActorType.GROUP, is_locked=is_locked)
    async with database.writing() as session:
        group = await groups.keep_mirror(session, await session.get_one(Actor, actor.id))
        for member in members:
            session.add(Membership(group_id=group.id, actor_id=member, state=MemberState.MEMBER))
        return group
