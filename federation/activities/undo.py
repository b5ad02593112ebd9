"""Undo: something that was done before is taken back (ActivityPub §7.12).

What is meant is found by its id, or by its parts where servers make the inner activity anew with another id. An Undo
that comes before what it undoes is remembered, so that the late one has no effect (R-61).
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import like
from federation.activities.registry import Ignored, Incoming, Refused, receives
from federation.vocabulary import same_origin, types_of
from models import actors, groups, reactions, relations
from models.base import now
from models.posts import receiving, writing
from models.tables import Actor, ActorType, Follow, Group, Like, Membership, Tombstone

_PASSED_ON = frozenset({"Like", "Announce"})


@receives("Undo", "Leave")
async def undo(session: AsyncSession, incoming: Incoming) -> str:
    """Only whoever did it takes it back."""
    if incoming.type == "Leave":
        return await _unfollow(session, incoming, incoming.object_id)
    inner = incoming.object if isinstance(incoming.object, dict) else {}
    if inner and incoming.address(inner.get("actor")) not in (None, incoming.sender.uri):
        raise Refused("R-14", "takes back what somebody else did")
    types = types_of(inner)
    if incoming.via is not None and not _PASSED_ON.intersection(types):
        raise Ignored("a group takes back only thanks")
    about = incoming.address(inner.get("object"))
    if "Follow" in types or "Join" in types:
        return await _unfollow(session, incoming, about)
    if "Like" in types:
        return await _unlike(session, incoming, about)
    if "Announce" in types:
        return await _unboost(session, incoming, about)
    if not inner:
        return await _by_id(session, incoming)
    raise Ignored("taking back such a thing: not handled yet")


async def _by_id(session: AsyncSession, incoming: Incoming) -> str:
    """The inner activity is an id alone: look for what we stored under it."""
    uri = incoming.object_id or ""
    sender = incoming.sender
    followee = await session.scalar(
        select(Follow.followee_id).where(Follow.uri == uri, Follow.follower_id == sender.id)
    )
    joined = await session.scalar(
        select(Membership.group_id).where(Membership.uri == uri, Membership.actor_id == sender.id)
    )
    if followee is not None or joined is not None:
        target = await session.get_one(Actor, followee or joined)
        return await _unfollow(session, incoming, target.uri)
    if await session.scalar(select(Like.id).where(Like.uri == uri, Like.actor_id == sender.id)) is not None:
        return await _unlike(session, incoming, None)
    return await _unboost(session, incoming, None)


async def _unfollow(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not follow for others")
    target = await actors.by_uri(session, uri) if uri is not None else None
    if target is None or not target.is_local:
        return await _remember(session, incoming)
    if target.type is ActorType.GROUP:
        group = await session.get_one(Group, target.id)
        if await groups.receive_leave(session, group, incoming.sender):
            return "left"
    elif await relations.receive_unfollow(session, by=incoming.sender, followee=target):
        return "follows no more"
    return await _remember(session, incoming)


async def _unlike(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    post = await receiving.by_uri(session, uri) if uri is not None else None
    if post is None and incoming.object_id is not None:
        post = await reactions.liked_by_activity(session, incoming.object_id, by=incoming.sender)
    if post is None:
        return await _remember(session, incoming)
    if incoming.via is not None and post.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")
    if not await reactions.receive_unlike(session, by=incoming.sender, post=post):
        return await _remember(session, incoming)
    await like.pass_on(session, incoming, post)
    return "liked no more"


async def _unboost(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    boost = await receiving.by_uri(session, incoming.object_id) if incoming.object_id is not None else None
    if boost is None and uri is not None:
        boosted = await receiving.by_uri(session, uri)
        boost = await writing.boost_of(session, boosted.id, incoming.sender.id) if boosted is not None else None
    if boost is None:
        return await _remember(session, incoming)
    if boost.author_id != incoming.sender.id or boost.boost_of_id is None:
        raise Refused("R-14", "takes back what somebody else did")
    sender = incoming.sender
    if not await receiving.receive_deletion(session, boost.uri, host=sender.host, by_handle=sender.handle):
        raise Ignored("was taken back before")
    return "boosted no more"


async def _remember(session: AsyncSession, incoming: Incoming) -> str:
    """It undoes nothing that is here: should that come yet, it has no effect."""
    uri = incoming.object_id
    if uri is None or not same_origin(uri, incoming.sender.uri):
        raise Ignored("undoes nothing here")
    await session.merge(Tombstone(uri=uri, host=incoming.sender.host, at=now()))
    return "remembered"
