"""Thanks for posts of others. For our own posts they stay in the house: who reads here concerns nobody outside."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Inbox, Subject, hosts_of, send, undo
from models import actors, deliveries
from models.journal import Liked, Unliked
from models.posts import departing
from models.tables import Actor, Group, Reach

RULE = "thanks"


async def liked(keys: KeyRing, session: AsyncSession, entry: Liked) -> None:
    """Tell the author, and the group elsewhere that the post is in (GRP-10)."""
    by, post = await session.get(Actor, entry.actor_id), await departing.by_id(session, entry.post_id)
    if by is None or post is None or not by.is_local or post.is_local or post.deleted_at is not None:
        return
    author = await session.get_one(Actor, post.author_id)
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    if group is not None and group.reach is Reach.INTERNAL:
        return
    place = await session.get_one(Actor, group.id) if group is not None else None
    inboxes: list[Inbox] = [(author.inbox, author.host)]
    to = [author.uri]
    if place is not None and not place.is_local:
        inboxes.append((place.inbox, place.host))
        to.append(place.uri)
    document = activity.like(entry.uri, by.uri, post.uri, to=to, audience=place.uri if place is not None else None)
    subject = Subject(rule=RULE, object_uri=post.uri, group_id=post.group_id, post_id=post.id)
    sent = await send(session, keys, document, actor=by, inboxes=inboxes, subject=subject)
    await actors.disclose(session, by.id, hosts_of(sent))


async def unliked(keys: KeyRing, session: AsyncSession, entry: Unliked) -> None:
    """Undo{Like} where the Like went."""
    by, stored = await session.get(Actor, entry.actor_id), await deliveries.by_uri(session, entry.uri)
    if by is None or stored is None or not by.is_local:
        return
    subject = Subject(rule=RULE, object_uri=stored.object_uri, group_id=stored.group_id, post_id=stored.post_id)
    await undo(session, keys, stored, actor=by, subject=subject)
