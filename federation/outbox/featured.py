"""What people of ours put on top of their profile, told to their followers elsewhere (COL-5)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.keys import KeyRing
from federation.outbox.sending import Subject, mint, send
from federation.outbox.wrapping import followers_of
from federation.vocabulary import PUBLIC, Document
from models import policy, relations
from models.journal import PostPinned
from models.tables import Actor, Post
from models.viewers import ANONYMOUS

RULE = "profile"


async def pinned(keys: KeyRing, session: AsyncSession, entry: PostPinned) -> None:
    """Add or Remove, about what everybody may read; of anything else not even the id may be told to all followers, and
    whoever may have it finds it in the collection."""
    actor = await session.get(Actor, entry.actor_id)
    post = await session.scalar(policy.nameable_posts(ANONYMOUS).where(Post.id == entry.post_id))
    if actor is None or post is None or not actor.is_local or actor.deleted_at is not None:
        return
    document: Document = {
        "id": mint(session),
        "type": "Remove" if entry.is_undone else "Add",
        "actor": actor.uri,
        "to": [PUBLIC],
        "cc": [followers_of(actor)],
        "object": post.uri,
        "target": actor.featured_uri or f"{actor.uri}/featured",
    }
    inboxes = await relations.follower_inboxes(session, actor.id)
    subject = Subject(rule=RULE, object_uri=post.uri, post_id=post.id)
    await send(session, keys, document, actor=actor, inboxes=inboxes, subject=subject)
