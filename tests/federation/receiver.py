"""A server elsewhere that takes deliveries and remembers them, and a wire that may reach it."""

import asyncio
import ipaddress
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Self

import pytest
from aiohttp import web

import federation.keys
from federation.addresses import AddressRules
from federation.fetch import Fetcher
from federation.keys import KeyRing
from federation.signatures import Request
from federation.signatures import keys as pairs
from federation.wire import Wire
from models.database import Database
from tests.keys import rsa

INSECURE = ("*.localhost",)
RULES = AddressRules(insecure_hosts=INSECURE, allowed_networks=(ipaddress.IPv4Network("127.0.0.0/8"),))
SECRET = b"a secret of thirty-two bytes, ok"
_PAIRS: list[Any] = []


def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let actors have key pairs from a small stock: making one takes as long as a whole test."""
    while len(_PAIRS) < 3:
        _PAIRS.append((rsa(len(_PAIRS)), pairs.generate_ed25519()))
    stock = cycle(_PAIRS)
    monkeypatch.setattr(federation.keys, "_generate", lambda: next(stock))


@dataclass(frozen=True, slots=True)
class Taken:
    """One delivery as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        return str(self.document["id"])

    def request(self, host: str) -> Request:
        return Request("POST", f"http://{host}{self.path}", tuple(self.headers.items()), self.body)


Answer = int | tuple[int, dict[str, str]] | Callable[[Taken], Awaitable[web.Response]]


@dataclass(slots=True)
class Receiver:
    """Answers the next of `answers` to each delivery, then 202. `pages` it serves to a GET, by path; `gone` are 410."""

    name: str
    answers: deque[Answer] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    accepted: list[Taken] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        return f"{self.name}.localhost:{self.port}"

    @property
    def inbox(self) -> str:
        return f"http://{self.host}/inbox"

    @property
    def ids(self) -> list[str]:
        """Ids of the activities it accepted, in the order they came, each once."""
        return list(dict.fromkeys(one.id for one in self.accepted))

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            self.asked.append(request.path)
            page = self.pages.get(request.path)
            if page is None:
                return web.Response(status=410 if request.path in self.gone else 404)
            return web.json_response(page, content_type="application/activity+json")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            taken = Taken(request.path, dict(request.headers), await request.read())
            self.taken.append(taken)
            answer = self.answers.popleft() if self.answers else 202
            if callable(answer):
                return await answer(taken)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            if status // 100 == 2:
                self.accepted.append(taken)
            return web.Response(status=status, headers=headers)
        finally:
            self.at_once -= 1


async def silence(_: Taken) -> web.Response:
    """Take the request and say nothing."""
    await asyncio.sleep(30)
    return web.Response()


def wire_of(database: Database, fetcher: Fetcher, **settings: Any) -> Wire:
    """A wire that reaches servers on this machine."""
    given = {"insecure_hosts": INSECURE, **settings}
    return Wire(database=database, fetcher=fetcher, keys=KeyRing(SECRET), **given)


def fetcher_of(database: Database) -> Fetcher:
    return Fetcher(RULES, base_url=database.instance.base_url)
