"""Servers that do not answer: what waits for them is held, tried now and then, and at last given up (DLV-7, DLV-8).

A server has one circuit, kept on its `Peer`, so that every process knows it and a restart forgets nothing. Failures of
the network and answers from 500 on count; any other answer, also a refusal, closes the circuit. Five failures without
an answer between them open it: its queue is held, and one request is made when the hold is over. Since the attempts of
a lane are minutes apart, how long the five took does not matter.

A hold lasts half an hour, and longer for who is away longer: an eighth of the absence, at most half a day. So whoever
returns is noticed soon after, and whoever does not is asked twice a day. After a week the server sleeps: only what
changes memberships or takes something back is kept for it. A signed request from it wakes it at once.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CursorResult, Select, and_, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.database import QUEUED
from models.tables import Activity, Actor, Delivery, DeliveryState, Peer

OPENS_AT = 5
HOLD = timedelta(minutes=30)
LONGEST_HOLD = timedelta(hours=12)
SLEEPS_AFTER = timedelta(days=7)
GIVE_UP_AFTER = timedelta(days=7)
KEEP_TRYING = timedelta(days=14)
GONE_INBOXES = 3
LASTING = frozenset({"Accept", "Reject", "Delete", "Undo", "Block"})
"""What is tried for two weeks (DLV-5); so is an `Update` that is about no post but about an actor."""
MEMBERSHIP = LASTING | {"Follow", "Join", "Leave", "Invite", "Move"}
"""What is kept for a server that sleeps."""
_SHARE_OF_ABSENCE = 8
_LATENCY_WEIGHT = 0.2
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Until when a server is held that is gone."""


class Condition(StrEnum):
    """How a server fares, for people."""

    UNKNOWN = "unknown"
    WORKING = "working"
    FALTERING = "faltering"
    HELD = "held"
    SLEEPING = "sleeping"
    GONE = "gone"


def condition(peer: Peer | None, *, at: datetime) -> Condition:
    """The state of a server's circuit in one word."""
    if peer is None:
        return Condition.UNKNOWN
    if peer.gone_at is not None:
        return Condition.GONE
    if not is_open(peer):
        if peer.failures:
            return Condition.FALTERING
        return Condition.WORKING if peer.delivered_at is not None else Condition.UNKNOWN
    return Condition.SLEEPING if _is_sleeping(peer, at) else Condition.HELD


def is_open(peer: Peer) -> bool:
    return peer.failures >= OPENS_AT


def _is_sleeping(peer: Peer, at: datetime) -> bool:
    return is_open(peer) and peer.failing_since is not None and at - peer.failing_since > SLEEPS_AFTER


def note_answer(peer: Peer) -> None:
    """The server is there: close its circuit."""
    if peer.failures or peer.held_until is not None or peer.gone_at is not None:
        peer.failures = 0
        peer.failing_since = peer.held_until = peer.gone_at = None


def note_failure(peer: Peer, *, at: datetime, asked: timedelta = timedelta(0)) -> None:
    """The server is not there, or broken. `asked`: how long it wishes to be left alone (Retry-After)."""
    peer.failures += 1
    if peer.failing_since is None:
        peer.failing_since = at
    if is_open(peer):
        peer.held_until = at + max(_hold(at - peer.failing_since), asked)


def _hold(absence: timedelta) -> timedelta:
    return min(max(absence / _SHARE_OF_ABSENCE, HOLD), LONGEST_HOLD)


def note_latency(peer: Peer, seconds: float) -> None:
    """Keep the moving mean of how long requests take there."""
    peer.latency = mean_latency(peer.latency, seconds)


def mean_latency(known: float | None, seconds: float) -> float:
    """The moving mean after one more request that took so long."""
    return seconds if known is None else known + _LATENCY_WEIGHT * (seconds - known)


def held(at: datetime) -> Select[str]:
    """The hosts to which nothing is sent at that time."""
    return select(Peer.host).where(Peer.held_until > at)


# Giving up


def is_lasting(type: str, post_id: int | None) -> bool:
    """Whether an activity of that type is worth two weeks; the one about no post is about an actor."""
    return type in LASTING or (type == "Update" and post_id is None)


_LASTING = or_(Activity.type.in_(LASTING), and_(Activity.type == "Update", Activity.post_id.is_(None)))
_KEPT_ASLEEP = or_(Activity.type.in_(MEMBERSHIP), and_(Activity.type == "Update", Activity.post_id.is_(None)))
_WAITING_SINCE = func.coalesce(Delivery.turned_at, Activity.created_at)


async def give_up(session: AsyncSession, hosts: Collection[str] | None = None) -> int:
    """Make dead letters of what was held too long, of `hosts` or of all; how many.

    Too long is a week for content and two for what takes back or changes memberships; no longer at all for content
    once a server sleeps, and for everything once it is gone.
    """
    moment = now()
    wanted = Peer.host.in_(hosts) if hosts is not None else true()
    gone = select(Peer.host).where(wanted, Peer.gone_at.is_not(None))
    asleep = select(Peer.host).where(
        wanted, Peer.failures >= OPENS_AT, Peer.failing_since < moment - SLEEPS_AFTER, Peer.gone_at.is_(None)
    )
    held_here = select(Peer.host).where(wanted, Peer.failures >= OPENS_AT)
    old = or_(moment - KEEP_TRYING > _WAITING_SINCE, and_(moment - GIVE_UP_AFTER > _WAITING_SINCE, ~_LASTING))
    count = 0
    for concerned, why in (
        (Delivery.host.in_(gone), "the server is gone"),
        (and_(Delivery.host.in_(held_here), old), "held too long"),
        (and_(Delivery.host.in_(asleep), ~_KEPT_ASLEEP, Delivery.turned_at.is_(None)), "the server sleeps"),
    ):
        ids = (
            select(Delivery.id)
            .join(Activity, Activity.id == Delivery.activity_id)
            .where(Delivery.state == DeliveryState.QUEUED, concerned)
        )
        ended = await session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(
                state=DeliveryState.FAILED, turned_at=moment, error=func.coalesce(func.nullif(Delivery.error, ""), why)
            )
        )
        count += ended.rowcount if isinstance(ended, CursorResult) else 0
    return count


async def note_gone(session: AsyncSession, peer: Peer, inbox: str) -> bool:
    """An inbox said 410: whether its whole server is gone with it, because everybody shares that inbox or it is the
    third one; then nothing waits for it any more (DLV-8)."""
    if inbox != peer.shared_inbox and not await _is_shared(session, peer.host, inbox):
        others = await session.scalar(
            select(func.count(Delivery.inbox.distinct())).where(
                Delivery.host == peer.host,
                Delivery.state == DeliveryState.FAILED,
                Delivery.status == 410,
                Delivery.turned_at >= (peer.delivered_at or peer.first_seen_at),
            )
        )
        if (others or 0) < GONE_INBOXES:
            return False
    peer.gone_at = now()
    peer.held_until = _NEVER
    await session.flush()
    await give_up(session, [peer.host])
    return True


async def _is_shared(session: AsyncSession, host: str, inbox: str) -> bool:
    found = select(Actor.id).where(Actor.host == host, Actor.shared_inbox == inbox).limit(1)
    return await session.scalar(found) is not None


# Waking


async def wake(session: AsyncSession, host: str) -> None:
    """Try again now what failed at a server and what is held for it. What was counted against it stays counted."""
    await session.execute(update(Peer).where(Peer.host == host).values(held_until=None, gone_at=None))
    await session.execute(
        update(Delivery)
        .where(
            Delivery.host == host,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.error != "",  # what a worker has in hand right now has none
            Delivery.next_attempt_at > now(),
        )
        .values(next_attempt_at=now())
    )
    session.info[QUEUED] = True


async def is_resting(session: AsyncSession, host: str) -> bool:
    """Whether nothing is sent there at the moment because it did not answer, or is gone."""
    return await session.scalar(held(now()).where(Peer.host == host)) is not None
