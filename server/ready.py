"""Answers that are given again as they were, for as long as nothing was committed, and for a second at most.

Who asks the same thing again, with the same token, before anything changed, gets the bytes of last time: no route is
looked up, no token, no row. Any commit of any process ends what was kept (`Database.moment`), so that whoever lost a
right has lost it with their next request; but one of this process (on PostgreSQL: of any) that changed nothing but the
machinery's tables ends only what was made of these. The second is for what changes by the clock alone.

A handler says that its answer may be kept by putting `READY` on it: it must follow from the database, the address and
the headers that are part of the key.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from msgspec import Struct

from federation.answers import FOR_ALL
from models.database import Database
from models.errors import DomainError
from models.moments import Moment, names_unseen
from models.sqlite import WATCHING
from server import budgets
from server.context import DATABASE

KEPT_SECONDS = 1.0
_LARGEST = 1024 * 1024
_BESIDE_BYTES = 2048
"""What an answer takes beside its body, about."""
_UNREAD = 65_536
_TOLD_BY = (
    hdrs.HOST,
    hdrs.AUTHORIZATION,
    hdrs.ACCEPT,
    hdrs.ACCEPT_LANGUAGE,
    hdrs.COOKIE,
    hdrs.ORIGIN,
)
"""The headers that may make a difference to what is kept."""
_NEVER = ("/static/", "/media/", "/events", "/api/v1/streaming", "/ap/")
"""Where nothing is ever kept: the moment need not be asked for."""
_MADE_ANEW = frozenset({"date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"})

_Key = tuple[str | None, ...]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

Counted = Callable[[web.BaseRequest], Mapping[str, str]]

READY: web.ResponseKey[Counted] = web.ResponseKey("ready", object)  # type: ignore[arg-type]
"""That this answer may be given again. The value counts the request that gets it and returns the headers that say
what is left; it raises a DomainError for whom it was one too many."""


def uncounted(request: web.BaseRequest) -> Mapping[str, str]:
    """For what nobody counts."""
    return {}


class _Kept(Struct):
    answer: web.Response
    body: bytes
    moment: Moment
    until: float
    is_of_machinery: bool = False
    head: bytes = b""


class Ready:
    """Stands before an application and answers what it can."""

    def __init__(self, app: web.Application, inner: Handler, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.given = 0
        """How many answers were given again."""
        self._app = app
        self._inner = inner
        self._database: Database = app[DATABASE]
        self._kept: dict[_Key, _Kept] = {}
        self._making: dict[_Key, tuple[Moment, asyncio.Future[None]]] = {}
        self._bytes = 0
        self._date = (0, b"")

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if request.method != hdrs.METH_GET or path.startswith(_NEVER) or request.body_exists or not request.keep_alive:
            return await self._inner(request)
        get = request.headers.get
        key = (path, *[get(name) for name in _TOLD_BY])
        moment = await self._database.moment()
        kept = self._kept.get(key)
        if kept is None:
            return await self._made(request, key, moment)
        again = self._again(request, kept, moment)
        if again is None and (making := self._making.get(key)) is not None and making[0].seen == moment.seen:
            await asyncio.wait([making[1]])  # what somebody else is asking just now is as good as asked by us
            again = self._again(request, self._kept.get(key, kept), moment)
        if again is not None:
            self.given += 1
            return again
        done = asyncio.get_running_loop().create_future()
        self._making[key] = moment, done
        try:
            return await self._made(request, key, moment)
        finally:
            done.set_result(None)
            if self._making.get(key) == (moment, done):
                del self._making[key]

    async def _made(self, request: web.BaseRequest, key: _Key, moment: Moment) -> web.StreamResponse:
        asked = _Asked()
        watching = WATCHING.set(asked)
        try:
            answer = await self._inner(request)
        finally:
            WATCHING.reset(watching)
        if answer.get(FOR_ALL):
            answer[READY] = uncounted
        if answer.get(READY) is not None:
            self._keep(key, answer, moment, asked)
        return answer

    def _keep(self, key: _Key, answer: web.StreamResponse, moment: Moment, asked: "_Asked") -> None:
        if type(answer) is not web.Response or answer.status != 200 or answer.cookies:
            return
        body = answer.body
        if not isinstance(body, bytes) or len(body) > _LARGEST:
            return
        former = self._kept.get(key)
        if former is not None:
            self._forget(key, former)
        self._kept[key] = _Kept(answer, body, moment, self.clock() + KEPT_SECONDS, asked.for_machinery)
        self._bytes += len(body) + _BESIDE_BYTES
        while self._bytes > budgets.ANSWERS:
            self._forget(*next(iter(self._kept.items())))  # the oldest, whose time ends first

    def _forget(self, key: _Key, kept: _Kept) -> None:
        if self._kept.get(key) is kept:
            del self._kept[key]
            self._bytes -= len(kept.body) + _BESIDE_BYTES

    def _again(self, request: web.BaseRequest, kept: _Kept, moment: Moment) -> "_Again | None":
        is_same = kept.moment is moment or kept.moment.seen == moment.seen
        if not is_same or self.clock() >= kept.until or (kept.is_of_machinery and kept.moment != moment):
            return None
        transport = request.transport
        if transport is None or transport.get_write_buffer_size() > _UNREAD or not kept.answer.prepared:
            return None
        try:
            left = kept.answer[READY](request)
        except DomainError:
            return None  # it is said by whoever answers otherwise
        lines = self._dated() + b"".join(b"%s: %s\r\n" % (name.encode(), text.encode()) for name, text in left.items())
        if not kept.head:
            kept.head = _head(kept.answer)
        return _Again((kept.head, lines, b"\r\n", kept.body))

    def _dated(self) -> bytes:
        second = int(time.time())
        if self._date[0] != second:
            self._date = (second, f"Date: {formatdate(second, usegmt=True)}\r\n".encode())
        return self._date[1]


class _Asked:
    """Whether what was asked for an answer is of tables whose changes do not end what is kept."""

    __slots__ = ("for_machinery",)

    def __init__(self) -> None:
        self.for_machinery = False

    def __call__(self, sql: str) -> None:
        if not self.for_machinery:
            self.for_machinery = names_unseen(sql)


class _Again(web.StreamResponse):
    """An answer whose bytes are known: they are written as they are."""

    def __init__(self, parts: tuple[bytes, ...]) -> None:
        super().__init__()
        self._parts = parts

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if request.transport is not None:
            request.transport.writelines(self._parts)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """All of it was written already."""

    @property
    def keep_alive(self) -> bool | None:
        return True


def _head(answer: web.Response) -> bytes:
    lines = [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() not in _MADE_ANEW]
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "")).encode()


def stand_before(runner: web.BaseRunner, app: web.Application) -> Ready:
    """Let what `app` answers be given again; to be called when `runner` is set up, before it listens."""
    if runner.server is None:
        raise RuntimeError("the runner is not set up")
    ready = Ready(app, runner.server.request_handler)
    runner.server.request_handler = ready
    return ready
