"""What much that waits, and hosts that never answer, cost the deliveries that can be made."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

from aiohttp import web
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from federation.delivery import Sender
from models import lanes
from models.base import new_id, now
from models.database import Database
from models.instance import Instance, Mode
from models.lanes import Ending, Result
from models.tables import Activity, Delivery, Peer
from tests.federation.receiver import fetcher_of, wire_of
from tests.world import Person, hire

_WAITING = 100_000
_DUE = 1000
_DOWN = (20, 980)
"""Behind so many hosts wait a hundred thousand, and as many again behind so many others."""
_AT_ONCE = 256
_AT_A_TIME = 10_000
_HOSTS = 200
_SILENT_SHARE = 20
_TURNS = 7

Row = Callable[[str, float, str], None]


async def waiting(database_url: str, row: Row) -> None:
    """Deliveries taken and noted, nothing sent, while others wait behind hosts that are down."""
    database = _open(database_url)
    try:
        ada = await hire(database, "ada")
        alone = await _measured(database, ada, row, "nothing else waiting")
        for hosts in _DOWN:
            await _wait_behind(database, ada, hosts)
            when = f"{_WAITING // 1000},000 more behind {hosts} hosts"
            took = await _measured(database, ada, row, when)
            row(f"the same, against nothing else waiting, {when}", (took / alone - 1) * 100, "%")
    finally:
        await database.close()


def _open(database_url: str) -> Database:
    return Database(database_url, instance=Instance(base_url="http://bench.localhost", name="Bench", mode=Mode.OPEN))


async def _activity(session: AsyncSession, ada: Person, name: str) -> int:
    activity = Activity(uri=f"http://bench.localhost/x/{name}", type="Create", actor_id=ada.id, body=b"{}")
    session.add(activity)
    await session.flush()
    return activity.id


async def _wait_behind(database: Database, ada: Person, hosts: int) -> None:
    """The first of each host was tried in vain; so the others have had their time long ago."""
    before, later = now() - timedelta(hours=1), now() + timedelta(hours=1)
    async with database.writing() as session:
        activity_id = await _activity(session, ada, f"behind-{hosts}")
        rows = [
            {
                "id": new_id(),
                "activity_id": activity_id,
                "host": f"down{hosts}-{number % hosts}",
                "inbox": f"http://down{hosts}-{number % hosts}/{number}",
                "attempts": 1 if number < hosts else 0,
                "next_attempt_at": later if number < hosts else before,
            }
            for number in range(_WAITING)
        ]
        for begin in range(0, _WAITING, _AT_A_TIME):
            await session.execute(insert(Delivery), rows[begin : begin + _AT_A_TIME])


async def _measured(database: Database, ada: Person, row: Row, when: str) -> float:
    """Processor time of the fastest of some rounds: what else runs on the machine only makes one slower."""
    took = min([await _round(database, ada, f"{when}-{turn}") for turn in range(_TURNS)])
    row(f"a delivery taken and noted, {when}, processor time", took * 1_000_000 / _DUE, "µs")
    return took


async def _round(database: Database, ada: Person, name: str) -> float:
    async with database.writing() as session:
        activity_id = await _activity(session, ada, name)
        rows = [
            {"id": new_id(), "activity_id": activity_id, "host": f"quick{number}", "inbox": f"http://quick{number}/"}
            for number in range(_DUE)
        ]
        await session.execute(insert(Delivery), rows)
    begun, done = time.process_time(), 0
    while done < _DUE:
        async with database.writing() as session:
            taken = await lanes.claim(session, limit=_AT_ONCE)
        results = [
            Result(claimed=one, ending=Ending.DELIVERED, status=202, seconds=0.01)
            for lane in taken
            for one in lane.deliveries
        ]
        async with database.writing() as session:
            await lanes.note(session, results)
        done += len(results)
    return time.process_time() - begun


async def silent(database_url: str, row: Row) -> None:
    """Deliveries to many servers: how fast they go, how fast with much that waits for others, and how fast to those
    that answer when some take the request and never do."""
    database = _open(database_url)
    taken: set[str] = set()
    quiet: set[str] = set()
    others: set[str] = set()
    everything = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        if request.host in quiet:
            await asyncio.sleep(60)
        taken.add(request.host)
        if taken >= others:
            everything.set()
        return web.Response(status=202)

    inbox = web.Application()
    inbox.router.add_post("/inbox", take)
    runner = web.AppRunner(inbox, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hosts = [f"bench{number}.localhost:{runner.addresses[0][1]}" for number in range(_HOSTS)]
    others |= set(hosts) - set(hosts[::_SILENT_SHARE])
    fetcher = fetcher_of(database)
    try:
        ada = await hire(database, "bea")
        async with database.writing() as session:
            await session.execute(insert(Peer), [{"host": host, "looked_at": now()} for host in hosts])
        sender, stop = Sender(wire_of(database, fetcher), looks=False), asyncio.Event()
        running = asyncio.create_task(sender.run(stop))

        async def fastest(when: str) -> tuple[float, float]:
            """How many others have theirs in a second, and processor time of one with its receiver, in seconds."""
            rates, spent = [], []
            for turn in range(_TURNS):
                taken.clear()
                everything.clear()
                begun, spent_before = time.perf_counter(), time.process_time()
                await _queue(database, ada, f"{when}-{turn}", hosts)
                await asyncio.wait_for(everything.wait(), 120)
                rates.append(len(others) / (time.perf_counter() - begun))
                spent.append((time.process_time() - spent_before) / len(others))
            row(f"deliveries to {len(others)} of {_HOSTS} servers, {when}", max(rates), "/s")
            row("one of them, processor time of both sides", min(spent) * 1_000_000, "µs")
            return max(rates), min(spent)

        await fastest("the first ones")
        rate, spent = await fastest("all of which answer")
        quiet |= set(hosts) - others
        some, _ = await fastest("one in twenty of which never answers")
        row("so much faster or slower are the others because of those", (some / rate - 1) * 100, "%")
        quiet.clear()
        await _wait_behind(database, ada, _DOWN[-1])
        when = f"{_WAITING // 1000},000 more behind {_DOWN[-1]} hosts"
        _, behind = await fastest(when)
        row(f"so much dearer is one, {when}", (behind / spent - 1) * 100, "%")
        stop.set()
        await running
    finally:
        await fetcher.close()
        await runner.cleanup()
        await database.close()


async def _queue(database: Database, ada: Person, name: str, hosts: list[str]) -> None:
    async with database.writing() as session:
        activity_id = await _activity(session, ada, name.replace(" ", "-"))
        rows = [
            {"id": new_id(), "activity_id": activity_id, "host": host, "inbox": f"http://{host}/inbox"}
            for host in hosts
        ]
        await session.execute(insert(Delivery), rows)
    database.queued.set()
