"""The worker that empties the queue."""

import asyncio
import functools
import itertools
import logging
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct

from federation import decisions, peers
from federation.delivery import whereabouts
from federation.delivery.admission import Admission
from federation.delivery.courier import Attempt, Parcel, deliver
from federation.delivery.signing import Signing
from federation.memory import Fading
from federation.wire import Wire
from models import audit, lanes
from models.base import now
from models.lanes import Claimed, Ending, Lane, Result

log = logging.getLogger(__name__)

LANE_SECONDS = 15.0
"""After that a lane begins no further request, so that it ends well within `lanes.LEASE`, second knocks included."""
SOON = timedelta(seconds=3)
"""`drain` takes as due what will be within this time."""
_PACE_SECONDS = 0.02
_POLL_SECONDS = 2.0
_PAUSE_SECONDS = 5.0
_PARTING_SECONDS = 3.0
_PROBE_FROM = 2
_RETRIED_SHARE = 4
"""One lane in so many may be that of a host that did not take the last thing: it may take all the time we give it."""
_LOOKS_AT_ONCE = 4
_MOST_UNSEEN = 5000
QUIET_SECONDS = 5.0
UNSEEN_SECONDS = 60.0
"""Who took something is looked at when nothing was to be sent for a while, or when they have waited long for that."""
_FAULTS = 5
"""So often a delivery may end us, or meet a fault of ours, before it is given up and its neighbours go on."""
_ASK_AGAIN_AFTER = timedelta(minutes=10)


class _Work(Struct):
    """A lane on its way, with the bytes of its activities."""

    lane: Lane
    parcels: dict[int, Parcel]
    taken_at: float


class Sender:
    """Sends the deliveries of one instance; any number of these share the work on PostgreSQL.

    `looks` says whether servers that took something are looked at for how they describe themselves.
    """

    def __init__(self, wire: Wire, *, looks: bool = True) -> None:
        self._wire = wire
        self._database = wire.database
        self._admission = Admission(wire.database)
        self._ready: deque[_Work] = deque()
        self._active: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._retried: set[str] = set()
        self._results: list[Result] = []
        self._parcels: WeakValueDictionary[int, Parcel] = WeakValueDictionary()
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._due: datetime | None = None
        self._looks = looks
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._unseen: dict[str, float] = {}
        self._sent_at = 0.0
        self._asked: Fading[str, bool] = Fading(_ASK_AGAIN_AFTER, limit=4096)
        self._signing = Signing()

    async def run(self, stop: asyncio.Event) -> None:
        """Send whatever is due until `stop` is set; then end the requests under way and give the rest back."""
        self._is_stopping = False
        stopping: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        is_recovered = False
        try:
            while not stop.is_set():
                seen = self._database.queued.count
                try:
                    if not is_recovered:
                        await self._recover()
                        is_recovered = True
                    await self._turn()
                except Exception:  # the database may be away: what was taken comes back by its lease
                    log.exception("delivery queue not reached")
                    await asyncio.wait({stopping}, timeout=_PAUSE_SECONDS)
                    continue
                self._look_around()
                await self._rest(seen, stopping)
        finally:
            stopping.cancel()
            await self._finish()

    async def drain(self) -> None:
        """Send everything that is due now or within a few seconds, and wait until it is noted."""
        while True:
            was_busy = await self._turn(ahead=SOON)
            if not was_busy and not self._active and not self._results:
                break
            if self._active:
                await asyncio.wait(self._active, return_when=asyncio.FIRST_COMPLETED)
        while self._looking or (self._unseen and not self._is_stopping):
            self._look_around(at_once=True)
            await asyncio.gather(*self._looking.values())

    async def close(self) -> None:
        """End what signs beside us; a sender that ran is closed by its end."""
        await self._signing.close()

    # Taking and noting

    async def _recover(self) -> None:
        """Only one process works on SQLite: what it had in hand when it ended is nobody else's."""
        if self._database.is_sqlite:
            async with self._database.writing() as session:
                count = await lanes.recover(session)
            if count:
                log.info("deliveries recovered", extra={"count": count})

    async def _turn(self, *, ahead: timedelta = timedelta(0)) -> bool:
        """Note what ended and take what is due, in one transaction; False when there was nothing to do."""
        room = 0 if self._is_stopping else max(self._wire.deliveries_at_once - len(self._ready), 0)
        self._due = None
        moment = now() + ahead
        if not self._results:  # only asking costs less than a transaction
            if room == 0:
                return False
            async with self._database.reading() as session:
                self._due = await lanes.next_due(session, busy=self._taken(), retries=self._retry_room() > 0)
            if self._due is None or self._due > moment:
                return False
        results, self._results = self._results, []
        try:
            taken = await self._exchange(results, room, moment)
        except BaseException:
            self._results[:0] = results
            raise
        self._ready.extend(taken)
        self._start()
        self._due = moment  # what was noted may have opened a lane
        return True

    async def _exchange(self, results: list[Result], room: int, moment: datetime) -> list[_Work]:
        async with self._database.writing() as session:
            await lanes.note(session, results)
            if room <= 0:
                return []
            taken = await lanes.claim(session, limit=room, retried=self._retry_room(), busy=self._taken(), at=moment)
            wanted = {claimed.activity_id for lane in taken for claimed in lane.deliveries}
            parcels = {number: self._parcels[number] for number in wanted if number in self._parcels}
            missing = wanted - set(parcels)
            if missing:
                found = await lanes.bodies(session, missing)
                parcels |= {number: Parcel(body) for number, body in found.items()}
        self._parcels.update(parcels)
        self._retried.update(lane.host for lane in taken if lane.is_retried)
        return [
            _Work(lane, {claimed.activity_id: parcels[claimed.activity_id] for claimed in lane.deliveries}, monotonic())
            for lane in taken
        ]

    def _taken(self) -> set[str]:
        return self._busy | {work.lane.host for work in self._ready}

    def _retry_room(self) -> int:
        return max(1, self._wire.deliveries_at_once // _RETRIED_SHARE) - len(self._retried)

    def _start(self) -> None:
        while self._ready and len(self._active) < self._wire.deliveries_at_once:
            work = self._ready.popleft()
            self._busy.add(work.lane.host)
            task = asyncio.create_task(self._send(work), name=f"lane {work.lane.host}")
            self._active.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._active.discard(task)
        self._woken.set()
        if not self._is_stopping:
            self._start()

    async def _rest(self, seen: int, stopping: asyncio.Future[Any]) -> None:
        """Wait until a lane ends, something is queued, something comes due, or the end."""
        seconds = _POLL_SECONDS
        if self._due is not None:
            seconds = min(max((self._due - now()).total_seconds(), 0.0), _POLL_SECONDS)
        if self._results:
            seconds = min(seconds, _PACE_SECONDS)
        if self._unseen:
            seconds = min(seconds, QUIET_SECONDS)
        changed: asyncio.Future[Any] = asyncio.ensure_future(self._database.queued.wait(seen, at_most=seconds))
        woken: asyncio.Future[Any] = asyncio.ensure_future(self._woken.wait())
        await asyncio.wait({changed, woken, stopping}, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        woken.cancel()
        await asyncio.gather(changed, woken, return_exceptions=True)
        if self._woken.is_set():
            self._woken.clear()
            await asyncio.sleep(_PACE_SECONDS)  # let more lanes end: their results share a transaction

    async def _finish(self) -> None:
        self._is_stopping = True
        for work in self._ready:
            self._give_back(work.lane.deliveries)
        self._ready.clear()
        self._retried.clear()
        for looking in self._looking.values():
            looking.cancel()
        if self._active:
            _, late = await asyncio.wait(self._active, timeout=_PARTING_SECONDS)
            for task in late:  # whether that one arrived nobody knows: it is sent again
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*self._looking.values(), return_exceptions=True)
        if self._results:
            try:
                await self._turn()
            except Exception:
                log.exception("delivery results not written", extra={"count": len(self._results)})
        await self.close()

    # Sending

    async def _send(self, work: _Work) -> None:
        """Send a lane's deliveries in order until one must wait."""
        lane = work.lane
        waiting = deque(lane.deliveries)
        try:
            while waiting:
                if self._is_stopping or monotonic() - work.taken_at > LANE_SECONDS:
                    break
                if not await self._admission.admits(lane.host):
                    for claimed in waiting:
                        number = str(claimed.activity_id)
                        decisions.note(
                            self._wire, audit.NOT_SENT, host=lane.host, rule="B2B-2", delivery=number, type=claimed.type
                        )
                    self._results += [
                        Result(claimed=claimed, ending=Ending.CANCELLED, error="not a partner") for claimed in waiting
                    ]
                    waiting.clear()
                    break
                if not await self._send_next(work, waiting):
                    break
        except Exception:
            log.exception("lane failed", extra={"host": lane.host})
            waiting.clear()  # they come back by their lease, with the attempt counted
        finally:
            self._give_back(waiting)
            self._busy.discard(lane.host)
            self._retried.discard(lane.host)

    async def _send_next(self, work: _Work, waiting: deque[Claimed]) -> bool:
        """Send the first of `waiting`; whether the lane goes on."""
        first = await self._attempt(work, waiting.popleft())
        if first.is_unanswered and first.result.claimed.attempt >= _PROBE_FROM and waiting:
            # One server never answers about what it cannot process: it would hold up its own lane for days. If it
            # answers about the next one, the first is given up.
            second = await self._attempt(work, waiting.popleft())
            if second.was_answered:
                claimed = first.result.claimed
                first = Attempt(Result(claimed=claimed, ending=Ending.REFUSED, error="no answer, others get one"))
            self._results += [first.result, second.result]
            return second.result.ending is not Ending.AGAIN
        self._results.append(first.result)
        # what is gone ends the lane too: whether its neighbours are, is decided where the result is noted (DLV-8)
        return first.result.ending not in (Ending.AGAIN, Ending.GONE)

    async def _attempt(self, work: _Work, claimed: Claimed) -> Attempt:
        if claimed.is_suspect and claimed.attempt > _FAULTS:
            log.error("delivery given up that never ended", extra={"host": claimed.host, "delivery": claimed.id})
            return Attempt(Result(claimed=claimed, ending=Ending.REFUSED, error="never came to an end here"))
        try:
            made = await deliver(self._wire, self._signing, work.lane, claimed, work.parcels[claimed.activity_id])
        except Exception as error:
            log.exception("delivery met a fault of ours", extra={"host": claimed.host, "delivery": claimed.id})
            ending = Ending.AGAIN if claimed.attempt < _FAULTS else Ending.REFUSED
            return Attempt(Result(claimed=claimed, ending=ending, error=f"fault here: {type(error).__name__}"))
        result = made.result
        if result.ending is Ending.DELIVERED:
            self._look_at(work.lane)
        else:
            facts = {"host": claimed.host, "status": result.status, "attempt": claimed.attempt, "why": result.ending}
            log.info("delivery failed", extra=facts)
            if whereabouts.is_in_doubt(result):
                self._ask_for(claimed)
        return made

    def _give_back(self, claimed: Iterable[Claimed]) -> None:
        self._results += [Result(claimed=one, ending=Ending.UNTRIED) for one in claimed]

    # Looking at who took something

    def _look_at(self, lane: Lane) -> None:
        """Note who is to be looked at: never while there is something to send, if that can be helped."""
        self._sent_at = monotonic()
        if self._looks and peers.is_stale(lane.looked_at) and len(self._unseen) < _MOST_UNSEEN:
            self._unseen.setdefault(lane.host, self._sent_at)

    def _look_around(self, *, at_once: bool = False) -> None:
        """Look at some of them, the one that waits longest first, when it is time to."""
        moment = monotonic()
        is_quiet = at_once or (not self._active and moment - self._sent_at >= QUIET_SECONDS)
        for host, since in list(itertools.islice(self._unseen.items(), _LOOKS_AT_ONCE)):
            is_due = is_quiet or moment - since >= UNSEEN_SECONDS
            if self._is_stopping or len(self._looking) >= _LOOKS_AT_ONCE or not is_due:
                break
            del self._unseen[host]
            if host not in self._looking:
                task = asyncio.create_task(self._look(host), name=f"look at {host}")
                self._looking[host] = task
                task.add_done_callback(functools.partial(self._looked, host))

    def _looked(self, host: str, _task: "asyncio.Task[None]") -> None:
        self._looking.pop(host, None)
        if self._unseen:
            self._woken.set()

    async def _look(self, host: str) -> None:
        try:
            await peers.look(self._wire, host)
        except Exception:
            log.exception("server not looked at", extra={"host": host})

    def _ask_for(self, claimed: Claimed) -> None:
        """Find out where an inbox is that is not where it was (DLV-3, DLV-8)."""
        if self._is_stopping or len(self._looking) >= _LOOKS_AT_ONCE or self._asked.get(claimed.inbox):
            return
        self._asked.put(claimed.inbox, True)
        task = asyncio.create_task(self._ask(claimed), name=f"ask for {claimed.inbox}")
        self._looking[claimed.inbox] = task
        task.add_done_callback(lambda _: self._looking.pop(claimed.inbox, None))

    async def _ask(self, claimed: Claimed) -> None:
        try:
            await whereabouts.ask(self._wire, claimed)
        except Exception:
            log.exception("inbox not asked for", extra={"host": claimed.host})
