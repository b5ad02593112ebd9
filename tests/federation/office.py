"""What leaves the house for whom, seen at the queue: the journal is read, nothing is sent."""

import json
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from federation import outbox, peers
from federation.keys import KeyRing
from federation.vocabulary import PUBLIC
from models import actors, groups, journal, ledger, partners, received
from models.database import Database
from models.posts import receiving
from models.tables import (
    Access,
    Activity,
    Actor,
    ActorType,
    Delivery,
    DeliveryState,
    Departure,
    Dialect,
    Disclosure,
    Group,
    Membership,
    MemberState,
    Peer,
    Post,
    Reach,
    Visibility,
)
from tests.federation.receiver import SECRET
from tests.world import Outsider, World

BLOG = "blog.localhost:8010"
FORUM = "forum.localhost:8011"


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

    @classmethod
    async def opened(cls, database: Database) -> Self:
        """With everything that happened so far dealt with and forgotten."""
        office = cls(database)
        await office.sends()
        async with database.writing() as session:
            await session.execute(delete(Activity))
        return office

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
            await peers.note_contacts(session, [host])
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


# What a test begins with


async def approved(world: World, text: str = "Out", **more: Any) -> Post:
    """A post of Ada's in the gated group that Grace let out."""
    post = await world.ada.writes(text, group=world.alpine, **more)
    await world.grace.approves(post)
    return post


async def public_group(world: World, *hosts_and_dialects: tuple[str, Dialect | None], office: Office) -> Group:
    """A public group of Ada's with one member at each of some hosts, which speak these dialects."""
    group = await world.ada.founds("market", reach=Reach.PUBLIC, access=Access.OPEN)
    for host, dialect in hosts_and_dialects:
        async with world.database.writing() as session:
            await partners.admit(session, host)
        member = await outsider(world.database, host, "reader")
        await Outsider(world.database, host).joins(group, as_=member)
        if dialect is not None:
            await office.speaks(host, dialect)
    await office.sends()
    return group


async def lines(world: World) -> list[Any]:
    """The ledger, oldest line first."""
    async with world.database.reading() as session:
        return list(await session.scalars(ledger.lines(world.alan.staff).order_by(None).order_by("id")))


async def departures(world: World, post: Post) -> set[tuple[str, int]]:
    """Who has a post, in which revision."""
    async with world.database.reading() as session:
        found = await session.scalars(select(Departure).where(Departure.post_id == post.id))
        return {(one.host, one.revision) for one in found}


async def delivered(world: World) -> None:
    """Let everything that is queued have arrived."""
    async with world.database.writing() as session:
        for row in await session.scalars(select(Delivery).where(Delivery.state == DeliveryState.QUEUED)):
            row.state = DeliveryState.DELIVERED
            row.attempts = 1


async def a_post_from(
    world: World,
    host: str,
    username: str,
    group: Group,
    *,
    uri: str = "1",
    parent: Post | None = None,
    is_public: bool = True,
) -> Post:
    """A post that somebody elsewhere wrote into a group of ours, received and passed on."""
    author = await outsider(world.database, host, username)
    post_uri = f"http://{host}/o/{uri}"
    place = await actor_of(world, group)
    to = [place.uri, PUBLIC if is_public else place.followers_uri]
    activity = {
        "id": f"http://{host}/x/{uri}",
        "type": "Create",
        "actor": author.uri,
        "to": to,
        "object": {"id": post_uri, "type": "Note", "attributedTo": author.uri, "to": to, "content": "Hi", "n": 1.0},
    }
    async with world.database.writing() as session:
        told = receiving.RemotePost(
            uri=post_uri,
            url=None,
            author=await session.get_one(Actor, author.id),
            visibility=Visibility.GROUP,
            html="Hi",
            group=await session.get_one(Group, group.id),
            reply_to_uri=parent.uri if parent is not None else None,
        )
        post = await receiving.receive(session, told)
        assert post is not None
        number = await stored(session, activity)
        journal.record(session, journal.GroupDistributes(group.id, number, post.id))
    return post


async def stored(session: Any, activity: dict[str, Any]) -> int:
    """Keep an activity as received; its number."""
    host = activity["actor"].split("/")[2]
    arrived = received.Arrived(
        uri=activity["id"],
        host=host,
        type=activity["type"],
        actor_uri=activity["actor"],
        body=json.dumps(activity, indent=1).encode(),
    )
    [number] = await received.store(session, [arrived])
    assert number is not None
    return number


async def actor_of(world: World, group: Group) -> Actor:
    async with world.database.reading() as session:
        return await session.get_one(Actor, group.id)
