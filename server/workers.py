"""What runs beside the requests: journal consumers, the inbox's processor, the sender, keys, the clock, the sweeper.

All of it can be stopped at any moment and picks up where it was, because its state is in the database alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from federation import link_cards as pages
from federation import outbox, rotation
from federation.delivery import Sender
from federation.inbox import Processor
from federation.push import Pusher
from federation.upkeep.worker import Upkeep
from federation.wire import Wire
from models import (
    actors,
    announcements,
    breakers,
    dead_letters,
    link_cards,
    media,
    mutes,
    notifications,
    polls,
    pushes,
    scheduled,
    trigrams,
)
from models.base import now
from models.journal import Reader
from models.written import tables_named
from server.copies import RemoteFiles
from server.link_cards import Wishes
from server.newest import Newest

log = logging.getLogger(__name__)

_POLL_SECONDS = 2.0
_PACE_SECONDS = 0.04
"""So long a consumer leaves what comes meanwhile to its next round: each has its own questions and its transaction."""
_SWEEP_SECONDS = 3600.0
_CLOCK_SECONDS = 15.0
_TEXTS_SECONDS = 30.0
_ROUNDS = 50
_KEYS_AT_ONCE = 8
_KEYS_SECONDS = 0.5
_SPEAKERS = actors.speakers_without_keys(limit=_KEYS_AT_ONCE)
_SPEAKERS_FOLLOW_FROM = tables_named(str(_SPEAKERS))
_CARDS_SECONDS = 5.0
_COUNT_SECONDS = 10.0
_CLOCKS = (polls, scheduled, announcements)
"""What has a time at which something happens: each says when, and does it."""


class Runtime:
    """Runs the background of one instance between `start()` and `stop()`."""

    def __init__(
        self, wire: Wire, *, media_directory: Path, copies: RemoteFiles, wishes: Wishes, pusher: Pusher
    ) -> None:
        self._wire = wire
        self._database = wire.database
        self._media_directory = media_directory
        self._newest = Newest(wire.database, media_directory)
        self._copies = copies
        self._wishes = wishes
        self.pusher = pusher
        consumers = [notifications.CONSUMER, outbox.consumer(wire.keys)]
        if wire.database.instance.push.enabled:
            consumers.append(pushes.CONSUMER)
        self.readers = [Reader(wire.database, consumer) for consumer in consumers]
        self.processor = Processor(wire)
        self.sender = Sender(wire)
        self.upkeep = Upkeep(wire)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._newest.compare()
        await self._database.listen()
        jobs = [
            *(self._read(reader) for reader in self.readers),
            self.processor.run(self._stopping),
            self.sender.run(self._stopping),
            self.upkeep.run(self._stopping),
            self.pusher.run(self._stopping),
            self._sweep(),
            self._cut_keys(),
            self._strike(),
            self._ask_pages(),
            self._take_in_texts(),
        ]
        if not self._database.is_sqlite:
            jobs += [self._count(), self._listen()]
        self._tasks = [asyncio.create_task(job) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self) -> None:
        """End everything; what is under way is finished or will be done again."""
        self._stopping.set()
        self._database.changed.set()
        _, late = await asyncio.wait(self._tasks, timeout=5) if self._tasks else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def settle(self) -> None:
        """Run everything until nothing moves any more; for tests, where nothing runs by itself."""
        for _ in range(_ROUNDS):
            told = self._told
            moved = 0
            for reader in self.readers:
                moved += await reader.catch_up()
            moved += await self.processor.drain()
            await self.sender.drain()
            if moved:
                continue
            moved = await self._due() + await self.upkeep.drain() + await self._pages() + await self.pusher.drain()
            if not moved and self._told == told:
                for reader in self.readers:
                    await reader.save()
                return
        raise RuntimeError("the background does not come to rest")

    @property
    def _told(self) -> tuple[int, ...]:
        """How often anybody was told that there is something to do."""
        return self._database.changed.count, self._database.queued.count, self._database.arrived.count

    async def _read(self, reader: Reader) -> None:
        changed = self._database.changed
        saved_at = monotonic()
        while True:
            seen, began = changed.count, monotonic()
            is_last = self._stopping.is_set()
            try:
                await reader.catch_up()
                if is_last or monotonic() - saved_at >= _POLL_SECONDS:
                    await reader.save()
                    saved_at = monotonic()
            except Exception:
                log.exception("consumer failed", extra={"consumer": reader.consumer.name})
                await self._pause(_POLL_SECONDS)
            if is_last:
                return
            await changed.wait(seen, at_most=_POLL_SECONDS)
            await asyncio.sleep(max(0.0, began + _PACE_SECONDS - monotonic()))

    async def _strike(self) -> None:
        """Do what is due at its time; the times are in the database, so that none is forgotten or kept twice."""
        while not self._stopping.is_set():
            wait = _CLOCK_SECONDS
            try:
                if await self._due():
                    continue
                await self._newest.remember()
                async with self._database.reading() as session:
                    for clock in _CLOCKS:
                        due = await clock.next_strike(session)
                        if due is not None:
                            wait = min(wait, max(0.0, (due - now()).total_seconds()))
            except Exception:
                log.exception("what is due could not be done")
            await self._pause(wait)

    async def _due(self) -> int:
        done = 0
        for clock in _CLOCKS:
            async with self._database.reading() as session:
                due = await clock.next_strike(session)
            if due is not None and due <= now():
                async with self._database.writing() as session:
                    done += await clock.strike(session)
        return done

    async def _sweep(self) -> None:
        while not self._stopping.is_set():
            try:
                async with self._database.writing() as session:
                    names = await media.sweep(session)
                    await breakers.give_up(session)
                    await dead_letters.sweep(session)
                    await rotation.finish(session, self._wire.keys)
                    await link_cards.sweep(session)
                    await mutes.sweep(session)
                await asyncio.to_thread(self._remove, names)
                await self._copies.sweep()
            except Exception:
                log.exception("sweeping failed")
            await self._pause(_SWEEP_SECONDS)

    async def _listen(self) -> None:
        """Hear of the commits of other processes again after PostgreSQL was away."""
        while not self._stopping.is_set():
            try:
                await self._database.listen()
            except Exception:
                log.warning("the database cannot be listened to", exc_info=True)
            await self._pause(_POLL_SECONDS)

    async def _count(self) -> None:
        """Let PostgreSQL know of tables that grew fast."""
        from models import postgresql

        while not self._stopping.is_set():
            try:
                await postgresql.count_rows(self._database.engine)
            except Exception:
                log.exception("tables could not be counted")
            await self._pause(_COUNT_SECONDS)

    async def _ask_pages(self) -> None:
        """Ask the pages whose cards somebody missed, soon after; and those again that did not answer."""
        while not self._stopping.is_set():
            try:
                await self._pages()
            except Exception:
                log.exception("link cards failed")
            stopping = asyncio.create_task(self._stopping.wait())
            noted = asyncio.create_task(self._wishes.noted.wait())
            await asyncio.wait((stopping, noted), timeout=_CARDS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            noted.cancel()

    async def _take_in_texts(self) -> None:
        """Put what was written lately into the index of search, many at a time; until then it is found all the same."""
        try:
            await trigrams.complete(self._database)
        except Exception:
            log.exception("the index of search could not be made")
        while not self._stopping.is_set():
            try:
                async with self._database.reading() as session:
                    waits = await trigrams.waits(session)
                if waits:
                    async with self._database.writing() as session:
                        await trigrams.take_in(session)
            except Exception:
                log.exception("what was written could not be made quick to find")
                waits = False
            await self._pause(_PACE_SECONDS if waits else _TEXTS_SECONDS)

    async def _pages(self) -> int:
        wanted = self._wishes.take()
        if wanted:
            async with self._database.writing() as session:
                await link_cards.want(session, wanted)
        return await pages.ask_due(self._wire)

    async def _cut_keys(self) -> None:
        """Make key pairs before they are needed: making one takes a tenth of a second, and a partner waits for it."""
        looked_at: object = None
        while not self._stopping.is_set():
            seen, speakers = self._database.changed.count, []
            try:
                moment = (await self._database.moment()).of(_SPEAKERS_FOLLOW_FROM)
                if moment != looked_at:
                    async with self._database.reading() as session:
                        speakers = list(await session.scalars(_SPEAKERS))
                    looked_at = moment
                for actor_id in speakers:
                    await self._wire.keys.ensure(self._database, actor_id)
            except Exception:
                log.exception("making keys failed")
                looked_at = None
                await self._pause(_POLL_SECONDS)
                continue
            if len(speakers) < _KEYS_AT_ONCE:
                await self._database.changed.wait(seen, at_most=_SWEEP_SECONDS)
                await self._pause(_KEYS_SECONDS)

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self._media_directory / name).unlink(missing_ok=True)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background task ended", exc_info=task.exception())
