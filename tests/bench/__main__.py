"""`python -m tests.bench` prints first figures: what one company on SQLite does, and how fast it trades.

Figures are for comparing one commit with the next on a quiet machine; no test depends on them.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from models import migrations
from models.database import Database
from models.instance import Instance
from tests.bench.arrivals import taking_in
from tests.journeys.conftest import Trade, open_trade
from tests.serving import started, stopped
from tests.town import Company, Town, configured

_POSTS = 200
_PAGES = 60
_TRIPS = 10


def _row(what: str, value: float, unit: str) -> None:
    print(f"{what:<58} {value:>9.1f} {unit}")  # noqa: T201 - this is what it is for


async def _each(count: int, work: Callable[[], Awaitable[object]]) -> list[float]:
    """How long each of `count` turns took, in milliseconds."""
    took = []
    for _ in range(count):
        begun = time.perf_counter()
        await work()
        took.append((time.perf_counter() - begun) * 1000)
    return took


async def _start_up(folder: Path, url_of: Callable[[str, str], str]) -> None:
    config = configured(
        folder / "starting",
        name="Muster",
        url="http://muster.localhost:8001",
        database=url_of("sqlite", "starting"),
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


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = Path(name)

        def url_of(_kind: str, database: str) -> str:
            return f"sqlite+aiosqlite:///{folder / database}.sqlite3"

        for database in ("starting", "receiving", "muster", "zulieferer", "nordlicht"):
            opened = Database(url_of("sqlite", database), instance=Instance(base_url="http://x.localhost", name="X"))
            await migrations.upgrade(opened)
            await opened.close()
        await _start_up(folder, url_of)
        await taking_in(url_of("sqlite", "receiving"), _row)
        town = Town(folder, url_of, "sqlite", is_busy=True)
        try:
            trade = await open_trade(town)
            await _one_company(trade.muster)
            await _two_companies(trade)
        finally:
            await town.close()


if __name__ == "__main__":
    asyncio.run(main())
