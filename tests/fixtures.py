"""Databases, time and the cast for every test. A database is a copy of one that was migrated once per session."""

import asyncio
import contextlib
import functools
import gc
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.pathlib import import_path
from aiohttp import web
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.util import LRUCache

import server.api
import server.web
from federation import keys, routes
from federation.signatures.keys import generate_ed25519
from models import sqlite
from models.database import Database
from models.instance import Instance
from server import pages
from server.auth import passwords
from tests import begun, contract, pools, postgres
from tests.browser.gallery.rendering import COMPILED
from tests.darkroom import HerePool, KeptPool
from tests.federation.beginnings import BEGINNINGS
from tests.files import Files
from tests.keys import rsa
from tests.lending import Lender
from tests.requirements import missing
from tests.templates import EMPTY, INHABITED, LOVELACE, Template
from tests.time import Clock
from tests.town import Town
from tests.world import World

BOTH = ("sqlite", "postgres")
_ROOMS_ON_BOTH = {"models", "federation", "journeys"}
_BEGINNINGS = {"federation": {**BEGINNINGS, "world": INHABITED}}
"""What the database of a test that asks for such fixtures is a copy of, by room; the first that fits counts, and before
them what the module says in a dictionary BEGINNINGS."""

_LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()

settings.register_profile("kontor", derandomize=True, deadline=None, max_examples=100)  # the same examples each time
settings.load_profile("kontor")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker begin elsewhere with rewriting the asserts of all tests, and find what the others did already."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for path in files[first:] + files[:first]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # who collects it will say so
            import_path(path, root=session.config.rootpath, consider_namespace_packages=False)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the collector of cycles what stays anyway: it took a quarter of the time."""
    del session
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What the models, the wire and whole journeys do must hold on both databases; pages and clients stand above them.

    KONTOR_TEST_DATABASE=sqlite or =postgres leaves the other one out.
    """
    if "database_kind" not in metafunc.fixturenames:
        return
    wanted = BOTH if _room(metafunc.definition.path) in _ROOMS_ON_BOTH else BOTH[:1]
    only = os.environ.get("KONTOR_TEST_DATABASE")
    if only:
        wanted = (only,)
    marks = {"postgres": [pytest.mark.postgres]}
    params = [pytest.param(name, marks=marks.get(name, []), id=name) for name in wanted]
    metafunc.parametrize("database_kind", params, indirect=True)


def _room(file: Path) -> str:
    return file.relative_to(Path(__file__).parent).parts[0]


def _learn(shared: Any, own: Any, *_: Any) -> None:
    """An engine asks the server for its version with the dialect it was made with: tell the shared one."""
    if shared is not own and shared.server_version_info is None:
        vars(shared).update(vars(own))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """All tests of a session have one loop: what one of them left running ends with it."""
    yield
    loop = item.config.stash.get(_LOOP, None)
    if loop is not None and not loop.is_closed() and (tasks := asyncio.all_tasks(loop)):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


@pytest.fixture(scope="session", autouse=True)
async def _shared_statements(pytestconfig: pytest.Config) -> AsyncIterator[None]:
    """Let all databases of a session share what SQLAlchemy has compiled: else every test compiles the same again.

    The library keeps compiled statements by engine and dialect, and each test has engines of its own.
    """
    pytestconfig.stash[_LOOP] = asyncio.get_running_loop()
    pools.live_in(asyncio.get_running_loop())
    kept: dict[str, tuple[Any, Any]] = {}
    opens = Database.__init__

    def opened(self: Database, url: str, *, instance: Instance) -> None:
        opens(self, url, instance=instance)
        for engine in (self._reader.sync_engine, self._writer.sync_engine):
            own = engine.dialect
            dialect, statements = kept.setdefault(own.name, (own, LRUCache(10_000)))
            engine.dialect, engine.pool._dialect, engine._compiled_cache = dialect, dialect, statements
            event.listen(engine, "connect", partial(_learn, dialect, own))
        if not self.is_sqlite:
            pools.keep(self._reader)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "__init__", opened)
        yield


@pytest.fixture(scope="session", autouse=True)
def _unordered() -> Iterator[None]:
    """Let SQLite give what nobody ordered the other way round: PostgreSQL gives it as it likes, seldom in a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "reverse_unordered_selects = ON"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _watched() -> Iterator[None]:
    """Hold every answer to clients against what was promised them."""
    with contract.watching():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    del item
    try:
        result = yield
    except BaseException:
        contract.breaches.clear()
        raise
    contract.insist()
    return result


@pytest.fixture(scope="session", autouse=True)
def _shared_routes() -> Iterator[None]:
    """Let all applications of a session share the routes of pages, clients and the wire: aiohttp looks long at each."""
    with pytest.MonkeyPatch.context() as patch:
        for room, adds in ((server.web, "add_pages"), (server.api, "add_endpoints"), (routes, "add_addresses")):
            patch.setattr(room, adds, _added_once(getattr(room, adds)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_templates() -> None:
    """Let pages be rendered by what the gallery compiled, and the other way round."""
    pages.environment().bytecode_cache = COMPILED


def _added_once(adds: Callable[[web.UrlDispatcher], None]) -> Callable[[web.UrlDispatcher], None]:
    @functools.cache
    def made() -> web.UrlDispatcher:
        kept = web.UrlDispatcher()
        adds(kept)
        return kept

    def add(router: web.UrlDispatcher) -> None:
        router._resources += made()._resources
        router._named_resources.update(made()._named_resources)
        for start, resources in made()._resource_index.items():
            router._resource_index.setdefault(start, []).extend(resources)

    return add


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """Who lends databases in files."""
    files = Files(tmp_path_factory.mktemp("databases"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "opened", files.opened)
        yield files
    files.close()


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Lender]:
    """Who lends databases of this session's cluster."""
    try:
        running = postgres.cluster()
        url = running.__enter__()
    except postgres.Unavailable as reason:
        missing("postgres", str(reason))
    try:
        lender = Lender(url)
        yield lender
        lender.close()
    finally:
        running.__exit__(None, None, None)


NewDatabase = Callable[..., str]


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Makes databases: `new_database("sqlite" | "postgres", template=EMPTY)` is the URL of a new one."""
    lent: list[tuple[Any, Any]] = []

    def make(kind: str, *, template: Template = EMPTY) -> str:
        lender = request.getfixturevalue(f"_{kind}")
        lent.append((lender, lender.lend(template)))
        begun.note(lent[-1][1].url, template.name)
        return str(lent[-1][1].url)

    yield make
    for lender, each in lent:
        lender.take_back(each)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """ "sqlite" or "postgres": every kind that the test's room stands on, one after the other."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, new_database: NewDatabase) -> str:
    """A migrated database; for who asks for `world`, `home` or the like, the cast of it is in there."""
    known = getattr(request.module, "BEGINNINGS", {}) | _BEGINNINGS.get(_room(request.path), {"world": INHABITED})
    asked = set(request.fixturenames)
    beginnings = (template for names, template in known.items() if asked.issuperset(names.split(" and ")))
    return new_database(database_kind, template=next(beginnings, EMPTY))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database of the company Lovelace."""
    opened = Database(database_url, instance=LOVELACE)
    yield opened
    await opened.close()


@pytest.fixture
async def world(database: Database) -> World:
    """The cast in one company, with the companies outside as its rules see them (nothing is served)."""
    return await World.met(database)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the house in the test's hand: held until it is moved."""
    return Clock.held(monkeypatch)


# Whole companies


@functools.cache
def _pairs() -> list[Any]:
    """Key pairs of this session: making one takes long, and which one somebody has matters to no test."""
    return [(rsa(number), generate_ed25519()) for number in range(2)]


@pytest.fixture
def quick_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed with the least work there is, and key pairs that were made before."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_nobodys", functools.cache(passwords._nobodys.__wrapped__))
    monkeypatch.setattr(keys, "_generate", lambda: random.choice(_pairs()))  # noqa: S311 - of keys for tests


@pytest.fixture(scope="session")
def _darkroom() -> Iterator[None]:
    yield
    KeptPool.end()


@pytest.fixture
def kept_pool(_darkroom: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are worked on by processes that stay from one test to the next, recordings in this one."""
    monkeypatch.setattr("server.images.Pool", KeptPool)
    monkeypatch.setattr("server.recordings.pool", HerePool)
    monkeypatch.setattr(HerePool, "opened", True)
    monkeypatch.setattr(HerePool, "fault", None)


@pytest.fixture
async def town(
    tmp_path: Path, new_database: NewDatabase, database_kind: str, quick_secrets: None, kept_pool: None
) -> AsyncIterator[Town]:
    """Companies that are served; they work when the test lets them settle, or always after `town.is_busy = True`."""
    made = Town(tmp_path, new_database, database_kind)
    yield made
    await made.close()
