"""Notes how deliveries ended, many in one transaction, and what that says about their hosts."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import CursorResult, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import breakers, journal
from models.base import now
from models.direct import Direct
from models.lanes.claiming import Claimed, meet, wait_after
from models.prepared import padded
from models.tables import Delivery, DeliveryState, Peer

_ERROR_LIMIT = 500
_JITTER = 0.2
_DAY = timedelta(days=1)
_FAILED_DEPENDENCY = 424
_ROWS = cast(Table, Delivery.__table__)
_PEERS = cast(Table, Peer.__table__)
_OURS = (_ROWS.c.id.in_(bindparam("ids", expanding=True)), _ROWS.c.attempts == bindparam("attempt"))
_DELIVERED = Direct(
    update(_ROWS)
    .where(*_OURS)
    .values(state=DeliveryState.DELIVERED, status=bindparam("answer"), error="", delivered_at=bindparam("at"))
)
_GIVEN_BACK = update(_ROWS).where(*_OURS).values(attempts=bindparam("former"), next_attempt_at=bindparam("at"))
_LATENCIES = Direct(select(Peer.host, Peer.latency).where(Peer.host.in_(bindparam("hosts", expanding=True))))
_TAKES: dict[str, Any] = {
    "delivered_at": bindparam("at"),
    "latency": bindparam("mean"),
    "next_attempt_at": None,
    "last_error": "",
    "failures": 0,
    "failing_since": None,
    "held_until": None,
    "gone_at": None,
}
_IS_HOST = _PEERS.c.host == bindparam("of")
_TOOK = Direct(update(_PEERS).where(_IS_HOST).values(_TAKES))
_TOOK_FORM = Direct(
    update(_PEERS)
    .where(_IS_HOST)
    .values({**_TAKES, "signature_form": bindparam("form"), "signature_form_at": bindparam("at")})
)


class Ending(StrEnum):
    """What came of a claimed delivery. AGAIN: it may yet succeed; GONE: the inbox is no more; UNTRIED: given back."""

    DELIVERED = "delivered"
    AGAIN = "again"
    REFUSED = "refused"
    GONE = "gone"
    CANCELLED = "cancelled"
    UNTRIED = "untried"


class Result(Struct, frozen=True, kw_only=True):
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
    await _note_delivered(session, by_ending.get(Ending.DELIVERED, ()), moment)
    await _give_back(session, by_ending.get(Ending.UNTRIED, ()), moment)
    tried = [result for result in results if result.ending not in (Ending.UNTRIED, Ending.CANCELLED)]
    troubled = {result.claimed.host for result in tried if result.ending is not Ending.DELIVERED}
    await _note_takers(session, [result for result in tried if result.claimed.host not in troubled], moment)
    rest = [result for result in tried if result.claimed.host in troubled]
    peers = await _peers_of(session, troubled)
    with session.no_autoflush:  # each peer is written once, at the end
        for result in rest:
            _judge_peer(peers[result.claimed.host], result, moment)
        for ending in (Ending.AGAIN, Ending.REFUSED, Ending.GONE, Ending.CANCELLED):
            for result in by_ending.get(ending, ()):
                await _note_failed(session, result, peers.get(result.claimed.host), moment)
    await _note_peers(session, rest, peers, moment)


async def _note_delivered(session: AsyncSession, results: Sequence[Result], moment: datetime) -> None:
    groups: dict[tuple[int, int | None], list[int]] = {}
    for result in results:
        groups.setdefault((result.claimed.attempt, result.status), []).append(result.claimed.id)
    for (attempt, status), ids in groups.items():
        await _DELIVERED(session, {"ids": padded(ids), "attempt": attempt, "answer": status, "at": moment})


async def _give_back(session: AsyncSession, results: Sequence[Result], moment: datetime) -> None:
    groups: dict[int, list[int]] = {}
    for result in results:
        groups.setdefault(result.claimed.attempt, []).append(result.claimed.id)
    for attempt, ids in groups.items():
        await session.execute(
            _GIVEN_BACK, {"ids": padded(ids), "attempt": attempt, "former": attempt - 1, "at": moment}
        )


async def _note_takers(session: AsyncSession, results: Sequence[Result], moment: datetime) -> None:
    """How hosts fare that took everything: most do, so they are written as rows, in one order for all processes."""
    by_host: dict[str, list[Result]] = {}
    for result in results:
        by_host.setdefault(result.claimed.host, []).append(result)
    if not by_host:
        return
    wanted = {"hosts": padded(by_host)}
    means: dict[str, float | None] = dict(await _LATENCIES(session, wanted))
    if len(means) < len(by_host):
        await meet(session, by_host)
        means = dict(await _LATENCIES(session, wanted))
    as_before, in_new_form = [], []
    for host in sorted(by_host):
        mean, form = means[host], None
        for result in by_host[host]:
            mean = mean if result.seconds is None else breakers.mean_latency(mean, result.seconds)
            form = result.form or form
        row = {"of": host, "at": moment, "mean": mean}
        if form is None:
            as_before.append(row)
        else:
            in_new_form.append({**row, "form": form})
    for statement, rows in ((_TOOK, as_before), (_TOOK_FORM, in_new_form)):
        if rows:
            await statement.for_each(session, rows)


def back_off(attempt: int) -> timedelta:
    """How long after the attempt of that number the next one may be (DLV-5), with jitter."""
    return wait_after(attempt) * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - no secret


async def _note_failed(session: AsyncSession, result: Result, peer: Peer | None, moment: datetime) -> None:
    claimed = result.claimed
    values: dict[str, object] = {"status": result.status, "error": result.error[:_ERROR_LIMIT]}
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
                state=DeliveryState.FAILED, status=result.status, error=result.error[:_ERROR_LIMIT], turned_at=moment
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


async def _peers_of(session: AsyncSession, hosts: Collection[str]) -> dict[str, Peer]:
    """The rows of some hosts."""
    if not hosts:
        return {}
    wanted = select(Peer).where(Peer.host.in_(hosts))
    peers = (await session.scalars(wanted)).all()
    if len(peers) < len(hosts):
        await meet(session, hosts)
        peers = (await session.scalars(wanted)).all()
    return {peer.host: peer for peer in peers}


def _judge_peer(peer: Peer, result: Result, moment: datetime) -> None:
    """DLV-7: what one attempt says about the host."""
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
            peer.last_error = result.error[:_ERROR_LIMIT]
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
