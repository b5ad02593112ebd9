"""Keeping apart: who blocks whom, here and elsewhere. What follows from it stands in the policy (R-79)."""

from collections.abc import Iterable

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, lists, policy
from models.base import new_id
from models.errors import Invalid, NotFound
from models.tables import Account, Actor, ActorType, Block, Follow, Notification
from models.viewers import Staff


class BlockSelf(Invalid):
    """You cannot block yourself."""

    code = "block_self"


async def block(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Neither sees what the other posts any more, and neither follows the other; whom it concerns is not told.

    What one asked of or owed to somebody elsewhere ends as it would otherwise, by an Undo and a Reject.

    Raises:
        BlockSelf. NotFound: a group (leave it instead).
    """
    if actor.id == by.actor_id:
        raise BlockSelf
    if actor.type is ActorType.GROUP:
        raise NotFound(actor_id=actor.id)
    if await between(session, by.actor_id, actor.id) is not None:
        return
    session.add(Block(id=new_id(), actor_id=by.actor_id, target_id=actor.id))
    for follow in await _follows(session, by.actor_id, actor.id):
        await session.delete(follow)
        ended_by_followed = follow.followee_id == by.actor_id
        journal.record(
            session,
            journal.FollowEnded(follow.follower_id, follow.followee_id, follow.uri, refused=ended_by_followed),
        )
    await lists.forget(session, actor.id, of=by.actor_id)
    await lists.forget(session, by.actor_id, of=actor.id)
    account = select(Account.id).where(Account.actor_id == by.actor_id)
    await session.execute(
        delete(Notification).where(Notification.account_id.in_(account), Notification.from_id == actor.id)
    )
    await session.flush()


async def unblock(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Stop keeping somebody away; silent when nobody did. Who followed whom stays ended."""
    found = await between(session, by.actor_id, actor.id)
    if found is not None:
        await session.delete(found)
        await session.flush()


async def receive_block(session: AsyncSession, *, by: Actor, target: Actor, uri: str) -> bool:
    """Somebody elsewhere blocks one of ours; nobody here is told. False when they did already."""
    if await between(session, by.id, target.id) is not None:
        return False
    session.add(Block(id=new_id(), actor_id=by.id, target_id=target.id, uri=uri))
    for follow in await _follows(session, by.id, target.id):  # their server has ended both already
        await session.delete(follow)
    await session.flush()
    return True


async def receive_unblock(session: AsyncSession, *, by: Actor, target: Actor | None, uri: str = "") -> Block | None:
    """They think better of it; what ended by it, None when there was none. Without a target the block's id counts."""
    found = await between(session, by.id, target.id) if target is not None else None
    if found is None and target is None and uri:
        found = await session.scalar(select(Block).where(Block.uri == uri, Block.actor_id == by.id))
    if found is not None:
        await session.delete(found)
        await session.flush()
    return found


async def between(session: AsyncSession, actor_id: int, target_id: int) -> Block | None:
    """The block of the one against the other."""
    return await session.scalar(select(Block).where(Block.actor_id == actor_id, Block.target_id == target_id))


async def are_apart(session: AsyncSession, one_id: int, other_id: int) -> bool:
    """Whether either of them blocks the other."""
    return (
        await session.scalar(select(Actor.id).where(Actor.id == one_id, policy.is_apart(other_id, Actor.id)))
        is not None
    )


async def _follows(session: AsyncSession, one_id: int, other_id: int) -> list[Follow]:
    found = await session.scalars(
        select(Follow).where(
            or_(
                (Follow.follower_id == one_id) & (Follow.followee_id == other_id),
                (Follow.follower_id == other_id) & (Follow.followee_id == one_id),
            )
        )
    )
    return list(found)


def blocked(viewer: Staff) -> Select[Block]:
    """Whom `viewer` blocks, newest first; page by `Block.id`."""
    return (
        select(Block)
        .where(Block.actor_id == viewer.actor_id)
        .options(joinedload(Block.target).joinedload(Actor.avatar))
        .order_by(Block.id.desc())
    )


async def standing(session: AsyncSession, viewer: Staff, actor_ids: Iterable[int]) -> tuple[set[int], set[int]]:
    """Whom among `actor_ids` the viewer blocks, and who among them blocks the viewer."""
    ids = list(actor_ids)
    rows = await session.execute(
        select(Block.actor_id, Block.target_id).where(
            or_(
                (Block.actor_id == viewer.actor_id) & Block.target_id.in_(ids),
                (Block.target_id == viewer.actor_id) & Block.actor_id.in_(ids),
            )
        )
    )
    pairs = rows.all()
    return (
        {target for actor, target in pairs if actor == viewer.actor_id},
        {actor for actor, target in pairs if target == viewer.actor_id},
    )
