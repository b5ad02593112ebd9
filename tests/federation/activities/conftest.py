"""A company whose people and groups Northwind may know of, and a group elsewhere that ours belong to."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import ModuleType

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from federation.wire import Wire
from models import actors, relations
from models.received import Claimed
from models.tables import Actor, Group
from tests.federation import neighbours
from tests.federation.neighbours import Home, Peer, PeerActor, known_by
from tests.world import Person, met


def taken_together(monkeypatch: pytest.MonkeyPatch, room: ModuleType) -> list[int]:
    """Counts how many activities `room` of the inbox deals with together, each time that any are."""
    counts: list[int] = []
    take = room.take

    async def counted(wire: Wire, claimed: Sequence[Claimed]) -> Sequence[Claimed]:
        rest: Sequence[Claimed] = await take(wire, claimed)
        if len(rest) < len(claimed):
            counts.append(len(claimed) - len(rest))
        return rest

    monkeypatch.setattr(room, "take", counted)
    return counts


@dataclass(slots=True)
class Square:
    """A public group and a partner group of ours, Ada whom the world may know, and Nora who knows them."""

    home: Home
    public: Group
    public_actor: Actor
    alpine: Group
    alpine_actor: Actor
    ada: Person
    ada_actor: Actor


@pytest.fixture
async def square(home: Home, northwind: Peer, nora: PeerActor) -> Square:
    async with home.database.reading() as session:
        found = await session.scalars(select(Group).options(joinedload(Group.actor)))
        ours = {group.actor.username: group for group in found}
    public, alpine = ours["square"], ours["alpine"]
    ada = await met(home.database, "ada")
    return Square(home, public, public.actor, alpine, alpine.actor, ada, await home.actor(ada.id))


@pytest.fixture
async def other() -> AsyncIterator[Peer]:
    """Another partner's server."""
    async with neighbours.peer("other") as peer:
        yield peer


@pytest.fixture
def steel(home: Home, northwind: Peer) -> PeerActor:
    """A private group at Northwind that Alan is a member of (tests.federation.beginnings)."""
    return northwind.group("steel", manuallyApprovesFollowers=True)


async def actor_of(session, peer_actor: PeerActor) -> Actor:
    found = await actors.by_uri(session, peer_actor.id)
    assert found is not None
    return found


async def known(home: Home, *people: PeerActor) -> None:
    """Let our server know people elsewhere, as it does once they have signed something."""
    await known_by(home.wire, *people)


async def follows(home: Home, person: Person, peer_actor: PeerActor) -> None:
    """Let one of ours follow somebody elsewhere, who agrees."""
    await known(home, peer_actor)
    async with home.database.writing() as session:
        theirs = await actor_of(session, peer_actor)
        await relations.follow(session, theirs, by=person.staff)
        mine = await session.get_one(Actor, person.id)
        await relations.receive_answer(session, follower=mine, by=theirs, accepted=True)
