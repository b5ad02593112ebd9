"""Block: somebody elsewhere wants nothing to do with one of ours (ActivityPub §6.9, R-79), or bans from a group.

Ours are never sent: who blocks whom is nobody's business.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import moderation
from federation.activities.registry import Ignored, Incoming, receives, undoes
from federation.activities.undo import over, remember
from models import actors, blocks, policy, tombstones
from models.tables import Actor, ActorType


@receives("Block", gather=moderation.gather)
async def block(session: AsyncSession, incoming: Incoming) -> str:
    """They are kept apart from now on, and nobody here is told. With a group for target it is a ban (GRP-12)."""
    if incoming.via is not None or incoming.document.get("target") is not None:
        return await moderation.ban(session, incoming)
    target = await _target(session, incoming, incoming.object_id)
    if target is None or incoming.sender.type is ActorType.GROUP:
        raise Ignored("blocks nobody here")
    if await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at):
        raise Ignored("was taken back before it came")
    if not await blocks.receive_block(session, by=incoming.sender, target=target, uri=incoming.id):
        raise Ignored("known already")
    return "kept apart"


@undoes("Block", is_passed_on=True)
async def unblock(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """They think better of it; who followed whom stays ended."""
    if incoming.via is not None or incoming.undone.get("target") is not None:
        return await moderation.unban(session, incoming, uri)
    target = await actors.by_uri(session, uri) if uri is not None else None
    ended = await blocks.receive_unblock(session, by=incoming.sender, target=target, uri=incoming.object_id or "")
    if ended is None:
        return await remember(session, incoming)
    return await over(session, incoming, "kept apart no more", ended.uri)


async def _target(session: AsyncSession, incoming: Incoming, uri: str | None) -> Actor | None:
    """The person of ours that it names, as far as its server may know of them."""
    viewer = await policy.remote_viewer(session, incoming.sender.host)
    found = await session.scalar(policy.visible_actors(viewer).where(Actor.uri == uri)) if uri else None
    return found if found is not None and found.type not in (ActorType.GROUP, ActorType.APPLICATION) else None
