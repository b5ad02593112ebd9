"""What is stored of an activity before it is answered, many at a time, and what is asked again in that transaction.

Whose key is known was judged by what is in memory. Whether that key still holds, whether its server is admitted and
may know of the inbox is asked where the activity is stored: a suspension, a changed key and a new restriction count
from the next request on, in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers, questions, trust
from federation.trust import KnownKey
from models import policy, prepared, received
from models.received import Arrived
from models.viewers import RemoteViewer


class Outcome(Enum):
    """What came of it.

    NO_NEWS: nothing is to be done about it; NOBODYS: for that server there is no such inbox; STALE: the key from memory
    or its server's admission does not hold any more.
    """

    STORED = auto()
    NO_NEWS = auto()
    NOBODYS = auto()
    STALE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An activity, and where it was sent: to a personal `inbox`, or to that of all.

    `by` is the key from memory that vouches for it, or None where all was looked up for this request. `is_first`: its
    server was not heard of for a while.
    """

    arrived: Arrived
    inbox: str | None
    by: KnownKey | None
    is_first: bool


async def store(session: AsyncSession, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Store what may come in, and note that those servers live (DLV-7)."""
    standing = await trust.standing(session, [one.by for one in arrivals if one.by is not None])
    owners: dict[tuple[str, str], int | None] = {}
    outcomes: list[Outcome] = []
    stored: list[Arrived] = []
    for one in arrivals:
        if one.by is not None and one.by.uri not in standing:
            outcomes.append(Outcome.STALE)
            continue
        arrived = one.arrived
        if one.inbox is not None:
            asked = (arrived.host, one.inbox)
            if asked not in owners:
                owners[asked] = await owner_id(session, *asked, is_admitted=one.by is not None)
            if owners[asked] is None:
                outcomes.append(Outcome.NOBODYS)
                continue
            arrived = replace(arrived, inbox_actor_id=owners[asked])
        stored.append(arrived)
        outcomes.append(Outcome.STORED)
    await received.store(session, stored)
    known = zip(arrivals, outcomes, strict=True)
    alive = {one.arrived.host for one, outcome in known if one.is_first and outcome is Outcome.STORED}
    await peers.note_contacts(session, alive)
    return outcomes


async def owner_id(session: AsyncSession, host: str, inbox: str, *, is_admitted: bool = False) -> int | None:
    """Whose inbox that is, if `host` may know of them (INB-3); `is_admitted` says that it was asked just now."""
    viewer = RemoteViewer(host=host, is_admitted=True) if is_admitted else await policy.remote_viewer(session, host)
    return await prepared.find(session, viewer, questions.owner_of, inbox=inbox)
