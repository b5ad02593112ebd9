"""Like: thanks for a post (ActivityPub §7.10)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities.registry import Ignored, Incoming, receives
from models import journal, reactions, tombstones
from models.errors import NotFound
from models.journal import GroupDistributes
from models.posts import receiving
from models.tables import Actor, Post


@receives("Like")
async def like(session: AsyncSession, incoming: Incoming) -> str:
    """One per actor and post; a group of ours passes it on. An emoji in it is not kept yet (FEP-c0e0)."""
    post = await liked(session, incoming)
    if await tombstones.is_over(session, incoming.id, signed_at=incoming.signed_at):
        raise Ignored("was taken back before it came")
    try:
        is_new = await reactions.receive_like(session, by=incoming.sender, post=post, uri=incoming.id)
    except NotFound:
        raise Ignored("is nothing that they may see") from None
    if not is_new:
        raise Ignored("known already")
    await pass_on(session, incoming, post)
    return "liked"


async def liked(session: AsyncSession, incoming: Incoming) -> Post:
    """The post it is about, if we have that. Raises Ignored."""
    uri = incoming.object_id
    post = await receiving.by_uri(session, uri) if uri else None
    if post is None or post.deleted_at is not None or post.boost_of_id is not None:
        raise Ignored("is about nothing here")
    if incoming.via is not None and post.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")
    return post


async def pass_on(session: AsyncSession, incoming: Incoming, post: Post) -> None:
    """Let a group of ours announce what its author sent about one of its posts."""
    if post.group_id is None or incoming.received_id is None or incoming.via is not None:
        return
    home = await session.get(Actor, post.group_id)
    if home is not None and home.is_local:
        journal.record(session, GroupDistributes(home.id, incoming.received_id, post.id))
