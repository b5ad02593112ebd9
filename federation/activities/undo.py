"""Undo: something that was done before is taken back (ActivityPub §7.12).

What is meant is found by its id, or by its parts where servers make the inner activity anew with another id. An Undo
that comes before what it undoes is remembered, so that the late one has no effect; one that undid something is too, so
that a replay has none (R-61).
"""

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.activities import answers, like, moderation
from federation.activities.registry import UNDONE, Ignored, Incoming, Refused, receives, undoes
from federation.vocabulary import BadJson, Document, parse_json, same_origin, types_of
from models import actors, groups, reactions, received, relations, tombstones
from models import moderation as removals
from models.posts import departing, receiving, writing
from models.tables import Actor, ActorType, EmojiReaction, Follow, Group, Like, Membership, Post

_KEEPERS_WORK = frozenset({"Delete", "Block", "Lock"})
_WITHOUT_EFFECT = frozenset({"Dislike", "Create", "Update", "Flag", "View", "Read"})


async def gather(incoming: Incoming) -> None:
    """For what those do who keep a group in order: whether they are its moderators."""
    inner = incoming.object if isinstance(incoming.object, dict) else {}
    if not _KEEPERS_WORK.isdisjoint(types_of(inner)):
        await moderation.gather(incoming)


@receives("Undo", "Leave", gather=gather)
async def undo(session: AsyncSession, incoming: Incoming) -> str:
    """Only whoever did it takes it back."""
    if incoming.type == "Leave":
        return await unfollow(session, incoming, incoming.object_id)
    inner = await _inner(session, incoming)
    if inner and incoming.address(inner.get("actor")) not in (None, incoming.sender.uri):
        raise Refused("R-14", "takes back what somebody else did")
    incoming.undone = inner
    about = incoming.address(inner.get("object"))
    for type in types_of(inner):
        if type in UNDONE:
            handler = UNDONE[type]
            if incoming.via is not None and not handler.is_passed_on:
                raise Ignored("a group takes back only what it passed on")
            return await handler.apply(session, incoming, about)
        if type in _WITHOUT_EFFECT:
            raise Ignored(f"taking back {type}: without effect")
    if not inner:
        return await _by_id(session, incoming)
    raise Ignored("taking back such a thing: not known here")


async def _inner(session: AsyncSession, incoming: Incoming) -> Document:
    """The activity that is taken back: as it is inside, or as it came here; empty where it is an id that never came."""
    if isinstance(incoming.object, dict) and types_of(incoming.object):
        return incoming.object
    uri = incoming.object_id
    if uri is None or incoming.via is not None:
        return {}
    body = await received.body_of(session, host=incoming.sender.host, uri=uri)
    try:
        return parse_json(body, max_bytes=len(body)) if body else {}
    except BadJson:
        return {}


async def _by_id(session: AsyncSession, incoming: Incoming) -> str:
    """The inner activity is an id alone, and its bytes are kept no more: look for what was stored under it."""
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
        return await unfollow(session, incoming, target.uri)
    for table in (Like, EmojiReaction):
        if await session.scalar(select(table.id).where(table.uri == uri, table.actor_id == sender.id)) is not None:
            return await unlike(session, incoming, None)
    return await unboost(session, incoming, None)


@undoes("Follow", "Join")
async def unfollow(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """Follow nobody of ours any more, or leave a group of ours."""
    if incoming.via is not None:
        raise Refused("GRP-9", "a group does not follow for others")
    target = await actors.by_uri(session, uri) if uri is not None else None
    if target is None or not target.is_local:
        return await remember(session, incoming)
    if target.type is ActorType.GROUP:
        group = await session.get_one(Group, target.id)
        wish = await groups.membership(session, group.id, incoming.sender.id)
        if wish is not None and await groups.receive_leave(session, group, incoming.sender):
            return await over(session, incoming, "left", wish.uri)
    else:
        follow = await relations.between(session, incoming.sender.id, target.id)
        if follow is not None and await relations.receive_unfollow(session, by=incoming.sender, followee=target):
            return await over(session, incoming, "follows no more", follow.uri)
    return await remember(session, incoming)


@undoes("Like", "EmojiReact", is_passed_on=True)
async def unlike(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """Take back thanks, or an emoji."""
    post = await receiving.by_uri(session, uri) if uri is not None else None
    if post is not None:
        _must_be_of_the_group(incoming, post)
    sign = like.sign_in(incoming, incoming.undone)
    ended = await reactions.receive_no_emoji(
        session, by=incoming.sender, uri=incoming.object_id or "", post=post, emoji=sign[0] if sign else ""
    )
    if ended is not None:
        under = await departing.by_id(session, ended.post_id)
        if under is not None:
            await like.pass_on(session, incoming, under)
        return await over(session, incoming, "reacted no more", ended.uri)
    if sign is not None or "EmojiReact" in types_of(incoming.undone):
        return await remember(session, incoming)
    if post is None and incoming.object_id is not None:
        post = await reactions.liked_by_activity(session, incoming.object_id, by=incoming.sender)
    if post is None:
        return await remember(session, incoming)
    _must_be_of_the_group(incoming, post)
    liked = await reactions.like_of(session, incoming.sender.id, post.id)
    if liked is None or not await reactions.receive_unlike(session, by=incoming.sender, post=post):
        return await remember(session, incoming)
    await like.pass_on(session, incoming, post)
    return await over(session, incoming, "liked no more", liked.uri)


def _must_be_of_the_group(incoming: Incoming, post: Post) -> None:
    if incoming.via is not None and post.group_id != incoming.via.id:
        raise Ignored("is not of the group that announced it")


@undoes("Announce", is_passed_on=True)
async def unboost(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """Take back a boost."""
    boosted = await receiving.by_uri(session, uri) if uri is not None else None
    if boosted is not None and boosted.group_id == incoming.sender.id:
        return await _out_of_the_group(session, incoming, boosted)
    boost = await receiving.by_uri(session, incoming.object_id) if incoming.object_id is not None else None
    if (boost is None or boost.deleted_at is not None) and uri is not None:
        boost = await writing.boost_of(session, boosted.id, incoming.sender.id) if boosted is not None else boost
    if boost is None:
        return await remember(session, incoming)
    if boost.author_id != incoming.sender.id or (boost.boost_of_id is None and incoming.via is not None):
        raise Refused("R-14", "takes back what somebody else did")
    if boost.deleted_at is not None:
        raise Ignored("was taken back before")
    if boost.boost_of_id is None:  # FEP-dd4b: with words of its own it came as a quote
        handle = incoming.sender.handle
        await receiving.receive_deletion(session, boost.uri, host=incoming.sender.host, by_handle=handle)
        return "deleted"
    await receiving.receive_unboost(session, boost)
    return await over(session, incoming, "boosted no more", boost.uri)


async def _out_of_the_group(session: AsyncSession, incoming: Incoming, post: Post) -> str:
    """GRP-8b: a group takes back what it announced by its id, because it was deleted or removed there."""
    if not await removals.receive_removal(session, post, by=incoming.sender, reason=""):
        raise Ignored("was taken back before")
    return await over(session, incoming, "removed from its group")


@undoes("Accept")
async def refuse_after_all(session: AsyncSession, incoming: Incoming, uri: str | None) -> str:
    """Whoever let one of ours follow or join does so no longer: the same as a Reject of that wish."""
    del uri
    rejected = {**incoming.undone, "id": incoming.id, "type": "Reject", "actor": incoming.sender.uri}
    return await answers.answer(session, replace(incoming, document=rejected, type="Reject"))


async def over(session: AsyncSession, incoming: Incoming, outcome: str, *uris: str | None) -> str:
    """It was undone: neither its id nor those it is stored under have an effect again unless signed anew."""
    own = [uri for uri in (incoming.object_id, *uris) if uri and same_origin(uri, incoming.sender.uri)]
    at = incoming.signed_at or incoming.received_at
    await tombstones.undo(session, own, host=incoming.sender.host, at=at)
    return outcome


async def remember(session: AsyncSession, incoming: Incoming) -> str:
    """It undoes nothing that is here: should that come yet, it has no effect."""
    uri = incoming.object_id
    if uri is None or not same_origin(uri, incoming.sender.uri):
        raise Ignored("undoes nothing here")
    if await received.is_known(session, host=incoming.sender.host, uri=uri):
        return await over(session, incoming, "remembered")  # it came, and nothing of it was left
    await tombstones.expect(session, uri, host=incoming.sender.host)
    return "remembered"
