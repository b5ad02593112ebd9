"""Actors of other servers whom nobody here has met: many at once, in five statements, with the keys they list.

Whoever is known already, in whatever way, or brings something that has rows of its own, is left to `actors.keep`.
"""

from collections.abc import Collection, Sequence
from typing import cast

from msgspec import Struct
from sqlalchemy import Table, bindparam, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors
from models.actors import RemoteActor, RemoteKey
from models.base import new_id, now
from models.prepared import padded
from models.tables import Actor, Key
from models.text.clean import fold_username


class Newcomer(Struct, frozen=True, kw_only=True):
    """What an actor's own server says of it, and the keys that are its own (see `actors.keep_keys`)."""

    told: RemoteActor
    keys: Sequence[RemoteKey]
    confirmed: Collection[str] = ()

    @property
    def name(self) -> tuple[str, str]:
        return self.told.host, fold_username(self.told.username)


class Met(Struct, frozen=True):
    """Somebody who is known now, by which number and with which keys."""

    actor_id: int
    keys: dict[str, RemoteKey]


_ACTORS, _KEYS = cast(Table, Actor.__table__), cast(Table, Key.__table__)
_NEW_ACTORS, _NEW_KEYS = insert(_ACTORS), insert(_KEYS)  # no rows come back: the session has nothing to do with them
_KNOWN = select(Actor.uri).where(Actor.uri.in_(bindparam("uris", expanding=True)))
_NAMED = select(Actor.host, Actor.username_key).where(
    tuple_(Actor.host, Actor.username_key).in_(bindparam("names", expanding=True))
)
_LISTED = select(Key.uri).where(Key.uri.in_(bindparam("uris", expanding=True)))


async def keep(session: AsyncSession, newcomers: Sequence[Newcomer]) -> list[Met | None]:
    """Store those whom nothing here knows, by id, name or key; None for the others, of whom nothing is written."""
    taken = set(await session.scalars(_KNOWN, {"uris": padded(one.told.uri for one in newcomers)}))
    taken |= set(await session.scalars(_LISTED, {"uris": padded(key.uri for one in newcomers for key in one.keys)}))
    named = {tuple(row) for row in await session.execute(_NAMED, {"names": padded(one.name for one in newcomers)})}
    found: list[Met | None] = []
    people, listed = [], []
    for one in newcomers:
        addresses = {one.told.uri, *(key.uri for key in one.keys)}
        if one.told.emoji or one.name in named or not taken.isdisjoint(addresses):
            found.append(None)
            continue
        taken |= addresses
        named.add(one.name)
        number, moment = new_id(), now()
        people.append({"id": number, "uri": one.told.uri, "username_key": one.name[1], **actors.said_by(one.told)})
        own = {key.uri: key for key in one.keys if actors.is_own_key(key.uri, one.told.uri, one.confirmed)}
        listed += [
            {"actor_id": number, "uri": key.uri, "kind": key.kind, "public": key.public, "fetched_at": moment}
            for key in own.values()
        ]
        found.append(Met(number, own))
    if people:
        await session.execute(_NEW_ACTORS, people)
    if listed:
        await session.execute(_NEW_KEYS, listed)
    return found
