"""The pages of the company Lovelace over HTTP, and the browsers of its people."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import event

from models.database import Database
from models.tables import Actor, Post
from models.viewers import Staff
from server.app import create_app
from server.config import Config
from server.context import DATABASE, RESOLVER, VISITS
from server.ready import KEPT_SECONDS, Ready
from tests.kept import before
from tests.server.settings import settings_of
from tests.server.web.browser import Browser, signed_in
from tests.world import Person, World

Open = Callable[..., Awaitable[Browser]]


class Nowhere:
    """Visits that find nothing; `asked` are the addresses of whom and what somebody looked at."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def person(self, actor: Actor) -> None:
        self.asked.append(actor.uri)

    async def thread(self, post: Post) -> None:
        self.asked.append(post.uri)

    async def close(self) -> None: ...


@pytest.fixture
def settings() -> str:
    """More lines for the configuration; a test file may have its own."""
    return ""


@pytest.fixture
def config(tmp_path: Path, settings: str, database_url: str) -> Config:
    url = database_url.replace("sqlite+aiosqlite", "sqlite")
    return settings_of(tmp_path, f'{settings}\n[database]\nurl = "{url}"\n')


@pytest.fixture
async def app(config: Config, quick_secrets: None, kept_pool: None) -> web.Application:
    """The whole application as it is wired, without background work; nobody elsewhere answers."""
    made = create_app(config, works=False)

    async def nobody(text: str, by: Staff) -> None:
        del text, by

    made[RESOLVER] = nobody
    made[VISITS] = Nowhere()  # type: ignore[assignment]
    return made


@pytest.fixture
async def _served(app: web.Application) -> AsyncIterator[tuple[TestClient[Any, Any], Ready]]:
    """Answers are kept as they are in use, so that every test shows that none is given again wrongly."""
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as made:  # each browser keeps its own
        yield made, before(made, app)


@pytest.fixture
def client(_served: tuple[TestClient[Any, Any], Ready]) -> TestClient[Any, Any]:
    return _served[0]


@pytest.fixture
def ready(_served: tuple[TestClient[Any, Any], Ready]) -> Ready:
    return _served[1]


@pytest.fixture
async def house(client: TestClient[Any, Any], app: web.Application) -> Database:
    """The database as the running application has it."""
    return app[DATABASE]


@pytest.fixture
async def world(house: Database) -> World:
    return await World.met(house)


@pytest.fixture
def browser(client: TestClient[Any, Any], house: Database) -> Open:
    """Gives somebody a browser in which they are signed in: `await browser(world.ada)`; without one a visitor's."""

    async def give(person: Person | None = None, **more: Any) -> Browser:
        return Browser(client, **more) if person is None else await signed_in(client, house, person, **more)

    return give


@pytest.fixture
async def ada(browser: Open, world: World) -> Browser:
    return await browser(world.ada)


@pytest.fixture
async def alan(browser: Open, world: World) -> Browser:
    return await browser(world.alan)


@pytest.fixture
async def grace(browser: Open, world: World) -> Browser:
    return await browser(world.grace)


@pytest.fixture
async def joan(browser: Open, world: World) -> Browser:
    return await browser(world.joan)


@pytest.fixture
async def visitor(browser: Open, world: World) -> Browser:
    return await browser()


@pytest.fixture
def statements(house: Database, ready: Ready) -> Callable[[], Any]:
    """Counts what the database is asked: `with statements() as asked: …; len(asked)`."""

    ready.clock = itertools.count(0, KEPT_SECONDS).__next__  # nothing is given again here

    @contextmanager
    def counting() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if (
                statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
                and "journal" not in statement
            ):
                asked.append(statement)

        engines = {engine.sync_engine for engine in (house._reader, house._writer)}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)

    return counting
