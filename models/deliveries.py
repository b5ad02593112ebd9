"""The queue of activities on their way out: an activity's bytes once, one row per inbox, in order for each host.

How a worker takes rows and sends them is `lanes`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast

from msgspec import Struct
from sqlalchemy import Select, Table, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from models import breakers, ledger, policy
from models.base import new_id, now
from models.database import QUEUED
from models.direct import Direct, usual_of
from models.tables import Activity, Actor, ActorType, Delivery, DeliveryState, Departure, Outcome, Peer, Post

_REST = timedelta(minutes=1)
_TAKE_BACK = ("Delete", "Undo", "Reject")
_ADD = Direct(insert(cast(Table, Delivery.__table__)))
_NEW = usual_of(cast(Table, Delivery.__table__))
_MAY_HAVE = or_(Delivery.state != DeliveryState.CANCELLED, Delivery.attempts > 0)
"""What was cancelled after an attempt may have arrived all the same."""


class Outgoing(Struct, frozen=True, kw_only=True):
    """An activity ready to go: its bytes and where they go, as (inbox, host) pairs.

    `type` says what it does to `object_uri`: a group that passes on a Create of a post queues a Create, and `by` is
    whose it is then (the actor's own otherwise). `wait` holds back the first attempt.
    """

    uri: str
    type: str
    actor: Actor
    body: bytes
    digest: str
    inboxes: Collection[tuple[str, str]]
    rule: str
    object_uri: str = ""
    group_id: int | None = None
    post_id: int | None = None
    revision: int | None = None
    approved_by: str = ""
    by: str = ""
    wait: timedelta = timedelta(0)


async def enqueue(session: AsyncSession, outgoing: Outgoing) -> Activity | None:
    """Queue an activity for each inbox whose host may get it today; None when nobody may.

    Each departure and each refusal is a line in the ledger.
    """
    activity, _ = await enqueue_where(session, outgoing)
    return activity


async def enqueue_where(session: AsyncSession, outgoing: Outgoing) -> tuple[Activity | None, list[tuple[str, str]]]:
    """The same, and where it goes, as (inbox, host)."""
    return (await enqueue_all(session, [outgoing]))[0]


async def enqueue_all(
    session: AsyncSession, outgoing: Sequence[Outgoing]
) -> list[tuple[Activity | None, list[tuple[str, str]]]]:
    """The same for several, in their order, in as many statements as for one."""
    if not outgoing:
        return []
    admits = await policy.admission(session)
    queued: list[tuple[Activity | None, list[tuple[str, str]]]] = []
    for one in outgoing:
        go = [(inbox, host) for inbox, host in sorted(set(one.inboxes)) if admits(host)]
        queued.append((_activity(one) if go else None, go))
    session.add_all([activity for activity, _ in queued if activity is not None])
    await session.flush()
    rows: list[dict[str, object]] = []
    facts: list[ledger.Fact] = []
    for one, (activity, go) in zip(outgoing, queued, strict=True):
        stopped = {host for _, host in one.inboxes if not admits(host)}
        if stopped:
            facts.append(_fact(one, Outcome.STOPPED, stopped, rule="not_a_partner"))
        if activity is not None:
            waiting = {"activity_id": activity.id, "next_attempt_at": now() + one.wait}
            rows += [{**_NEW, "id": new_id(), "inbox": inbox, "host": host, **waiting} for inbox, host in go]
            hosts = [host for _, host in go]
            facts.append(_fact(one, Outcome.SENT, hosts, rule=one.rule, activity_id=activity.id))
    if rows:
        await _ADD.for_each(session, rows)
        session.info[QUEUED] = True  # wake the one who sends them
    if facts:
        await ledger.append_all(session, facts)
    return queued


async def keep(session: AsyncSession, outgoing: Outgoing) -> Activity:
    """Store an activity without sending it, so that whoever gets it inside another one can look it up (GEN-1)."""
    activity = _activity(outgoing)
    session.add(activity)
    await session.flush()
    return activity


def _activity(outgoing: Outgoing) -> Activity:
    return Activity(
        uri=outgoing.uri,
        type=outgoing.type,
        actor_id=outgoing.actor.id,
        group_id=outgoing.group_id,
        post_id=outgoing.post_id,
        object_uri=outgoing.object_uri,
        body=outgoing.body,
    )


def _fact(
    outgoing: Outgoing, outcome: Outcome, hosts: Iterable[str], *, rule: str, activity_id: int | None = None
) -> ledger.Fact:
    return ledger.Fact(
        outcome=outcome,
        what=outgoing.type,
        actor=outgoing.by or outgoing.actor.username,
        rule=rule,
        object_uri=outgoing.object_uri,
        post_id=outgoing.post_id,
        revision=outgoing.revision,
        activity_id=activity_id,
        group_id=outgoing.group_id,
        hosts=hosts,
        approved_by=outgoing.approved_by,
        digest=outgoing.digest,
    )


async def cancel_unsent(session: AsyncSession, object_uri: str, types: Iterable[str]) -> set[str]:
    """Cancel what waits of an object; the inboxes that therefore never heard of it (DLV-5)."""
    return await _cancel(
        session, select(Activity.id).where(Activity.object_uri == object_uri, Activity.type.in_(list(types)))
    )


async def cancel(session: AsyncSession, activity: Activity) -> set[str]:
    """Cancel one activity where it waits; the inboxes that therefore never heard of it."""
    return await _cancel(session, select(Activity.id).where(Activity.id == activity.id))


async def turned_away(session: AsyncSession, post_ids: Collection[int]) -> frozenset[int]:
    """Which of these posts into groups elsewhere were given up on the way to the group."""
    if not post_ids:
        return frozenset()
    found = await session.scalars(
        select(Post.id)
        .join(Actor, Actor.id == Post.group_id)
        .join(Activity, Activity.post_id == Post.id)
        .join(Delivery, Delivery.activity_id == Activity.id)
        .where(
            Post.id.in_(post_ids),
            Activity.type == "Create",
            Delivery.state == DeliveryState.FAILED,
            Delivery.inbox == Actor.inbox,
        )
    )
    return frozenset(found)


async def overlook(session: AsyncSession, activity_id: int, inbox: str) -> None:
    """Take a delivery that was given up from the dead letters: what it should bring is there or comes otherwise."""
    await session.execute(
        update(Delivery)
        .where(Delivery.activity_id == activity_id, Delivery.inbox == inbox, Delivery.state == DeliveryState.FAILED)
        .values(state=DeliveryState.CANCELLED)
    )


async def _cancel(session: AsyncSession, ids: Select[int]) -> set[str]:
    """Nothing of `ids` is begun any more. What was tried may have arrived unseen: that inbox may have heard of it."""
    rows = await session.execute(
        update(Delivery)
        .where(Delivery.activity_id.in_(ids), Delivery.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.CANCELLED)
        .returning(Delivery.inbox, Delivery.attempts)
    )
    never = {inbox for inbox, attempts in rows if attempts == 0}
    if not never:
        return never
    got = await session.scalars(
        select(Delivery.inbox).where(
            Delivery.activity_id.in_(ids),
            Delivery.inbox.in_(list(never)),
            (Delivery.attempts > 0) | (Delivery.state == DeliveryState.DELIVERED),
        )
    )
    return never - set(got.all())


async def cancel_group(session: AsyncSession, group_id: int, host: str | None = None) -> None:
    """Cancel what still waits for a host, or for all of them, of one group of ours (GRP-17); what takes back, goes."""
    of_group = select(Activity.id).where(Activity.group_id == group_id, Activity.type.not_in(_TAKE_BACK))
    waiting = update(Delivery).where(Delivery.activity_id.in_(of_group), Delivery.state == DeliveryState.QUEUED)
    if host is not None:
        waiting = waiting.where(Delivery.host == host)
    await session.execute(waiting.values(state=DeliveryState.CANCELLED, error="group closed"))


async def readdress(session: AsyncSession, host: str, old: str, new: str) -> None:
    """An inbox is somewhere else now: what waits goes there, and so does what takes back or changes what it had."""
    other = aliased(Delivery)
    is_there = exists().where(other.activity_id == Delivery.activity_id, other.inbox == new)
    waiting = (Delivery.host == host, Delivery.inbox == old, Delivery.state == DeliveryState.QUEUED)
    await session.execute(update(Delivery).where(*waiting, is_there).values(state=DeliveryState.CANCELLED))
    await session.execute(update(Delivery).where(*waiting).values(inbox=new))
    known = select(Departure.post_id).where(Departure.inbox == new)
    had = (Departure.host == host, Departure.inbox == old)
    await session.execute(delete(Departure).where(*had, Departure.post_id.in_(known)))
    await session.execute(update(Departure).where(*had).values(inbox=new))


async def by_number(session: AsyncSession, activity_id: int) -> Activity | None:
    return await session.get(Activity, activity_id)


async def by_uri(session: AsyncSession, uri: str) -> Activity | None:
    return await session.scalar(select(Activity).where(Activity.uri == uri))


async def forwarder_of(session: AsyncSession, object_uri: str) -> Actor | None:
    """Which person of ours let their followers have what somebody elsewhere wrote (FWD-1)."""
    return await session.scalar(
        select(Actor)
        .join(Activity, Activity.actor_id == Actor.id)
        .where(
            Activity.object_uri == object_uri,
            Activity.type == "Create",
            Activity.post_id.is_(None),
            Actor.host == "",
            Actor.type != ActorType.GROUP,
        )
        .limit(1)
    )


async def announces_of(session: AsyncSession, post_id: int, actor_id: int) -> Sequence[Activity]:
    """The activities by which an actor of ours announced a post by its id."""
    found = await session.scalars(
        select(Activity)
        .where(Activity.post_id == post_id, Activity.type == "Announce", Activity.actor_id == actor_id)
        .order_by(Activity.id)
    )
    return found.all()


async def sent_to(session: AsyncSession, activity: Activity) -> list[tuple[str, str]]:
    """Where an activity went or may yet go, as (inbox, host)."""
    rows = await session.execute(
        select(Delivery.inbox, Delivery.host).where(Delivery.activity_id == activity.id, _MAY_HAVE)
    )
    return [(inbox, host) for inbox, host in rows]


async def forms_of(session: AsyncSession, post_id: int) -> dict[str, set[tuple[str, int]]]:
    """In which forms each inbox was or may have been told of a post: type and actor of the activities."""
    rows = await session.execute(
        select(Delivery.inbox, Activity.type, Activity.actor_id)
        .join(Activity, Activity.id == Delivery.activity_id)
        .where(Activity.post_id == post_id, _MAY_HAVE)
        .distinct()
    )
    forms: dict[str, set[tuple[str, int]]] = {}
    for inbox, type, actor_id in rows:
        forms.setdefault(inbox, set()).add((type, actor_id))
    return forms


async def wake(session: AsyncSession, host: str) -> None:
    """A host showed that it lives: try what failed there now, unless that was a moment ago."""
    failed = select(Peer.host).where(Peer.host == host, Peer.failed_at > now() - _REST)
    if await session.scalar(failed) is not None:
        return
    await breakers.wake(session, host)


class Health(Struct, frozen=True, kw_only=True):
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


class Arrival(Struct, frozen=True):
    """To how many inboxes an activity went, how many have it, and when the last one got it."""

    sent: int = 0
    arrived: int = 0
    last: datetime | None = None


async def arrivals(session: AsyncSession, activity_ids: Iterable[int]) -> dict[int, Arrival]:
    """How far each of some activities got."""
    arrived = func.sum(case((Delivery.state == DeliveryState.DELIVERED, 1), else_=0))
    rows = await session.execute(
        select(Delivery.activity_id, func.count(), arrived, func.max(Delivery.delivered_at))
        .where(Delivery.activity_id.in_(list(activity_ids)))
        .group_by(Delivery.activity_id)
    )
    return {activity_id: Arrival(sent, got or 0, last) for activity_id, sent, got, last in rows}


def of_post(post_id: int) -> Select[Delivery]:
    """Every delivery that a post caused, by company: for the line under a decision."""
    return (
        select(Delivery)
        .join(Activity, Activity.id == Delivery.activity_id)
        .where(Activity.post_id == post_id)
        .options(joinedload(Delivery.activity))
        .order_by(Delivery.host, Delivery.id)
    )
