"""People known through a group alone: the cards that groups of ours hand out, and whom groups elsewhere introduced.

Two partners of a third company need not trade with each other. What one of them writes into the group reaches the other
through the group, with the author's card; nobody ever asks the author's server. Such a person exists here inside that
group only: `policy` leaves them out everywhere else.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.base import new_id, now
from models.errors import Conflict
from models.tables import Actor, ActorType, Card, Group, Introduction, Key
from models.text.clean import fold_username, shorten_text
from models.viewers import RemoteViewer

_NAME = 100


class KnownOtherwise(Conflict):
    """This person is known from their own server, and no group speaks for them."""

    code = "known_otherwise"


def key_of(uri: str) -> str:
    """How the card of the actor with that id is asked for."""
    return hashlib.sha256(uri.encode()).hexdigest()


# Ours


async def keep_card(session: AsyncSession, actor: Actor, body: bytes | None) -> None:
    """Keep what an actor elsewhere proved about itself; None when its newest document says nothing of that.

    An older card stays good as long as the actor lists its keys.
    """
    found = await session.get(Card, actor.id)
    if body is None:
        if found is not None and not _keys_in(found.body) <= await _keys_of(session, actor):
            await session.delete(found)
        return
    if found is None:
        found = Card(actor_id=actor.id, key=key_of(actor.uri))
        session.add(found)
    if found.body != body:
        found.body = body
        found.since = now()


def _keys_in(body: bytes) -> set[str]:
    listed = msgspec.json.decode(body).get("assertionMethod")
    return {str(key.get("id")) for key in listed if isinstance(key, dict)} if isinstance(listed, list) else set()


async def _keys_of(session: AsyncSession, actor: Actor) -> set[str]:
    return set(await session.scalars(select(Key.uri).where(Key.actor_id == actor.id, Key.retired_at.is_(None))))


class Member(Struct, frozen=True):
    """Somebody elsewhere who did something in a group of ours; `card` is what they proved, `keys` what they list."""

    actor: Actor
    card: bytes | None
    keys: Sequence[Key]


async def member(session: AsyncSession, viewer: RemoteViewer, group: Group, key: str) -> Member | None:
    """Whose card `viewer` asks a group of ours for; None for anybody whose words the group did not pass on to it."""
    known = await session.execute(policy.introducible_actors(viewer, group).with_only_columns(Actor.id, Actor.uri))
    actor_id = next((number for number, uri in known if key_of(uri) == key), None)
    if actor_id is None:
        return None
    actor = await session.get_one(Actor, actor_id)
    card = await session.get(Card, actor.id)
    keys = select(Key).where(Key.actor_id == actor.id, Key.retired_at.is_(None)).order_by(Key.uri)
    return Member(actor, card.body if card is not None else None, (await session.scalars(keys)).all())


# Theirs


class Introduced(Struct, frozen=True, kw_only=True):
    """What a group elsewhere says of somebody; cleaned by the wire."""

    uri: str
    host: str
    username: str
    display_name: str
    body: bytes
    is_proven: bool


async def introduce(session: AsyncSession, group_id: int, told: Introduced) -> Actor:
    """Keep whom a group elsewhere introduced. Raises KnownOtherwise."""
    actor = await session.scalar(select(Actor).where(Actor.uri == told.uri))
    if actor is not None and not actor.is_introduced:
        raise KnownOtherwise(uri=told.uri)
    if actor is None:
        number, key = new_id(), fold_username(told.username)
        taken = select(Actor.id).where(Actor.host == told.host, Actor.username_key == key)
        if await session.scalar(taken) is not None:
            key = f"{key}#{number}"
        actor = Actor(
            id=number,
            type=ActorType.PERSON,
            uri=told.uri,
            host=told.host,
            username_key=key,
            url=told.uri,
            inbox="",
            is_introduced=True,
        )
        session.add(actor)
    actor.username = shorten_text(told.username, limit=128)
    actor.display_name = shorten_text(told.display_name, limit=_NAME)
    actor.updated_at = now()
    actor.version = (actor.version or 0) + 1
    await session.flush()
    found = await session.get(Introduction, (actor.id, group_id))
    if found is None:
        found = Introduction(actor_id=actor.id, group_id=group_id)
        session.add(found)
    found.body, found.is_proven, found.since = told.body, told.is_proven, now()
    await session.flush()
    return actor


async def of_actor(session: AsyncSession, uri: str) -> tuple[Actor | None, Sequence[Introduction]]:
    """An actor elsewhere by its id, and by which groups it was introduced; proven cards first."""
    actor = await session.scalar(select(Actor).where(Actor.uri == uri, Actor.deleted_at.is_(None)))
    if actor is None:
        return None, ()
    found = select(Introduction).where(Introduction.actor_id == actor.id)
    return actor, (await session.scalars(found.order_by(Introduction.is_proven.desc(), Introduction.group_id))).all()


async def met_in_person(session: AsyncSession, actor: Actor) -> None:
    """An actor's own server was asked: from now on that counts, and no group's word for it."""
    if actor.is_introduced:
        actor.is_introduced = False
        await session.execute(delete(Introduction).where(Introduction.actor_id == actor.id))
