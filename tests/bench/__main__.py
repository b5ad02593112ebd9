"""`python -m tests.bench` prints first figures: what one company on SQLite does, and how fast it trades.

`python -m tests.bench posting streams` prints those of some parts alone. `python -m tests.bench fill instance.toml`
makes that company a large one, to measure on with other tools. Figures are for comparing one commit with the next on a
quiet machine; no test depends on them.
"""

import asyncio
import itertools
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Set
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, migrations
from models.base import now
from models.database import Database
from models.instance import Instance
from models.tables import ActorType, Follow, Visibility
from tests.bench.arrivals import taking_in
from tests.bench.crowd import fill
from tests.bench.queues import silent, waiting
from tests.bench.strangers import meeting
from tests.bench.streams import listening
from tests.journeys.conftest import Trade, open_trade
from tests.serving import started, stopped
from tests.town import Company, Town, configured

_POSTS = 200
_PAGES = 60
_TRIPS = 10
_SERVERS = 100
_ROUNDS = 5
_AT_ONCE = 8
_PARTS = frozenset({"start", "arrivals", "queues", "trade", "posting", "strangers", "servers", "streams"})


def _row(what: str, value: float, unit: str) -> None:
    print(f"{what:<74} {value:>9.1f} {unit}")  # noqa: T201 - this is what it is for


async def _each(count: int, work: Callable[[], Awaitable[object]]) -> list[float]:
    """How long each of `count` turns took, in milliseconds."""
    took = []
    for _ in range(count):
        begun = time.perf_counter()
        await work()
        took.append((time.perf_counter() - begun) * 1000)
    return took


async def _start_up(folder: Path, database: str) -> None:
    config = configured(
        folder / "starting",
        name="Muster",
        url="http://muster.localhost:8001",
        database=database,
        server={"port": 0},
    )
    begun = time.perf_counter()
    async with started("serve", "--config", str(config.path), log=folder / "log") as server:
        _row("start of the server until it is ready", (time.perf_counter() - begun) * 1000, "ms")
        await stopped(server)


async def _one_company(muster: Company) -> None:
    anna = muster.anna
    group = await muster.founds("halle", owner=anna, members=(muster.clara,))
    numbers = iter(range(_POSTS))
    took = await _each(_POSTS, lambda: anna.writes(f"Message {next(numbers)} for the **hall**", group=group))
    _row("a post into an internal group, verb and commit, median", statistics.median(took), "ms")
    async with muster.browsing(muster.clara) as clara:
        took = await _each(_PAGES, lambda: clara.opens("/"))
        _row(f"start page with {_POSTS} posts behind it, median", statistics.median(took), "ms")
        took = await _each(_PAGES, lambda: clara.opens("/groups/halle"))
        _row("page of the group, median", statistics.median(took), "ms")


async def _posting(hafen: Company) -> None:
    """Through the door that apps use, with everything that follows from a post in the background: for the world, one
    after the other and some at a time."""
    numbers = itertools.count()
    headers = {"Authorization": f"Bearer {await hafen.token(hafen.clara)}", "Host": hafen.host}
    address = f"http://127.0.0.1:{urlsplit(hafen.base_url).port}/api/v1/statuses"
    async with aiohttp.ClientSession(headers=headers) as app:

        async def posts() -> None:
            sent = {"status": f"Message {next(numbers)} for **everybody**", "visibility": "public"}
            async with app.post(address, data=sent, headers={"Idempotency-Key": str(next(numbers))}) as answer:
                answer.raise_for_status()
                await answer.read()

        await _each(10, posts)
        for at_once in (1, _AT_ONCE):
            spent, begun = time.process_time(), time.perf_counter()
            await asyncio.gather(*(_each(_POSTS // at_once, posts) for _ in range(at_once)))
            took = time.perf_counter() - begun
            spent = time.process_time() - spent
            _row(f"posts of apps, {at_once} at a time", _POSTS / took, "/s")
            _row("the same, processor time of one with client and background", spent / _POSTS * 1000, "ms")


async def _many_servers(muster: Company) -> None:
    """A post to followers on many servers that take it at once; they answer in this process, too."""
    taken = 0
    everything = asyncio.Event()

    async def take(_request: web.Request) -> web.Response:
        nonlocal taken
        taken += 1
        if taken == _SERVERS * _ROUNDS:
            everything.set()
        return web.Response(status=202)

    inbox = web.Application()
    inbox.router.add_post("/inbox", take)
    runner = web.AppRunner(inbox, access_log=None)
    await runner.setup()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    try:
        async with muster.database.writing() as session:
            await _followers(session, muster.clara.id, port=listener.getsockname()[1])
        spent, begun = time.process_time(), time.perf_counter()
        for number in range(_ROUNDS):
            await muster.clara.writes(f"Number {number} for the world", visibility=Visibility.PUBLIC)
        await asyncio.wait_for(everything.wait(), 300)
        spent, took = time.process_time() - spent, time.perf_counter() - begun
        _row(f"deliveries to {_SERVERS} servers in a second, with first contact", taken / took, "/s")
        _row("one of them, processor time of both sides", spent / taken * 1000, "ms")
    finally:
        await runner.cleanup()


async def _followers(session: AsyncSession, actor_id: int, *, port: int) -> None:
    for number in range(_SERVERS):
        host = f"bench{number}.localhost:{port}"
        uri = f"http://{host}/people/1"
        told = actors.RemoteActor(
            uri=uri,
            type=ActorType.PERSON,
            host=host,
            username="one",
            url=uri,
            inbox=f"{uri}/inbox",
            shared_inbox=f"http://{host}/inbox",
        )
        follower = await actors.keep(session, told)
        session.add(Follow(follower_id=follower.id, followee_id=actor_id, uri=f"{uri}/follow", accepted_at=now()))


async def _two_companies(trade: Trade) -> None:
    muster, zulieferer = trade.muster, trade.zulieferer
    await trade.introduces()
    handle = f"gehaeuse@{muster.host}"
    await zulieferer.joins(zulieferer.dimitri, "gehaeuse", at=muster)
    await zulieferer.waits_until(lambda: zulieferer.belongs_to(zulieferer.dimitri, handle))

    async def trip() -> None:
        await muster.bernd.approves(post)
        await zulieferer.waits_until(lambda: zulieferer.sees(post))

    took = []
    for number in range(_TRIPS):
        post = await muster.anna.writes(f"State {number}", group=trade.gehaeuse)
        took += await _each(1, trip)
    _row("from approval to being readable at the partner, median", statistics.median(took), "ms")
    _row("from approval to being readable at the partner, longest", max(took), "ms")


async def _open_company(town: Town) -> Company:
    """A company that talks with everybody, and where apps may post for everybody."""
    hafen = await town.company(
        "Hafen",
        posts={"public": "public"},
        federation={"mode": "open", "requests_per_minute": 0},
        limits={"api_requests": 0},
    )
    await hafen.hires("clara")
    return hafen


async def main(wanted: Set[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = Path(name)

        empty = folder / "empty.sqlite3"
        opened = Database(f"sqlite+aiosqlite:///{empty}", instance=Instance(base_url="http://x.localhost", name="X"))
        await migrations.upgrade(opened)
        await opened.close()
        numbers = itertools.count(1)

        def new_database(_kind: str = "sqlite") -> str:
            made = folder / f"{next(numbers)}.sqlite3"
            shutil.copy(empty, made)
            return f"sqlite+aiosqlite:///{made}"

        if "start" in wanted:
            await _start_up(folder, new_database())
        if "arrivals" in wanted:
            await taking_in(new_database(), _row)
        if "queues" in wanted:
            await waiting(new_database(), _row)
            await silent(new_database(), _row)
        town = Town(folder, new_database, "sqlite", is_busy=True)
        try:
            if "trade" in wanted:
                trade = await open_trade(town)
                await _one_company(trade.muster)
                await _two_companies(trade)
            if not wanted.isdisjoint({"posting", "strangers", "servers"}):
                hafen = await _open_company(town)
                if "posting" in wanted:
                    await _posting(hafen)
                if "strangers" in wanted:
                    await meeting(hafen, _row)
                if "servers" in wanted:
                    await _many_servers(hafen)
            if "streams" in wanted:
                await listening(town, _row)
        finally:
            await town.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        if len(sys.argv) != 3:
            sys.exit("fill wants the configuration of an instance")
        asyncio.run(fill(Path(sys.argv[2])))
        sys.exit()
    chosen = set(sys.argv[1:])
    if not chosen <= _PARTS:
        sys.exit(f"the parts are {', '.join(sorted(_PARTS))}")
    asyncio.run(main(chosen or _PARTS))
