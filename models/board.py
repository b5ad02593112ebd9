"""How we stand with every server: what waits for it and since when, what was given up, and when it is tried next."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import breakers, policy
from models.base import now
from models.breakers import Condition
from models.tables import Activity, Delivery, DeliveryState, Partner, PartnerState, Peer
from models.viewers import Staff

_URGENCY = (
    Condition.GONE,
    Condition.SLEEPING,
    Condition.HELD,
    Condition.FALTERING,
    Condition.UNKNOWN,
    Condition.WORKING,
)


class Standing(Struct, frozen=True, kw_only=True):
    """One server. `oldest` is since when the first in its queue waits, `next_attempt` when that is tried.

    `is_put_off`: it answers, but would not take the first in its queue yet. `has_refused`: it answers, but what it got
    last it would not have, and some of that was given up.
    """

    host: str
    name: str
    condition: Condition
    is_suspended: bool = False
    is_put_off: bool = False
    has_refused: bool = False
    queued: int = 0
    oldest: datetime | None = None
    next_attempt: datetime | None = None
    dead: int = 0
    peer: Peer | None = None
    partner_id: int | None = None


async def standings(session: AsyncSession, *, by: Staff | None = None) -> Sequence[Standing]:
    """Every partner and every server that something was or is to be sent to; those in trouble first.

    Raises:
        NotAllowed: `by` is no admin; None is the command line.
    """
    policy.must_administer(by)
    moment = now()
    waiting = await _waiting(session)
    dead = await _counts(session, DeliveryState.FAILED)
    partners = {partner.host: partner for partner in await session.scalars(select(Partner))}
    hosts = [*waiting, *dead, *partners]
    met = or_(Peer.host.in_(hosts), Peer.delivered_at.is_not(None), Peer.failed_at.is_not(None))
    peers = {peer.host: peer for peer in await session.scalars(select(Peer).where(met))}
    found = [
        _standing(
            host,
            peers.get(host),
            partners.get(host),
            queue=waiting.get(host),
            dead=dead.get(host, 0),
            moment=moment,
        )
        for host in {*hosts, *peers}
    ]
    return sorted(found, key=_urgency)


class _Queue(Struct, frozen=True):
    count: int
    oldest: datetime
    next_attempt: datetime
    attempts: int


async def _waiting(session: AsyncSession) -> dict[str, _Queue]:
    """The queue of each host: its length, and what we know of the first in it."""
    lanes = (
        select(Delivery.host, func.count().label("count"), func.min(Delivery.id).label("first"))
        .where(Delivery.state == DeliveryState.QUEUED)
        .group_by(Delivery.host)
        .subquery()
    )
    rows = await session.execute(
        select(
            lanes.c.host,
            lanes.c.count,
            func.coalesce(Delivery.turned_at, Activity.created_at),
            Delivery.next_attempt_at,
            Delivery.attempts,
        )
        .join(Delivery, Delivery.id == lanes.c.first)
        .join(Activity, Activity.id == Delivery.activity_id)
    )
    return {host: _Queue(*facts) for host, *facts in rows}


async def _counts(session: AsyncSession, state: DeliveryState) -> dict[str, int]:
    rows = await session.execute(
        select(Delivery.host, func.count()).where(Delivery.state == state).group_by(Delivery.host)
    )
    return dict(rows.all())


def _standing(
    host: str, peer: Peer | None, partner: Partner | None, *, queue: _Queue | None, dead: int, moment: datetime
) -> Standing:
    condition = breakers.condition(peer, at=moment)
    held_until = peer.held_until if peer is not None else None
    next_attempt = None
    if queue is not None and condition is not Condition.GONE:
        next_attempt = max(queue.next_attempt, held_until or queue.next_attempt)
    answers = condition in (Condition.WORKING, Condition.UNKNOWN)
    return Standing(
        host=host,
        name=(partner.name if partner is not None else "") or (peer.name if peer is not None else "") or host,
        condition=condition,
        is_suspended=partner is not None and partner.state is PartnerState.SUSPENDED,
        is_put_off=answers and queue is not None and queue.attempts > 0 and queue.next_attempt > moment,
        has_refused=answers and dead > 0 and peer is not None and bool(peer.last_error) and queue is None,
        queued=queue.count if queue is not None else 0,
        oldest=queue.oldest if queue is not None else None,
        next_attempt=next_attempt,
        dead=dead,
        peer=peer,
        partner_id=partner.id if partner is not None else None,
    )


def _urgency(standing: Standing) -> tuple[bool, int, bool, int, str]:
    return (
        standing.is_suspended,
        _URGENCY.index(standing.condition),
        standing.dead == 0,
        -standing.queued,
        standing.name.casefold(),
    )
