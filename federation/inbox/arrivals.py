"""What is stored of an activity before it is answered, many at a time, and what is asked again in that transaction.

Whose key is known was judged by what is in memory. Whether that key still holds, whether its server is admitted and
may know of the inbox is asked where the activity is stored: a suspension, a changed key and a new restriction count
from the next request on, in every process.
"""

import functools
from collections.abc import Collection, Sequence
from enum import Enum, auto
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import String, bindparam, literal_column
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from federation import peers, questions, trust
from federation.trust import KnownKey
from models import policy, prepared, received
from models.direct import Direct
from models.received import Arrived
from models.tables import Actor
from models.viewers import RemoteViewer


class Outcome(Enum):
    """What came of it.

    NO_NEWS: nothing is to be done about it; NOBODYS: for that server there is no such inbox; STALE: the key that
    vouches for it or its server's admission does not hold any more.
    """

    STORED = auto()
    NO_NEWS = auto()
    NOBODYS = auto()
    STALE = auto()


class Arrival(Struct, frozen=True, kw_only=True):
    """An activity, and where it was sent: to a personal `inbox`, or to that of all.

    `by` is the key that vouches for it; None where the word of its actor's server does. `is_first`: its server was not
    heard of for a while.
    """

    arrived: Arrived
    inbox: str | None
    by: KnownKey | None
    is_first: bool


async def store(session: AsyncSession, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Store what may come in, and note that those servers live (DLV-7)."""
    standing = await trust.standing(session, [one.by for one in arrivals if one.by is not None])
    good = [one for one in arrivals if one.by is not None and one.by.uri in standing]
    owners = await _owners(session, [(one.by, one.inbox) for one in good if one.by and one.inbox])
    outcomes: list[Outcome] = []
    stored: list[Arrived] = []
    for one in arrivals:
        if one.by is not None and one.by.uri not in standing:
            outcomes.append(Outcome.STALE)
            continue
        arrived = one.arrived
        if one.inbox is not None:
            asked = (arrived.host, one.inbox)
            owner = owners.get(asked) if one.by is not None else await owner_id(session, *asked)
            if owner is None:
                outcomes.append(Outcome.NOBODYS)
                continue
            arrived = replace(arrived, inbox_actor_id=owner)
        stored.append(arrived)
        outcomes.append(Outcome.STORED)
    await received.store(session, stored)
    known = zip(arrivals, outcomes, strict=True)
    alive = {one.arrived.host for one, outcome in known if one.is_first and outcome is Outcome.STORED}
    await peers.note_contacts(session, alive)
    return outcomes


async def owner_id(session: AsyncSession, host: str, inbox: str) -> int | None:
    """Whose inbox that is, if `host` may know of them (INB-3)."""
    viewer = await policy.remote_viewer(session, host)
    return await prepared.find(session, viewer, questions.owner_of, inbox=inbox)


async def _owners(session: AsyncSession, asked: Collection[tuple[KnownKey, str]]) -> dict[tuple[str, str], int]:
    """The same for many, by host and inbox; the hosts are known to be admitted."""
    if not asked:
        return {}
    values = {
        "uris": prepared.padded({by.actor_uri for by, _ in asked}),
        "inboxes": prepared.padded({inbox for _, inbox in asked}),
    }
    return {(host, inbox): owner for host, inbox, owner in await _owners_of()(session, values)}


@functools.cache
def _owners_of() -> Direct:
    """`policy.visible_actors` for the hosts of those who sign, each in the place of the one who asks."""
    asking = aliased(Actor, name="asking")
    host: Any = literal_column("asking.host", String)  # a bare name: the column would bring its table into subqueries
    visible = policy.visible_actors(RemoteViewer(host=host, is_admitted=True))
    return Direct(
        visible.join(asking, asking.uri.in_(bindparam("uris", expanding=True)))
        .where(Actor.inbox.in_(bindparam("inboxes", expanding=True)))
        .with_only_columns(asking.host, Actor.inbox, Actor.id)
    )
