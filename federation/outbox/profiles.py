"""Changed profiles and groups, for the servers that know them; nobody else learns that somebody is there."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from federation.documents import activity
from federation.documents import actor as actor_document
from federation.keys import KeyRing
from federation.outbox.sending import Inbox, Subject, elsewhere, mint, send
from federation.outbox.wrapping import followers_of
from federation.vocabulary import PUBLIC
from models import actors, deliveries, egress, relations
from models.instance import instance_of
from models.journal import ActorChanged
from models.tables import Actor, Group, Reach

RULE = "profile"


async def changed(keys: KeyRing, session: AsyncSession, entry: ActorChanged) -> None:
    """Update{actor} to members, followers and whoever else was told of it (ACT-4, DISC-7)."""
    pictures = (joinedload(Actor.avatar), joinedload(Actor.header))
    actor = await session.scalar(select(Actor).where(Actor.id == entry.actor_id).options(*pictures))
    if actor is None or not actor.is_local or actor.deleted_at is not None:
        return
    group = await session.get(Group, actor.id)
    inboxes = elsewhere(session, await _inboxes(session, actor, group))
    if not inboxes:
        return
    keys.forget(actor.id)  # they may be what has changed, in another process
    document = actor_document.render(
        actor,
        own_keys=await keys.ensure_in(session, actor.id),
        instance=instance_of(session),
        group=group,
        avatar=actor.avatar,
        header=actor.header,
    )
    followers = followers_of(actor)
    is_public = group is not None and group.reach is Reach.PUBLIC
    to, cc = ([PUBLIC], [followers]) if is_public else ([followers], [])
    await deliveries.cancel_unsent(session, actor.uri, ("Update",))  # DLV-5: this one replaces it
    update = activity.update_actor(mint(session), document, to=to, cc=cc)
    subject = Subject(rule=RULE, object_uri=actor.uri, group_id=group.id if group is not None else None)
    await send(session, keys, update, actor=actor, inboxes=inboxes, subject=subject)


async def _inboxes(session: AsyncSession, actor: Actor, group: Group | None) -> list[Inbox]:
    if group is not None:
        return await egress.inboxes_in(session, group)
    return [*await relations.follower_inboxes(session, actor.id), *await actors.told_of(session, actor.id)]
