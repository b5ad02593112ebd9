"""Update: a newer version of a post, or of an actor by itself (ActivityPub §7.3, ACT-4)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.activities import create
from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.fetch import FetchFailed
from federation.vocabulary import types_of
from models.tables import ActorType

_ACTORS = set(ActorType)


def _speaks_of_an_actor(incoming: Incoming) -> bool:
    if incoming.object_id == incoming.sender.uri:
        return True
    return isinstance(incoming.object, dict) and not _ACTORS.isdisjoint(types_of(incoming.object))


async def gather(incoming: Incoming) -> None:
    """Ask the origin of an actor what it is now, keys included; a post is gathered as a new one."""
    if not _speaks_of_an_actor(incoming):
        await create.gather(incoming)
        return
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not speak for actors")
    if incoming.object_id != incoming.sender.uri:
        raise Refused("R-14", "is another actor")
    try:
        await trust.fetch_actor(incoming.wire, incoming.sender.uri)
    except FetchFailed:
        if not isinstance(incoming.object, dict):
            raise
        await trust.keep_actor(incoming.wire, incoming.object)


@receives("Update", gather=gather)
async def update(session: AsyncSession, incoming: Incoming) -> str:
    """A post that is unknown yet is taken as new."""
    if _speaks_of_an_actor(incoming):
        return "actor replaced"
    if incoming.seen is None:
        raise Ignored("nothing was gathered")
    return await create.create(session, incoming)
