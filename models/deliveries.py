"""The queue of activities on their way out: one row per activity and inbox, in order for each host.

A worker claims what is due: the next attempt is written before the request is made. Only the oldest waiting row of a
host is ever claimed, so that activities arrive in the order they were queued, and a host that fails holds up nobody
but itself.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import egress, ledger
from models.base import now
from models.tables import Activity, Actor, Delivery, DeliveryState, Outcome, Peer

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720))
GIVE_UP_AFTER = timedelta(days=7)
KEEP_TRYING = timedelta(days=14)
_KEPT_LONGER = frozenset({"Accept", "Reject", "Delete", "Undo", "Block"})
_JITTER = 0.2
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An activity ready to go: its bytes and where they go, as (inbox, host) pairs."""

    uri: str
    type: str
    actor: Actor
    body: bytes
    digest: str
    inboxes: Iterable[tuple[str, str]]
    rule: str
    object_uri: str = ""
    group_id: int | None = None
    post_id: int | None = None
    revision: int | None = None
    approved_by: str = ""


async def enqueue(session: AsyncSession, outgoing: Outgoing) -> Activity | None:
    """Queue an activity for each inbox whose host may get it today; None when nobody may.

    Each departure and each refusal is a line in the ledger.
    """
    inboxes = sorted(set(outgoing.inboxes))
    allowed = {host: await egress.allows(session, host) for host in {host for _, host in inboxes}}
    go = [(inbox, host) for inbox, host in inboxes if allowed[host]]
    stopped = [host for host, may in allowed.items() if not may]
    if stopped:
        await _enter(session, outgoing, Outcome.STOPPED, stopped, rule="not_a_partner")
    if not go:
        return None
    activity = Activity(
        uri=outgoing.uri,
        type=outgoing.type,
        actor_id=outgoing.actor.id,
        group_id=outgoing.group_id,
        post_id=outgoing.post_id,
        object_uri=outgoing.object_uri,
        body=outgoing.body,
    )
    session.add(activity)
    await session.flush()
    session.add_all([Delivery(activity_id=activity.id, inbox=inbox, host=host) for inbox, host in go])
    hosts = [host for _, host in go]
    await _enter(session, outgoing, Outcome.SENT, hosts, rule=outgoing.rule, activity_id=activity.id)
    await session.flush()
    return activity


async def _enter(
    session: AsyncSession,
    outgoing: Outgoing,
    outcome: Outcome,
    hosts: Iterable[str],
    *,
    rule: str,
    activity_id: int | None = None,
) -> None:
    await ledger.append(
        session,
        ledger.Fact(
            outcome=outcome,
            what=outgoing.type,
            actor=outgoing.actor.username,
            rule=rule,
            object_uri=outgoing.object_uri,
            post_id=outgoing.post_id,
            revision=outgoing.revision,
            activity_id=activity_id,
            group_id=outgoing.group_id,
            hosts=hosts,
            approved_by=outgoing.approved_by,
            digest=outgoing.digest,
        ),
    )


async def cancel_unsent(session: AsyncSession, object_uri: str, types: Iterable[str]) -> set[str]:
    """Cancel what nobody has got yet of an object; the inboxes that therefore never heard of it (DLV-5)."""
    ids = select(Activity.id).where(Activity.object_uri == object_uri, Activity.type.in_(list(types)))
    cancelled = await session.scalars(
        update(Delivery)
        .where(Delivery.activity_id.in_(ids), Delivery.state == DeliveryState.QUEUED, Delivery.attempts == 0)
        .values(state=DeliveryState.CANCELLED)
        .returning(Delivery.inbox)
    )
    never = set(cancelled.all())
    got = await session.scalars(
        select(Delivery.inbox).where(
            Delivery.activity_id.in_(ids),
            Delivery.inbox.in_(list(never)),
            (Delivery.attempts > 0) | (Delivery.state == DeliveryState.DELIVERED),
        )
    )
    return never - set(got.all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that a worker may make now."""

    id: int
    activity_id: int
    type: str
    actor_id: int
    inbox: str
    host: str
    attempt: int
    body: bytes
    queued_at: datetime


async def claim(
    session: AsyncSession, *, limit: int, busy: Iterable[str] = (), at: datetime | None = None
) -> list[Claimed]:
    """The oldest waiting delivery of each host where it is due, except of `busy` hosts; its next attempt is written."""
    moment = at or now()
    first = (
        select(func.min(Delivery.id))
        .where(Delivery.state == DeliveryState.QUEUED, Delivery.host.not_in(list(busy)))
        .group_by(Delivery.host)
    )
    rows = (
        await session.scalars(
            select(Delivery)
            .where(Delivery.id.in_(first), Delivery.next_attempt_at <= moment)
            .options(joinedload(Delivery.activity))
            .order_by(Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Delivery)
        )
    ).all()
    claimed = []
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = moment + back_off(row.attempts)
        claimed.append(
            Claimed(
                id=row.id,
                activity_id=row.activity_id,
                type=row.activity.type,
                actor_id=row.activity.actor_id,
                inbox=row.inbox,
                host=row.host,
                attempt=row.attempts,
                body=row.activity.body,
                queued_at=row.activity.created_at,
            )
        )
    return claimed


def back_off(attempts: int) -> timedelta:
    """How long after the attempt of that number the next one may be (DLV-5), with jitter."""
    base = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return base * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - no secret


async def delivered(session: AsyncSession, claimed: Claimed, *, status: int) -> None:
    await session.execute(
        update(Delivery)
        .where(Delivery.id == claimed.id, Delivery.attempts == claimed.attempt)
        .values(state=DeliveryState.DELIVERED, status=status, error="", delivered_at=now())
    )
    peer = await _peer(session, claimed.host)
    peer.delivered_at = now()
    peer.failures = 0
    peer.next_attempt_at = None
    peer.last_error = ""


async def failed(
    session: AsyncSession,
    claimed: Claimed,
    *,
    status: int | None,
    error: str,
    is_permanent: bool,
    retry_after: timedelta | None = None,
) -> None:
    """Note a failed attempt: it is given up when permanent or too old, else tried again no sooner than asked (DLV-6)."""
    longest = KEEP_TRYING if claimed.type in _KEPT_LONGER else GIVE_UP_AFTER
    gone = is_permanent or now() - claimed.queued_at > longest
    values: dict[str, object] = {"status": status, "error": error[:500]}
    row = await session.get(Delivery, claimed.id)
    if row is None or row.attempts != claimed.attempt or row.state is not DeliveryState.QUEUED:
        return
    if retry_after is not None:
        row.next_attempt_at = max(row.next_attempt_at, now() + min(retry_after, _DAY))
    if gone:
        row.state = DeliveryState.FAILED
    row.status = status
    row.error = str(values["error"])
    peer = await _peer(session, claimed.host)
    peer.failed_at = now()
    peer.failures += 1
    peer.last_error = row.error
    peer.next_attempt_at = None if gone else row.next_attempt_at


async def _peer(session: AsyncSession, host: str) -> Peer:
    peer = await session.get(Peer, host)
    if peer is None:
        peer = Peer(host=host)
        session.add(peer)
        await session.flush()
    return peer


async def wake(session: AsyncSession, host: str) -> None:
    """A host showed that it lives: try what waits for it now."""
    await session.execute(
        update(Delivery)
        .where(Delivery.host == host, Delivery.state == DeliveryState.QUEUED, Delivery.next_attempt_at > now())
        .values(next_attempt_at=now())
    )


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next waiting delivery may be tried."""
    return await session.scalar(
        select(func.min(Delivery.next_attempt_at)).where(Delivery.state == DeliveryState.QUEUED)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How deliveries to a host stand, for the partners page."""

    host: str
    queued: int = 0
    delivered: int = 0
    failed: int = 0
    peer: Peer | None = None


async def health(session: AsyncSession, hosts: Sequence[str]) -> dict[str, Health]:
    counts: dict[str, dict[DeliveryState, int]] = {}
    for host, state, count in await session.execute(
        select(Delivery.host, Delivery.state, func.count())
        .where(Delivery.host.in_(list(hosts)))
        .group_by(Delivery.host, Delivery.state)
    ):
        counts.setdefault(host, {})[state] = count
    peers = {peer.host: peer for peer in await session.scalars(select(Peer).where(Peer.host.in_(list(hosts))))}
    return {
        host: Health(
            host=host,
            queued=counts.get(host, {}).get(DeliveryState.QUEUED, 0),
            delivered=counts.get(host, {}).get(DeliveryState.DELIVERED, 0),
            failed=counts.get(host, {}).get(DeliveryState.FAILED, 0),
            peer=peers.get(host),
        )
        for host in hosts
    }


def of_activities(activity_ids: Sequence[int]) -> Select[Delivery]:
    """Every delivery of some activities: when each company got what the ledger says left."""
    return select(Delivery).where(Delivery.activity_id.in_(list(activity_ids))).order_by(Delivery.host)


async def arrivals(session: AsyncSession, activity_ids: Iterable[int]) -> dict[int, tuple[int, int, datetime | None]]:
    """For each activity: to how many inboxes it went, how many have it, and when the last one got it."""
    arrived = func.sum(case((Delivery.state == DeliveryState.DELIVERED, 1), else_=0))
    rows = await session.execute(
        select(Delivery.activity_id, func.count(), arrived, func.max(Delivery.delivered_at))
        .where(Delivery.activity_id.in_(list(activity_ids)))
        .group_by(Delivery.activity_id)
    )
    return {activity_id: (sent, got or 0, last) for activity_id, sent, got, last in rows}


def of_post(post_id: int) -> Select[Delivery]:
    """Every delivery that a post caused, by company: for the line under a decision."""
    return (
        select(Delivery)
        .join(Activity, Activity.id == Delivery.activity_id)
        .where(Activity.post_id == post_id)
        .options(joinedload(Delivery.activity))
        .order_by(Delivery.host, Delivery.id)
    )
