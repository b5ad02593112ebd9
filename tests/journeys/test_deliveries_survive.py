"""500 deliveries to 50 companies, and the server is killed in the middle: in the end each has each once, in order."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import select, update

from models import actors, groups, partners
from models.base import now
from models.database import Database
from models.tables import Activity, ActorType, Delivery, DeliveryState, Group, Level, Reach, Role
from server.app import house
from server.config import Config
from tests.fixtures import NewDatabase
from tests.serving import forked, stopped
from tests.town import configured
from tests.world import Person, hire

pytestmark = pytest.mark.xdist_group("processes")  # they begin as forks of one

HOSTS = 50
POSTS = 10
_PATIENCE_SECONDS = 120


@dataclass(slots=True)
class Peers:
    """Fifty companies behind one socket, told apart by name. They note what arrives, also what arrives again."""

    port: int
    arrived: dict[str, list[str]] = field(default_factory=dict)
    holds: bool = False
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    stop_at: int = 0
    all_there: asyncio.Event = field(default_factory=asyncio.Event)
    expected: int = 0

    @property
    def hosts(self) -> list[str]:
        return [f"h{number:02}.localhost:{self.port}" for number in range(HOSTS)]

    @property
    def count(self) -> int:
        return sum(len(set(ids)) for ids in self.arrived.values())

    async def inbox(self, request: web.Request) -> web.Response:
        activity = json.loads(await request.read())
        self.arrived.setdefault(request.host, []).append(activity["id"])
        if self.count >= self.expected:
            self.all_there.set()
        if self.stop_at and self.count >= self.stop_at and not self.go_on.is_set():
            self.enough.set()
            await self.go_on.wait()  # it has arrived, and the sender never learns that it has
        return web.Response(status=202)


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    made = Peers(0)
    app.router.add_post("/{inbox:.*inbox}", made.inbox)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    made.go_on.set()
    await runner.cleanup()


@pytest.fixture
def config(tmp_path: Path, new_database: NewDatabase, database_kind: str) -> Config:
    return configured(
        tmp_path / "sender",
        name="Muster",
        url="http://muster.localhost:8001",
        database=new_database(database_kind),
        server={"port": 0},
    )


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    opened = Database(config.database_url, instance=house(config))
    yield opened
    await opened.close()


async def _group_with_members(database: Database, hosts: list[str]) -> tuple[Person, Group]:
    """A partner group in which each of `hosts` has one member."""
    anna = await hire(database, "anna", Role.ADMIN)
    group = await anna.founds("place", reach=Reach.PARTNERS)
    async with database.writing() as session:
        for host in hosts:
            await partners.admit(session, host, levels={"place": Level.READ})
            told = actors.RemoteActor(
                uri=f"http://{host}/u/1",
                type=ActorType.PERSON,
                host=host,
                username="member",
                url=f"http://{host}/u/1",
                inbox=f"http://{host}/u/1/inbox",
                shared_inbox=f"http://{host}/inbox",
            )
            await groups.receive_join(session, group, await actors.keep(session, told), uri=f"http://{host}/x/1")
    return anna, group


async def _queued(database: Database) -> dict[str, list[str]]:
    """What each host is to get, in order."""
    async with database.reading() as session:
        rows = await session.execute(
            select(Delivery.host, Activity.uri)
            .join(Activity, Activity.id == Delivery.activity_id)
            .order_by(Delivery.host, Delivery.id)
        )
        found: dict[str, list[str]] = {}
        for host, uri in rows:
            found.setdefault(host, []).append(uri)
        return found


async def _a_while_passes(database: Database) -> None:
    """On PostgreSQL others could be at work, so what a dead one had in hand waits until its lease is over."""
    async with database.writing() as session:
        await session.execute(update(Delivery).values(next_attempt_at=now() - timedelta(minutes=1)))


async def test_deliveries_survive_a_kill_in_the_middle(
    config: Config, database: Database, peers: Peers, tmp_path: Path
) -> None:
    anna, group = await _group_with_members(database, peers.hosts)
    for number in range(POSTS):
        await anna.writes(f"Message {number}", group=group)
    peers.expected = HOSTS * (POSTS + 1)  # the answer to joining comes first
    peers.stop_at = peers.expected // 2
    log = tmp_path / "log"

    async with forked("serve", "--config", str(config.path), log=log) as server:
        await asyncio.wait_for(peers.enough.wait(), _PATIENCE_SECONDS)
        assert await stopped(server, by=signal.SIGKILL) == -signal.SIGKILL
    assert not peers.all_there.is_set()
    peers.go_on.set()
    if not database.is_sqlite:
        await _a_while_passes(database)

    async with forked("serve", "--config", str(config.path), log=log) as server:
        await asyncio.wait_for(peers.all_there.wait(), _PATIENCE_SECONDS)
        assert await stopped(server) == 0

    expected = await _queued(database)
    assert len(expected) == HOSTS
    assert all(len(ids) == len(set(ids)) == POSTS + 1 for ids in expected.values())
    assert any(len(ids) > len(set(ids)) for ids in peers.arrived.values())  # the kill did hit something under way
    first_arrivals = {host: list(dict.fromkeys(ids)) for host, ids in peers.arrived.items()}
    assert first_arrivals == expected
    async with database.reading() as session:
        undelivered = select(Delivery.id).where(Delivery.state != DeliveryState.DELIVERED)
        assert (await session.scalars(undelivered)).all() == []
