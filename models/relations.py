"""Following people, here and elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import blocks, egress, journal, policy
from models.base import new_id, now
from models.errors import Invalid, NotAllowed, NotFound
from models.instance import instance_of
from models.tables import Actor, ActorType, Follow, Membership, MemberState
from models.viewers import Staff


class FollowSelf(Invalid):
    """You cannot follow yourself."""

    code = "follow_self"


class KeptApart(NotAllowed):
    """One of you blocks the other."""

    code = "kept_apart"


class NotAPartner(NotAllowed):
    """We do not talk with that company: an admin must admit it first."""

    code = "not_a_partner"


async def follow(session: AsyncSession, actor: Actor, *, by: Staff, shows_boosts: bool = True) -> Follow:
    """Follow a person. Colleagues are followed at once; elsewhere it waits for their answer.

    Raises:
        FollowSelf. NotAPartner: they live at a company that is not admitted. NotFound: a group (join it instead).
        KeptApart: one of the two blocks the other.
    """
    if actor.id == by.actor_id:
        raise FollowSelf
    if actor.type is ActorType.GROUP:
        raise NotFound(actor_id=actor.id)
    if actor.is_introduced or (not actor.is_local and not await egress.allows(session, actor.host)):
        raise NotAPartner(host=actor.host)
    if await blocks.are_apart(session, by.actor_id, actor.id):
        raise KeptApart(actor_id=actor.id)
    found = await between(session, by.actor_id, actor.id)
    if found is not None:
        found.shows_boosts = shows_boosts
        return found
    found = Follow(
        id=new_id(),
        follower_id=by.actor_id,
        followee_id=actor.id,
        uri=instance_of(session).mint("x"),
        shows_boosts=shows_boosts,
        accepted_at=now() if actor.is_local and not actor.is_locked else None,
    )
    session.add(found)
    await session.flush()
    journal.record(session, journal.FollowAsked(found.id))
    if found.accepted_at is not None:
        journal.record(session, journal.FollowAccepted(found.id))
    return found


async def unfollow(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Stop following, or withdraw the wish; silent when there was none."""
    found = await between(session, by.actor_id, actor.id)
    if found is None:
        return
    await session.delete(found)
    await session.flush()
    journal.record(session, journal.FollowEnded(by.actor_id, actor.id, found.uri))


async def answer_request(session: AsyncSession, follower_id: int, *, by: Staff, accepted: bool) -> None:
    """Accept or refuse somebody who wants to follow `by`. Raises NotFound."""
    found = await between(session, follower_id, by.actor_id)
    if found is None:
        raise NotFound(follower_id=follower_id)
    await _answer(session, found, accepted=accepted)


async def _answer(session: AsyncSession, found: Follow, *, accepted: bool) -> None:
    if accepted:
        if found.accepted_at is None:
            found.accepted_at = now()
        journal.record(session, journal.FollowAccepted(found.id))
        return
    await session.delete(found)
    await session.flush()
    journal.record(session, journal.FollowEnded(found.follower_id, found.followee_id, found.uri, refused=True))


async def receive_follow(session: AsyncSession, *, by: Actor, followee: Actor, uri: str) -> Follow:
    """Somebody elsewhere wants to follow one of ours; a repetition gets the answer again.

    Raises:
        NotAllowed: they may not know of that person.
    """
    viewer = await policy.remote_viewer(session, by.host, by.id)
    if await session.scalar(policy.visible_actors(viewer).where(Actor.id == followee.id)) is None:
        raise NotAllowed(host=by.host)
    found = await between(session, by.id, followee.id)
    if found is None:
        found = Follow(id=new_id(), follower_id=by.id, followee_id=followee.id, uri=uri)
        session.add(found)
        await session.flush()
        journal.record(session, journal.FollowAsked(found.id))
    found.uri = uri
    if found.accepted_at is not None or not followee.is_locked:
        await _answer(session, found, accepted=True)
    return found


async def receive_answer(session: AsyncSession, *, follower: Actor, by: Actor, accepted: bool) -> bool:
    """Whom one of ours wanted to follow answers; False when nothing was asked (R-16)."""
    found = await between(session, follower.id, by.id)
    if found is None:
        return False
    await _answer(session, found, accepted=accepted)
    return True


async def receive_unfollow(session: AsyncSession, *, by: Actor, followee: Actor) -> bool:
    found = await between(session, by.id, followee.id)
    if found is None:
        return False
    await session.delete(found)
    await session.flush()
    return True


async def between(session: AsyncSession, follower_id: int, followee_id: int) -> Follow | None:
    return await session.scalar(
        select(Follow).where(Follow.follower_id == follower_id, Follow.followee_id == followee_id)
    )


def followers(actor_id: int) -> Select[Follow]:
    return (
        select(Follow)
        .where(Follow.followee_id == actor_id, Follow.accepted_at.is_not(None))
        .options(joinedload(Follow.follower).joinedload(Actor.avatar))
    )


async def follower_inboxes(session: AsyncSession, actor_id: int) -> list[tuple[str, str]]:
    """Where followers elsewhere get what somebody writes, as (inbox, host): one inbox for all of a server (ADR-5)."""
    rows = await session.execute(
        select(func.coalesce(Actor.shared_inbox, Actor.inbox), Actor.host)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(
            Follow.followee_id == actor_id,
            Follow.accepted_at.is_not(None),
            Actor.host != "",
            Actor.deleted_at.is_(None),
        )
        .distinct()
    )
    return [(inbox, host) for inbox, host in rows]


def following(actor_id: int) -> Select[Follow]:
    return (
        select(Follow)
        .where(Follow.follower_id == actor_id, Follow.accepted_at.is_not(None))
        .options(joinedload(Follow.followee).joinedload(Actor.avatar))
    )


def requests(viewer: Staff) -> Select[Follow]:
    """Who waits for `viewer`'s consent."""
    return (
        select(Follow)
        .where(Follow.followee_id == viewer.actor_id, Follow.accepted_at.is_(None))
        .options(joinedload(Follow.follower).joinedload(Actor.avatar))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """How one stands to an actor; membership in a group counts as following it."""

    actor_id: int
    follows: bool = False
    asked: bool = False
    shows_boosts: bool = True
    followed_by: bool = False
    asked_by: bool = False
    blocks: bool = False
    blocked_by: bool = False


async def relationships(session: AsyncSession, viewer: Staff, actor_ids: Iterable[int]) -> list[Relationship]:
    """One entry per id, in that order, in four statements."""
    ids = list(dict.fromkeys(actor_ids))
    out = {
        follow.followee_id: follow
        for follow in await session.scalars(
            select(Follow).where(Follow.follower_id == viewer.actor_id, Follow.followee_id.in_(ids))
        )
    }
    back = {
        follow.follower_id: follow
        for follow in await session.scalars(
            select(Follow).where(Follow.followee_id == viewer.actor_id, Follow.follower_id.in_(ids))
        )
    }
    member = {
        found.group_id: found.state
        for found in await session.scalars(
            select(Membership).where(Membership.actor_id == viewer.actor_id, Membership.group_id.in_(ids))
        )
    }
    blocked, blockers = await blocks.standing(session, viewer, ids)
    return [
        Relationship(
            actor_id=actor_id,
            blocks=actor_id in blocked,
            blocked_by=actor_id in blockers,
            follows=(actor_id in out and out[actor_id].accepted_at is not None)
            or member.get(actor_id) is MemberState.MEMBER,
            asked=(actor_id in out and out[actor_id].accepted_at is None) or member.get(actor_id) is MemberState.ASKED,
            shows_boosts=out[actor_id].shows_boosts if actor_id in out else True,
            followed_by=actor_id in back and back[actor_id].accepted_at is not None,
            asked_by=actor_id in back and back[actor_id].accepted_at is None,
        )
        for actor_id in ids
    ]
