"""Delete: a post or an actor elsewhere is no more (ActivityPub §7.4, R-14, R-61)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.activities import moderation, quoting
from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.vocabulary import same_origin
from models import actors, journal
from models.journal import GroupDistributes
from models.posts import receiving
from models.tables import Actor, Post


@receives("Delete", gather=moderation.gather)
async def delete(session: AsyncSession, incoming: Incoming) -> str:
    """Forget it here, remember that it is gone, and let a group of ours pass that on."""
    uri = incoming.object_id
    if uri is None:
        raise Refused("R-10", "names nothing")
    if uri == incoming.sender.uri:
        return await _end(session, incoming)
    if trust.is_own(incoming.wire, uri):
        return await _moderated(session, incoming, await receiving.by_uri(session, uri))
    post = await receiving.by_uri(session, uri)
    if post is None and (taken_back := await quoting.taken_back(session, incoming, uri)) is not None:
        return taken_back
    if post is None:
        return await _unknown(session, incoming, uri)
    if not await _is_its_end(session, incoming, post):
        return await moderation.removal(session, incoming, post)
    home = await session.get(Actor, post.group_id) if post.group_id is not None else None
    known = await receiving.receive_deletion(session, uri, host=incoming.sender.host, by_handle=incoming.sender.handle)
    if not known:
        raise Ignored("was deleted before")
    if home is not None and home.is_local and incoming.received_id is not None and incoming.via is None:
        journal.record(session, GroupDistributes(home.id, incoming.received_id, post.id))
    return "deleted"


async def _end(session: AsyncSession, incoming: Incoming) -> str:
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not speak for actors")
    actor = await actors.by_uri(session, incoming.sender.uri)
    if actor is None or actor.is_local or actor.deleted_at is not None:
        raise Ignored("was deleted before")
    await receiving.receive_end(session, actor)
    return "actor deleted"


async def _moderated(session: AsyncSession, incoming: Incoming, post: Post | None) -> str:
    """Nobody deletes a post of ours; whoever keeps its group in order takes it out of that (GRP-11)."""
    if post is None or post.deleted_at is not None or not await moderation.keeps(session, incoming, post.group_id):
        raise Refused("R-13", "is ours", object_uri=incoming.object_id or "")
    return await moderation.removal(session, incoming, post)


async def _unknown(session: AsyncSession, incoming: Incoming, uri: str) -> str:
    """What was never here never comes either, if its own server says so (section 10)."""
    if not same_origin(uri, incoming.sender.uri) and not incoming.object_is_gone:
        raise Refused("R-14", "is of another server", object_uri=uri)
    if incoming.via is None:
        await receiving.receive_deletion(session, uri, host=incoming.sender.host, by_handle=incoming.sender.handle)
    return "remembered"


async def _is_its_end(session: AsyncSession, incoming: Incoming, post: Post) -> bool:
    """Whether its author says so, or an origin that has it no more; everybody else can only take it out of a group."""
    via = incoming.via
    if via is not None and post.group_id != via.id:
        raise Ignored("is not of the group that announced it")
    if incoming.is_vouched and not post.is_vouched:
        raise Refused("TRUST-6", "is better known than by the word of its group", object_uri=post.uri)
    return post.author_id == incoming.sender.id or incoming.object_is_gone
