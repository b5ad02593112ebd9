"""Not hearing somebody, or anybody of a server: what follows from it stands in the policy, and nobody learns of it."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from sqlalchemy import Select, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy
from models.base import new_id, now
from models.errors import Invalid
from models.instance import instance_of
from models.partners import clean_host
from models.tables import Actor, Follow, HostBlock, Mute, Severance
from models.viewers import Staff

LONGEST = timedelta(days=3660)


class MuteSelf(Invalid):
    """You cannot mute yourself."""

    code = "mute_self"


class BlockOwnServer(Invalid):
    """You cannot block your own company's server."""

    code = "block_own_server"


async def mute(
    session: AsyncSession,
    actor: Actor,
    *,
    by: Staff,
    hides_notifications: bool = True,
    lasts: timedelta | None = None,
) -> Mute:
    """Keep what a person or group posts out of one's timelines, for good or for a while; anew when it was so already.

    Raises MuteSelf.
    """
    if actor.id == by.actor_id:
        raise MuteSelf
    found = await between(session, by, actor.id)
    if found is None:
        found = Mute(id=new_id(), account_id=by.account_id, target_id=actor.id)
        session.add(found)
    found.hides_notifications = hides_notifications
    found.ends_at = now() + min(lasts, LONGEST) if lasts is not None else None
    await session.flush()
    journal.record(session, journal.HearingChanged(by.account_id))
    return found


async def unmute(session: AsyncSession, actor: Actor, *, by: Staff) -> None:
    """Hear somebody again; silent when they were not muted."""
    found = await between(session, by, actor.id)
    if found is not None:
        await session.delete(found)
        await session.flush()
        journal.record(session, journal.HearingChanged(by.account_id))


async def between(session: AsyncSession, by: Staff, target_id: int) -> Mute | None:
    """The mute of `by` against somebody, ended or not."""
    return await session.scalar(select(Mute).where(Mute.account_id == by.account_id, Mute.target_id == target_id))


def muted(viewer: Staff) -> Select[Mute]:
    """Whom `viewer` mutes now, newest first; page by `Mute.id`."""
    return (
        select(Mute)
        .where(Mute.account_id == viewer.account_id, policy.is_in_force())
        .options(joinedload(Mute.target).joinedload(Actor.avatar))
        .order_by(Mute.id.desc())
    )


async def sweep(session: AsyncSession) -> None:
    """Remove mutes that ended; they count no more since then."""
    await session.execute(delete(Mute).where(Mute.ends_at <= now()))


# Servers


async def block_host(session: AsyncSession, host: str, *, by: Staff) -> HostBlock:
    """Want nothing from a server any more: its people leave one's timelines, and nobody follows anybody across.

    Who lost something by it is told how much. Silent when it was so already.

    Raises:
        BadHost. BlockOwnServer.
    """
    host = clean_host(host)
    if host == instance_of(session).host:
        raise BlockOwnServer(field="domain")
    found = await _host_block(session, by, host)
    if found is not None:
        return found
    found = HostBlock(id=new_id(), account_id=by.account_id, host=host)
    session.add(found)
    await _sever(session, by, host)
    await session.flush()
    journal.record(session, journal.HearingChanged(by.account_id))
    return found


class Losses(Struct, frozen=True):
    """How many follows would end on both sides, or did; none that waited for an answer."""

    followers: int
    following: int


async def losses(session: AsyncSession, host: str, *, by: Staff) -> Losses:
    """What `by` would lose by wanting nothing from a server. Raises BadHost."""
    return _losses(by, await _across(session, by, clean_host(host)))


async def _across(session: AsyncSession, by: Staff, host: str) -> Sequence[Follow]:
    there = select(Actor.id).where(Actor.host == host)
    follows = await session.scalars(
        select(Follow).where(
            or_(
                (Follow.follower_id == by.actor_id) & Follow.followee_id.in_(there),
                (Follow.followee_id == by.actor_id) & Follow.follower_id.in_(there),
            )
        )
    )
    return follows.all()


def _losses(by: Staff, follows: Sequence[Follow]) -> Losses:
    return Losses(
        followers=sum(follow.followee_id == by.actor_id and follow.accepted_at is not None for follow in follows),
        following=sum(follow.follower_id == by.actor_id and follow.accepted_at is not None for follow in follows),
    )


async def _sever(session: AsyncSession, by: Staff, host: str) -> None:
    follows = await _across(session, by, host)
    for follow in follows:
        await session.delete(follow)
        refused = follow.followee_id == by.actor_id
        ended = journal.FollowEnded(follow.follower_id, follow.followee_id, follow.uri, refused=refused)
        journal.record(session, ended)
    lost = _losses(by, follows)
    if lost.followers or lost.following:
        severance = Severance(
            id=new_id(),
            account_id=by.account_id,
            host=host,
            is_own=True,
            followers=lost.followers,
            following=lost.following,
        )
        session.add(severance)
        journal.record(session, journal.Severed(severance.id))


async def unblock_host(session: AsyncSession, host: str, *, by: Staff) -> None:
    """Hear of a server again; silent when nobody blocked it. Who followed whom stays ended.

    Raises BadHost.
    """
    found = await _host_block(session, by, clean_host(host))
    if found is not None:
        await session.delete(found)
        await session.flush()
        journal.record(session, journal.HearingChanged(by.account_id))


async def _host_block(session: AsyncSession, by: Staff, host: str) -> HostBlock | None:
    return await session.scalar(select(HostBlock).where(HostBlock.account_id == by.account_id, HostBlock.host == host))


def blocked_hosts(viewer: Staff) -> Select[HostBlock]:
    """The servers `viewer` wants nothing from, newest first; page by `HostBlock.id`."""
    return select(HostBlock).where(HostBlock.account_id == viewer.account_id).order_by(HostBlock.id.desc())
