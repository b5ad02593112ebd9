"""The client API of the company Lovelace, over HTTP, and phones that speak to it."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import event

import server.api
import server.web
from models import postgresql, sqlite
from models.database import Database
from models.tables import Actor, Post
from models.viewers import Staff
from server import images, media, middleware, pages
from server.config import Config
from server.context import CONFIG, DATABASE, IMAGES, LINKS, RESOLVER, TEMPLATES
from server.links import Links
from server.ready import KEPT_SECONDS, Ready
from tests.kept import before
from tests.server.api.phone import ALL_SCOPES, Phone, grant
from tests.server.settings import settings_of
from tests.world import Person, World

Hand = Callable[..., Awaitable[Phone]]


@pytest.fixture
def settings() -> str:
    """More lines for the configuration; a test file may have its own."""
    return "[limits]\napi_requests = 0\n"


@pytest.fixture
def config(tmp_path: Path, settings: str) -> Config:
    return settings_of(tmp_path, settings)


class Elsewhere:
    """Stands for the wire where a client wants to meet somebody: remembers what it was asked, finds what it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: Actor | Post | None = None
        self.fault: Exception | None = None

    async def resolve(self, text: str, by: Staff) -> Actor | Post | None:
        self.asked.append(text)
        if self.fault is not None:
            raise self.fault
        return self.found


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
async def app(
    config: Config, database: Database, world: World, elsewhere: Elsewhere, kept_pool: None
) -> AsyncIterator[web.Application]:
    """Pages and API as they are wired, without the wire and without background work."""
    made = web.Application(
        middlewares=(middleware.errors, middleware.people, middleware.forms), client_max_size=20_000_000
    )
    made[CONFIG] = config
    made[DATABASE] = database
    made[TEMPLATES] = pages.environment()
    made[LINKS] = Links(config)
    made[IMAGES] = images.Pool()
    made[RESOLVER] = elsewhere.resolve
    server.api.setup(made)
    media.setup(made)
    server.web.setup(made)
    yield made
    await made[IMAGES].close()


@pytest.fixture
async def _served(app: web.Application) -> AsyncIterator[tuple[TestClient[Any, Any], Ready]]:
    """Answers are kept as they are in use, so that every test shows that none is given again wrongly."""
    async with TestClient(TestServer(app)) as made:
        yield made, before(made, app)


@pytest.fixture
def client(_served: tuple[TestClient[Any, Any], Ready]) -> TestClient[Any, Any]:
    return _served[0]


@pytest.fixture
def ready(_served: tuple[TestClient[Any, Any], Ready]) -> Ready:
    return _served[1]


@pytest.fixture
def hand(client: TestClient[Any, Any], database: Database) -> Hand:
    """Gives a person a phone: `await hand(world.ada)`, or with some scopes only."""

    async def give(person: Person | None, scopes: str = ALL_SCOPES) -> Phone:
        granted = await grant(database, person, scopes)
        return Phone(client, granted.text, granted.row)

    return give


@pytest.fixture
async def ada(hand: Hand, world: World) -> Phone:
    return await hand(world.ada)


@pytest.fixture
async def grace(hand: Hand, world: World) -> Phone:
    return await hand(world.grace)


@pytest.fixture
async def joan(hand: Hand, world: World) -> Phone:
    return await hand(world.joan)


@pytest.fixture
def anybody(client: TestClient[Any, Any]) -> Phone:
    """An app that shows no token."""
    return Phone(client)


class Statements(list[str]):
    """The statements that reached the database since the last `clear()`."""


@pytest.fixture
def statements(database: Database, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Statements:
    """What asking costs; nothing is given again here."""
    seen = Statements()
    ready.clock = itertools.count(0, KEPT_SECONDS).__next__

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    for engine in {database._reader.sync_engine, database._writer.sync_engine}:
        event.listen(engine, "before_cursor_execute", note)
    for straight in (sqlite.Connection, postgresql.Straight):
        monkeypatch.setattr(straight, "ask", _noted(straight.ask, seen))
    monkeypatch.setattr(postgresql.Straight, "ask_many", _noted(postgresql.Straight.ask_many, seen))
    return seen


def _noted(ask: Any, seen: Statements) -> Any:
    async def noted(connection: Any, sql: str, parameters: Any) -> Any:
        seen.append(sql)
        return await ask(connection, sql, parameters)

    return noted
