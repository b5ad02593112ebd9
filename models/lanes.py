"""The lanes of the delivery queue: a worker takes the oldest deliveries of a host, sends them in order, notes the end.

Taking and noting are short transactions for many deliveries at once; the requests lie between them. What is taken has
its next attempt written already, so that a crash neither loses it nor hammers a peer, and no other worker takes the
lane meanwhile: a lane is open only when its oldest waiting delivery is due. Whoever takes a lane is done with it, or
gives the rest back, within `LEASE`.
"""

import functools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CursorResult,
    Integer,
    Select,
    String,
    Subquery,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import breakers, halts, journal
from models.base import UtcDateTime, insert_into, now
from models.tables import Activity, Delivery, DeliveryState, Peer

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720))
LEASE = timedelta(minutes=1)
FORM_MEMORY = timedelta(days=7)
PER_LANE = 20
ERROR_LIMIT = 500
_JITTER = 0.2
_DAY = timedelta(days=1)
_RECOVERED = 3
_LAST_ID = 2**63 - 1
_FAILED_DEPENDENCY = 424


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that a worker may make now. `attempt` is its lease: whoever claims it again ends this one.

    `is_suspect`: of its attempts before nobody ever wrote down how they ended, as if each had ended the worker.
    """

    id: int
    activity_id: int
    inbox: str
    host: str
    attempt: int
    type: str
    actor_id: int
    queued_at: datetime
    is_lasting: bool = False
    is_suspect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The oldest deliveries to one host, in order, and what we know of how to speak to it.

    `form` is the signature form that it took last, and when (SIG-24); `looked_at` when its NodeInfo was read.
    """

    host: str
    deliveries: tuple[Claimed, ...]
    form: str | None = None
    form_at: datetime | None = None
    looked_at: datetime | None = None

    @property
    def is_retried(self) -> bool:
        """Whether it begins with what was tried in vain before."""
        return self.deliveries[0].attempt > 1


# The statements here are built once: a worker asks them many times a second, and building costs more than asking.

_BUSY: Any = bindparam("busy", expanding=True, type_=String)
_MOMENT: Any = bindparam("moment", type_=UtcDateTime)


def _heads() -> Subquery:
    """Each host's oldest waiting delivery, except of `busy` hosts and of those whose circuit is open then (DLV-7).

    There is none while everything is halted.

    Goes from host to host through the index: what it costs depends on how many hosts wait, not on how much.
    """
    one, other, oldest = aliased(Delivery), aliased(Delivery), aliased(Delivery)
    hosts = select(func.min(one.host).label("host")).where(one.state == DeliveryState.QUEUED).cte(recursive=True)
    following = select(func.min(other.host)).where(other.state == DeliveryState.QUEUED, other.host > hosts.c.host)
    hosts = hosts.union_all(select(following.scalar_subquery()).where(hosts.c.host.is_not(None)))
    first = select(func.min(oldest.id)).where(oldest.state == DeliveryState.QUEUED, oldest.host == hosts.c.host)
    return (
        select(hosts.c.host.label("host"), first.scalar_subquery().label("first"))
        .where(hosts.c.host.is_not(None), hosts.c.host.not_in(_BUSY), hosts.c.host.not_in(breakers.held(_MOMENT)))
        .where(halts.none())
        .subquery()
    )


@functools.cache
def _due() -> Select[int]:
    heads, ranked = _heads(), aliased(Delivery)
    is_retried = ranked.attempts > 0
    rank = func.row_number().over(partition_by=is_retried, order_by=ranked.id)
    ranks = (
        select(ranked.id.label("id"), is_retried.label("is_retried"), rank.label("rank"))
        .join(heads, heads.c.first == ranked.id)
        .where(ranked.state == DeliveryState.QUEUED, ranked.next_attempt_at <= _MOMENT)
        .subquery()
    )
    return (
        select(Delivery.id)
        .join(ranks, ranks.c.id == Delivery.id)
        .where(
            Delivery.state == DeliveryState.QUEUED,
            Delivery.next_attempt_at <= _MOMENT,
            ~ranks.c.is_retried | (ranks.c.rank <= bindparam("most_retried", type_=Integer)),
        )
        .order_by(Delivery.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True, of=Delivery)
    )


@functools.cache
def _next_due() -> Select[datetime | None]:
    heads = _heads()
    statement = select(func.min(Delivery.next_attempt_at)).join(heads, heads.c.first == Delivery.id)
    return statement.where((Delivery.attempts == 0) | bindparam("retries", type_=Boolean))


async def claim(
    session: AsyncSession,
    *,
    limit: int,
    retried: int | None = None,
    busy: Iterable[str] = (),
    per_lane: int = PER_LANE,
    at: datetime | None = None,
) -> list[Lane]:
    """Take up to `limit` lanes that are due, the one that waits longest first; their attempts are counted now.

    At most `retried` of them begin with what was tried in vain before: many hosts that never answer must leave room.
    """
    moment = at or now()
    most = {"most": limit, "most_retried": limit if retried is None else max(retried, 0)}
    taken = (await session.scalars(_due(), {"busy": list(busy), "moment": moment, **most})).all()
    if not taken:
        return []
    claimed = await _oldest_of(session, taken, per_lane)
    lanes: dict[str, list[Claimed]] = {}
    attempts: dict[int, list[int]] = {}
    for one in claimed:
        lanes.setdefault(one.host, []).append(one)
        attempts.setdefault(one.attempt, []).append(one.id)
    for attempt, ids in attempts.items():
        await session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(attempts=attempt, next_attempt_at=moment + max(_wait(attempt), LEASE), error="")
        )
    peers = {peer.host: peer for peer in await session.scalars(select(Peer).where(Peer.host.in_(list(lanes))))}
    return [_lane(host, found, peers.get(host)) for host, found in lanes.items()]


@functools.cache
def _oldest() -> Select[*tuple[Any, ...]]:
    head, other = aliased(Delivery), aliased(Delivery)
    last = (
        select(other.id)
        .where(other.state == DeliveryState.QUEUED, other.host == head.host)
        .order_by(other.id)
        .limit(1)
        .offset(bindparam("before_last", type_=Integer))
        .scalar_subquery()
    )
    return (
        select(
            Delivery.id,
            Delivery.activity_id,
            Delivery.inbox,
            Delivery.host,
            Delivery.attempts,
            Delivery.error,
            Activity.type,
            Activity.actor_id,
            Activity.post_id,
            func.coalesce(Delivery.turned_at, Activity.created_at),
        )
        .join(head, head.host == Delivery.host)
        .join(Activity, Activity.id == Delivery.activity_id)
        .where(
            head.id.in_(bindparam("heads", expanding=True, type_=BigInteger)),
            Delivery.state == DeliveryState.QUEUED,
            Delivery.id >= head.id,
            Delivery.id <= func.coalesce(last, _LAST_ID),
        )
        .order_by(head.id, Delivery.id)
    )


async def _oldest_of(session: AsyncSession, heads: Sequence[int], per_lane: int) -> list[Claimed]:
    """The deliveries from each of `heads` on, at most `per_lane` of each host, in order."""
    rows = await session.execute(_oldest(), {"heads": list(heads), "before_last": per_lane - 1})
    return [
        Claimed(
            id=id,
            activity_id=activity_id,
            inbox=inbox,
            host=host,
            attempt=attempts + 1,
            type=type,
            actor_id=actor_id,
            queued_at=queued_at,
            is_lasting=breakers.is_lasting(type, post_id),
            is_suspect=attempts > 0 and error == "",
        )
        for id, activity_id, inbox, host, attempts, error, type, actor_id, post_id, queued_at in rows
    ]


def _lane(host: str, deliveries: Sequence[Claimed], peer: Peer | None) -> Lane:
    if peer is None:
        return Lane(host=host, deliveries=tuple(deliveries))
    return Lane(
        host=host,
        deliveries=tuple(deliveries),
        form=peer.signature_form,
        form_at=peer.signature_form_at,
        looked_at=peer.looked_at,
    )


async def bodies(session: AsyncSession, activity_ids: Iterable[int]) -> dict[int, bytes]:
    """The bytes of some activities."""
    rows = await session.execute(select(Activity.id, Activity.body).where(Activity.id.in_(list(activity_ids))))
    return dict(rows.all())


def back_off(attempt: int) -> timedelta:
    """How long after the attempt of that number the next one may be (DLV-5), with jitter."""
    return _wait(attempt) * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - no secret


def _wait(attempt: int) -> timedelta:
    return BACK_OFF[min(attempt, len(BACK_OFF)) - 1]


class Ending(StrEnum):
    """What came of a claimed delivery. AGAIN: it may yet succeed; GONE: the inbox is no more; UNTRIED: given back."""

    DELIVERED = "delivered"
    AGAIN = "again"
    REFUSED = "refused"
    GONE = "gone"
    CANCELLED = "cancelled"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one claimed delivery ended. `form` is the signature form that the host took, where that is news.

    `seconds` is how long an answer took; `is_unreachable`: there was none, because of the network or of the host.
    """

    claimed: Claimed
    ending: Ending
    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None
    form: str | None = None
    seconds: float | None = None
    is_unreachable: bool = False

    @property
    def is_down(self) -> bool:
        """Whether this speaks against the host, and not against the message (DLV-7)."""
        return self.is_unreachable or (self.status is not None and self.status >= 500)


async def note(session: AsyncSession, results: Sequence[Result]) -> None:
    """Write down how deliveries ended; what somebody else has claimed since is left alone."""
    moment = now()
    by_ending: dict[Ending, list[Result]] = {}
    for result in results:
        by_ending.setdefault(result.ending, []).append(result)
    peers = await _peers_of(session, results)
    await _note_delivered(session, by_ending.get(Ending.DELIVERED, ()), moment)
    await _give_back(session, by_ending.get(Ending.UNTRIED, ()), moment)
    with session.no_autoflush:  # each peer is written once, at the end
        for result in results:
            _judge_peer(peers.get(result.claimed.host), result, moment)
        for ending in (Ending.AGAIN, Ending.REFUSED, Ending.GONE, Ending.CANCELLED):
            for result in by_ending.get(ending, ()):
                await _note_failed(session, result, peers.get(result.claimed.host), moment)
    await _note_peers(session, results, peers, moment)


async def _note_delivered(session: AsyncSession, results: Sequence[Result], moment: datetime) -> None:
    groups: dict[tuple[int, int | None], list[int]] = {}
    for result in results:
        groups.setdefault((result.claimed.attempt, result.status), []).append(result.claimed.id)
    for (attempt, status), ids in groups.items():
        await session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.attempts == attempt)
            .values(state=DeliveryState.DELIVERED, status=status, error="", delivered_at=moment)
        )


async def _give_back(session: AsyncSession, results: Sequence[Result], moment: datetime) -> None:
    groups: dict[int, list[int]] = {}
    for result in results:
        groups.setdefault(result.claimed.attempt, []).append(result.claimed.id)
    for attempt, ids in groups.items():
        await session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.attempts == attempt)
            .values(attempts=attempt - 1, next_attempt_at=moment)
        )


async def _note_failed(session: AsyncSession, result: Result, peer: Peer | None, moment: datetime) -> None:
    claimed = result.claimed
    values: dict[str, object] = {"status": result.status, "error": result.error[:ERROR_LIMIT]}
    if result.ending is Ending.CANCELLED:
        values["state"] = DeliveryState.CANCELLED
    elif result.ending is not Ending.AGAIN or _is_too_old(claimed, moment):
        values |= {"state": DeliveryState.FAILED, "turned_at": moment}
    elif result.is_down and peer is not None and peer.held_until is not None:
        values["next_attempt_at"] = peer.held_until  # DLV-7: when the hold is over, this one is the probe
    else:
        values["next_attempt_at"] = moment + max(back_off(claimed.attempt), _asked(result))
    noted = await session.execute(
        update(Delivery)
        .where(Delivery.id == claimed.id, Delivery.attempts == claimed.attempt, Delivery.state == DeliveryState.QUEUED)
        .values(values)
    )
    if not isinstance(noted, CursorResult) or not noted.rowcount:
        return
    if result.status == _FAILED_DEPENDENCY:
        journal.record(session, journal.DependencyFailed(claimed.activity_id, claimed.inbox, claimed.host))
    if result.ending is Ending.GONE:
        await session.execute(  # DLV-8: what else waits for that inbox would find it gone too
            update(Delivery)
            .where(Delivery.inbox == claimed.inbox, Delivery.state == DeliveryState.QUEUED)
            .values(
                state=DeliveryState.FAILED, status=result.status, error=result.error[:ERROR_LIMIT], turned_at=moment
            )
        )
        if peer is not None:
            await breakers.note_gone(session, peer, claimed.inbox)


def _is_too_old(claimed: Claimed, moment: datetime) -> bool:
    longest = breakers.KEEP_TRYING if claimed.is_lasting else breakers.GIVE_UP_AFTER
    return moment - claimed.queued_at > longest


def _asked(result: Result) -> timedelta:
    """How long the host wishes to be left alone, within reason (DLV-6)."""
    return min(result.retry_after or timedelta(0), _DAY)


async def _peers_of(session: AsyncSession, results: Sequence[Result]) -> dict[str, Peer]:
    """The rows of the hosts at which something was tried."""
    hosts = {result.claimed.host for result in results if result.ending not in (Ending.UNTRIED, Ending.CANCELLED)}
    if not hosts:
        return {}
    wanted = select(Peer).where(Peer.host.in_(hosts))
    peers = (await session.scalars(wanted)).all()
    if len(peers) < len(hosts):
        await meet(session, hosts)
        peers = (await session.scalars(wanted)).all()
    return {peer.host: peer for peer in peers}


def _judge_peer(peer: Peer | None, result: Result, moment: datetime) -> None:
    """DLV-7: what one attempt says about the host. That nothing was tried says nothing."""
    if peer is None or result.ending in (Ending.UNTRIED, Ending.CANCELLED):
        return
    if result.seconds is not None:
        breakers.note_latency(peer, result.seconds)
    if result.is_down:
        breakers.note_failure(peer, at=moment, asked=_asked(result))
    elif result.status is not None or result.ending is Ending.DELIVERED:
        breakers.note_answer(peer)


async def _note_peers(
    session: AsyncSession, results: Sequence[Result], peers: Mapping[str, Peer], moment: datetime
) -> None:
    """How each host fares: by the last thing that was tried there."""
    last: dict[str, Result] = {}
    for result in results:
        if result.claimed.host in peers and result.ending not in (Ending.UNTRIED, Ending.CANCELLED):
            last[result.claimed.host] = result
            if result.form is not None:
                peers[result.claimed.host].signature_form = result.form
                peers[result.claimed.host].signature_form_at = moment
    for host, result in last.items():
        peer = peers[host]
        if result.ending is Ending.DELIVERED:
            peer.delivered_at = moment
            peer.next_attempt_at = None
            peer.last_error = ""
        else:
            peer.failed_at = moment
            peer.last_error = result.error[:ERROR_LIMIT]
            with session.no_autoflush:
                peer.next_attempt_at = await _next_of(session, host)
    await session.flush()
    held = [host for host, result in last.items() if result.is_down and breakers.is_open(peers[host])]
    if held:
        await breakers.give_up(session, held)


async def _next_of(session: AsyncSession, host: str) -> datetime | None:
    """When the lane of `host` opens; None when nothing waits in it."""
    return await session.scalar(
        select(Delivery.next_attempt_at)
        .where(Delivery.host == host, Delivery.state == DeliveryState.QUEUED)
        .order_by(Delivery.id)
        .limit(1)
    )


async def form_of(session: AsyncSession, host: str) -> str | None:
    """The form of signature that a host took last, if that is not too long ago to be sure (SIG-24)."""
    values = {"host": host, "since": now() - FORM_MEMORY}
    return await session.scalar(_FORM, values)


_FORM = select(Peer.signature_form).where(
    Peer.host == bindparam("host"), Peer.signature_form_at >= bindparam("since", type_=UtcDateTime)
)


async def meet(session: AsyncSession, hosts: Iterable[str]) -> None:
    """Make sure that there is a row for each server we have to do with."""
    await session.execute(
        insert_into(session, Peer).values([{"host": host} for host in hosts]).on_conflict_do_nothing()
    )


async def recover(session: AsyncSession) -> int:
    """After a crash of the only worker: let what it had in hand be tried at once; how many deliveries that is.

    What was tried more often keeps its place in time, in case it is what kills us.
    """
    found = await session.execute(
        update(Delivery)
        .where(
            Delivery.state == DeliveryState.QUEUED,
            Delivery.attempts.between(1, _RECOVERED),
            Delivery.error == "",
            Delivery.next_attempt_at > now(),
        )
        .values(next_attempt_at=now())
    )
    return found.rowcount if isinstance(found, CursorResult) else 0


async def next_due(session: AsyncSession, *, busy: Iterable[str] = (), retries: bool = True) -> datetime | None:
    """When the next lane opens, except of `busy` hosts; None when nothing waits. Without `retries` only of lanes whose
    first delivery was never tried."""
    return await session.scalar(_next_due(), {"busy": list(busy), "moment": now(), "retries": retries})
