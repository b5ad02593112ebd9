"""Companies with addresses of their own, each the whole program, served in this process.

Nothing runs in the background unless a town is busy: `settle()` lets consumers, inboxes and deliveries of all
companies run until nothing moves any more, in the same order each time.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from models import accounts, groups, partners, tokens
from models.database import Database
from models.errors import NotFound
from models.posts import reading
from models.tables import Access, Actor, Group, Level, MemberState, Post, Reach, Role
from server.app import create_app
from server.auth import passwords
from server.config import Config, new_key, rendered
from server.context import DATABASE, RESOLVER, RUNTIME
from server.workers import Runtime
from tests.browsing import Browser
from tests.world import Person, hire

PASSWORD = "fourteen green bottles"
_ROUNDS = 40
_PATIENCE_SECONDS = 30


@dataclass(slots=True)
class Company:
    """One company: its server and its people."""

    name: str
    base_url: str
    app: web.Application
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    @property
    def news(self) -> tuple[int, ...]:
        """How often anybody was told that there is something to do."""
        database = self.database
        return database.changed.count, database.queued.count, database.arrived.count

    @property
    def runtime(self) -> Runtime:
        return self.app[RUNTIME]

    @property
    def host(self) -> str:
        return self.database.instance.host

    def __getattr__(self, name: str) -> Person:
        """`company.anna` is Anna."""
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def hires(self, username: str, role: Role = Role.STAFF) -> Person:
        """A new person, who signs in with PASSWORD."""
        hashed = await passwords.hash_password(PASSWORD)
        self.people[username] = await hire(self.database, username, role, password_hash=hashed)
        return self.people[username]

    async def founds(
        self,
        username: str,
        *,
        owner: Person,
        members: tuple[Person, ...] = (),
        reach: Reach = Reach.INTERNAL,
        access: Access = Access.OPEN,
        is_gated: bool = False,
    ) -> Group:
        """A group of this company with its members."""
        async with self.database.writing() as session:
            group = await groups.create(
                session,
                username=username,
                name=username.capitalize(),
                owner=owner.staff,
                reach=reach,
                access=access,
                is_gated=is_gated,
            )
            for member in members:
                await groups.invite(session, group, member.staff.username, by=owner.staff)
                await groups.join(session, group, by=member.staff)
        return group

    async def admits(self, other: "Company", **levels: Level) -> None:
        """Talk with another company from now on, and let its people into groups of ours."""
        async with self.database.writing() as session:
            await partners.admit(session, other.host, levels=levels, name=other.name)

    async def suspends(self, other: "Company") -> None:
        async with self.database.writing() as session:
            await partners.suspend(session, other.host)

    async def looks_up(self, person: Person, address: str) -> Actor | Post | None:
        """What a person finds who types an address into the search field."""
        return await self.app[RESOLVER](address, person.staff)

    async def joins(self, person: Person, group: str, *, at: "Company") -> Group:
        """Let a person ask to join a group of another company; the answer comes when the town settles."""
        found = await self.looks_up(person, f"@{group}@{at.host}")
        assert found is not None, f"nobody here can find @{group}@{at.host}"
        async with self.database.writing() as session:
            mirror = await groups.by_username(session, person.staff, f"{group}@{at.host}")
            await groups.join(session, mirror, by=person.staff)
            return mirror

    async def is_member(self, person: Person, group: Group) -> bool:
        async with self.database.reading() as session:
            found = await groups.membership(session, group.id, person.id)
            return found is not None and found.state is MemberState.MEMBER

    async def waits_until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        """In a busy town: wait until something that others do shows here."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            seen = self.database.changed.count
            while not await is_so():
                seen = await self.database.changed.wait(seen, at_most=1)

    async def belongs_to(self, person: Person, handle: str) -> bool:
        """Whether a person is a member of the group of that handle, here or elsewhere."""
        async with self.database.reading() as session:
            group = await groups.by_username(session, person.staff, handle)
        return await self.is_member(person, group)

    async def finds(self, person: Person, post: Post) -> Post | None:
        """A post of another company as this person has it here; None when there is none to see."""
        async with self.database.reading() as session:
            try:
                return await reading.by_uri(session, person.staff, post.uri)
            except NotFound:
                return None

    async def sees(self, post: Post) -> bool:
        """Whether anybody of this company can read a post, wherever it was written."""
        return any([await self.finds(person, post) is not None for person in self.people.values()])

    async def token(self, person: Person, scopes: str = "read write follow push") -> str:
        """An access token for the client API."""
        async with self.database.writing() as session:
            application, _ = await tokens.register(
                session, name="test", website=None, redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes=scopes
            )
            account = await accounts.by_username(session, person.staff.username)
            return (await tokens.grant(session, application, account_id=account.id, scopes=scopes)).text

    def browser(self, *, language: str = "en") -> Browser:
        """A browser that nobody is signed in with."""
        return Browser(self.base_url, language=language)

    @contextlib.asynccontextmanager
    async def browsing(self, person: Person, *, language: str = "en") -> AsyncIterator[Browser]:
        """The browser of a person who has signed in on the page."""
        async with self.browser(language=language) as browser:
            page = await browser.signs_in(person.staff.username, PASSWORD)
            assert page.path == "/", page.text
            yield browser


@dataclass(slots=True)
class Town:
    """Where companies are. `is_busy`: they work by themselves, as real servers do."""

    folder: Path
    new_database: Callable[[str], str]
    database_kind: str
    is_busy: bool = False
    companies: list[Company] = field(default_factory=list)
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def company(self, name: str, **tables: dict[str, Any]) -> Company:
        """Open a company below `name.localhost`; `tables` are added to its configuration."""
        key = name.lower().replace(" ", "-")
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        config = configured(
            self.folder / key,
            name=name,
            url=f"http://{key}.localhost:{port}",
            database=self.new_database(self.database_kind),
            **tables,
        )
        app = create_app(config, works=self.is_busy)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        company = Company(name, config.base_url, app)
        self.companies.append(company)
        return company

    async def settle(self) -> None:
        """Let everything run dry, everywhere."""
        dry: dict[str, tuple[int, ...]] = {}
        for _ in range(_ROUNDS):
            awake = [company for company in self.companies if dry.get(company.base_url) != company.news]
            if not awake:
                return
            for company in awake:
                await company.runtime.settle()
                dry[company.base_url] = company.news
        raise AssertionError("the town does not come to rest")

    async def close(self) -> None:
        await self._stack.aclose()


def configured(folder: Path, *, name: str, url: str, database: str, **tables: dict[str, Any]) -> Config:
    """The configuration of an instance for tests: plain http below localhost, a key of its own, all in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "media").mkdir(exist_ok=True)
    written: dict[str, dict[str, Any]] = {
        "instance": {"name": name, "url": url},
        "database": {"url": database.replace("sqlite+aiosqlite:", "sqlite:")},
        "secrets": {"key": new_key()},
        "development": {"insecure_hosts": ("*.localhost",), "private_networks": ("127.0.0.0/8", "::1/128")},
        **tables,
    }
    file = folder / "instance.toml"
    file.write_text(rendered(written), encoding="utf-8")
    return Config.load(file)
