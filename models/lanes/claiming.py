"""Takes lanes: which hosts are due, their oldest deliveries, and the next attempt written before the first is made."""

import functools
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    CursorResult,
    Insert,
    Integer,
    String,
    Table,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import breakers, halts
from models.base import UtcDateTime, insert_for, now
from models.direct import Direct
from models.prepared import padded
from models.tables import Activity, Delivery, DeliveryState, Peer

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720))
LEASE = timedelta(minutes=1)
FORM_MEMORY = timedelta(days=7)
PER_LANE = 20
_RECOVERED = 3
_LAST_ID = 2**63 - 1


class Claimed(Struct, frozen=True, kw_only=True):
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


class Lane(Struct, frozen=True, kw_only=True):
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
_ROWS = cast(Table, Delivery.__table__)  # what a session may know of deliveries is not of use to a worker
_TAKE = Direct(
    update(_ROWS)
    .where(_ROWS.c.id.in_(bindparam("ids", expanding=True)))
    .values(attempts=bindparam("attempt"), next_attempt_at=bindparam("next"), error="")
)
_MANNERS = Direct(
    select(Peer.host, Peer.signature_form, Peer.signature_form_at, Peer.looked_at).where(
        Peer.host.in_(bindparam("hosts", expanding=True))
    )
)
_BODIES = Direct(select(Activity.id, Activity.body).where(Activity.id.in_(bindparam("ids", expanding=True))))


def _heads() -> CTE:
    """Each host's oldest waiting delivery.

    Goes from host to host through the index: what it costs depends on how many hosts wait, not on how much.
    """
    first = (
        select(Delivery.host, Delivery.id, Delivery.next_attempt_at, Delivery.attempts)
        .where(Delivery.state == DeliveryState.QUEUED)
        .order_by(Delivery.host, Delivery.id)
        .limit(1)
        .subquery()
    )
    heads = select(first).cte("heads", recursive=True)
    found, head = aliased(Delivery), aliased(Delivery)
    following = (
        select(found.id)
        .where(found.state == DeliveryState.QUEUED, found.host > heads.c.host)
        .order_by(found.host, found.id)
        .limit(1)
        .scalar_subquery()
    )
    step = select(head.host, head.id, head.next_attempt_at, head.attempts).join_from(heads, head, head.id == following)
    return heads.union_all(step)


def _are_open(heads: CTE) -> tuple[ColumnElement[bool], ...]:
    """Not of `busy` hosts, nor of those whose circuit is open then (DLV-7), nor any while everything is halted."""
    return heads.c.host.not_in(_BUSY), heads.c.host.not_in(breakers.held(_MOMENT)), halts.none()


@functools.cache
def _due() -> Direct:
    heads = _heads()
    is_retried = heads.c.attempts > 0
    rank = func.row_number().over(partition_by=is_retried, order_by=heads.c.id)
    ranks = (
        select(heads.c.id, is_retried.label("is_retried"), rank.label("rank"))
        .where(heads.c.next_attempt_at <= _MOMENT, *_are_open(heads))
        .subquery()
    )
    return Direct(
        select(ranks.c.id)
        .where(~ranks.c.is_retried | (ranks.c.rank <= bindparam("most_retried", type_=Integer)))
        .order_by(ranks.c.id)
        .limit(bindparam("most", type_=Integer))
    )


@functools.cache
def _still_due() -> Direct:
    """Those of some deliveries that nobody has taken meanwhile, and nobody takes before our transaction ends."""
    return Direct(
        select(Delivery.id)
        .where(
            Delivery.id.in_(bindparam("ids", expanding=True, type_=BigInteger)),
            Delivery.state == DeliveryState.QUEUED,
            Delivery.next_attempt_at <= _MOMENT,
        )
        .order_by(Delivery.id)
        .with_for_update(skip_locked=True)
    )


@functools.cache
def _next_due() -> Direct:
    heads = _heads()
    is_wanted = (heads.c.attempts == 0) | bindparam("retries", type_=Boolean)
    return Direct(select(func.min(heads.c.next_attempt_at)).where(is_wanted, *_are_open(heads)))


_SHARED_FROM = 32
"""Of more lanes than these a process that has none takes half, so that another has work too; what is less is sent
sooner than another has begun."""


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
    in_hand = padded(busy)
    taken = [number for [number] in await _due()(session, {"busy": in_hand, "moment": moment, **most})]
    if taken and session.get_bind().dialect.name == "postgresql":  # SQLite has one writer, and that is this one
        if not in_hand and len(taken) > _SHARED_FROM:
            taken = random.sample(taken, (len(taken) + 1) // 2)
        still = await _still_due()(session, {"ids": padded(taken), "moment": moment})
        taken = [number for [number] in still]
    if not taken:
        return []
    claimed = await _oldest_of(session, taken, per_lane)
    lanes: dict[str, list[Claimed]] = {}
    attempts: dict[int, list[int]] = {}
    for one in claimed:
        lanes.setdefault(one.host, []).append(one)
        attempts.setdefault(one.attempt, []).append(one.id)
    for attempt, ids in attempts.items():
        next_attempt_at = moment + max(wait_after(attempt), LEASE)
        await _TAKE(session, {"ids": padded(ids), "attempt": attempt, "next": next_attempt_at})
    peers: dict[str, Any] = {row[0]: row for row in await _MANNERS(session, {"hosts": padded(lanes)})}
    return [_lane(host, found, peers.get(host)) for host, found in lanes.items()]


@functools.cache
def _oldest() -> Direct:
    head, other = aliased(Delivery), aliased(Delivery)
    last = (
        select(other.id)
        .where(other.state == DeliveryState.QUEUED, other.host == head.host)
        .order_by(other.id)
        .limit(1)
        .offset(bindparam("before_last", type_=Integer))
        .scalar_subquery()
    )
    return Direct(
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
    rows = await _oldest()(session, {"heads": padded(heads), "before_last": per_lane - 1})
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


def _lane(host: str, deliveries: Sequence[Claimed], peer: Any) -> Lane:
    if peer is None:
        return Lane(host=host, deliveries=tuple(deliveries))
    _, form, form_at, looked_at = peer
    return Lane(
        host=host,
        deliveries=tuple(deliveries),
        form=form,
        form_at=form_at,
        looked_at=looked_at,
    )


async def bodies(session: AsyncSession, activity_ids: Iterable[int]) -> dict[int, bytes]:
    """The bytes of some activities."""
    return dict(await _BODIES(session, {"ids": padded(activity_ids)}))


def wait_after(attempt: int) -> timedelta:
    """How long after the attempt of that number the next one may be, without jitter."""
    return BACK_OFF[min(attempt, len(BACK_OFF)) - 1]


async def forms_of(session: AsyncSession, hosts: Iterable[str]) -> dict[str, str]:
    """The form of signature that each of `hosts` took last, if that is not too long ago to be sure (SIG-24)."""
    rows = await session.execute(_FORMS, {"hosts": padded(hosts), "since": now() - FORM_MEMORY})
    return {host: form for host, form in rows if form is not None}


_FORMS = select(Peer.host, Peer.signature_form).where(
    Peer.host.in_(bindparam("hosts", expanding=True)),
    Peer.signature_form_at >= bindparam("since", type_=UtcDateTime),
)


async def meet(session: AsyncSession, hosts: Iterable[str]) -> None:
    """Make sure that there is a row for each server we have to do with."""
    await session.execute(_meeting(session.get_bind().dialect.name), [{"host": host} for host in sorted(set(hosts))])


@functools.cache
def _meeting(dialect: str) -> Insert:
    return insert_for(dialect, cast(Table, Peer.__table__)).on_conflict_do_nothing()


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
    [[due]] = await _next_due()(session, {"busy": padded(busy), "moment": now(), "retries": retries})
    return cast("datetime | None", due)
