"""Add and Remove: what stands on top of the profile of somebody elsewhere; in a group see `moderation`."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import moderation
from federation.activities.registry import Ignored, Incoming, Refused, receives
from models import featured
from models.posts import receiving
from models.tables import ActorType


@receives("Add", "Remove", gather=moderation.gather)
async def change(session: AsyncSession, incoming: Incoming) -> str:
    """Pin or unpin a post of one's own; what is about another list than one's own is about a group's, or ignored."""
    sender = incoming.sender
    target = incoming.address(incoming.document.get("target"))
    is_own = target is not None and target == sender.featured_uri and sender.type is not ActorType.GROUP
    if incoming.via is not None or not is_own:
        return await moderation.change_list(session, incoming)
    post = await receiving.by_uri(session, incoming.object_id) if incoming.object_id else None
    if post is None or post.deleted_at is not None:
        raise Ignored("is about nothing here")
    if post.author_id != sender.id:
        raise Refused("R-14", "is somebody else's", object_uri=post.uri)
    is_added = incoming.type == "Add"
    if not await featured.receive(session, by=sender, post=post, is_added=is_added):
        raise Ignored("is so already")
    return "featured" if is_added else "featured no more"
