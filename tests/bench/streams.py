"""What open streams cost: memory while they are silent, and time until a post has reached all of them."""

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models import tokens
from tests.town import Company, Town
from tests.world import Person, hire

_PEOPLE = 500
_SOCKETS = 1000
_POSTS = 10
_PATIENCE = 60.0
_AT_ONCE = 50
_PAGE = 4096
_EVENT = b'"event":"update"'

Row = Callable[[str, float, str], None]


class Ear(asyncio.Protocol):
    """The least a client of a socket can be: it counts what it hears of posts."""

    heard = 0
    opened = 0

    def __init__(self, host: str, token: str) -> None:
        self._host = host
        self._token = token
        self._is_open = False
        self._behind = b""

    def connection_made(self, transport: Any) -> None:
        transport.write(
            f"GET /api/v1/streaming?stream=user HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            if not data.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(data.decode(errors="replace"))
            self._is_open = True
            Ear.opened += 1
        data = self._behind + data
        Ear.heard += data.count(_EVENT)
        self._behind = data[1 - len(_EVENT) :]


async def listening(town: Town, row: Row) -> None:
    """Colleagues with their home stream open, who all hear what one of them writes for the company."""
    strom = await town.company("Strom")
    people = [await hire(strom.database, f"person{number}") for number in range(_PEOPLE)]
    granted = await _tokens(strom, people)
    writer = people[0]
    await writer.writes("The first one")
    ears: list[asyncio.BaseTransport] = []
    before = _resident()
    try:
        await _open(strom, granted, ears)
        await writer.writes("Warm")
        await _until(lambda: Ear.heard >= _PEOPLE)
        longest, spent = 0.0, time.process_time()
        for number in range(_POSTS):
            wanted = Ear.heard + _PEOPLE
            begun = time.perf_counter()
            await writer.writes(f"Message {number} for **everybody**")
            await _until(lambda: Ear.heard >= wanted)  # noqa: B023 - awaited here
            longest = max(longest, time.perf_counter() - begun)
        spent = (time.process_time() - spent) / _POSTS
        row(f"a post reaches {_PEOPLE} open streams, longest", longest * 1000, "ms")
        row("the same, processor time with the listeners' own", spent * 1000, "ms")
        more = _SOCKETS - _PEOPLE
        await _open(strom, granted[:more], ears)
        gc.collect()
        now = _resident()
        row(f"resident memory with {_SOCKETS} streams and their listeners", now / 1_048_576, "MiB")
        row("one more of them", (now - before) / _SOCKETS / 1024, "KiB")
    finally:
        for ear in ears:
            ear.close()


async def _tokens(company: Company, people: Sequence[Person]) -> list[str]:
    async with company.database.writing() as session:
        application, _ = await tokens.register(
            session, name="Ear", website=None, redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read"
        )
        return [
            (await tokens.grant(session, application, account_id=person.staff.account_id, scopes="read")).text
            for person in people
        ]


async def _open(company: Company, granted: Sequence[str], ears: list[asyncio.BaseTransport]) -> None:
    at = urlsplit(company.base_url)
    loop = asyncio.get_running_loop()
    wanted = Ear.opened
    for start in range(0, len(granted), _AT_ONCE):
        some = granted[start : start + _AT_ONCE]
        wanted += len(some)
        for token in some:
            made = await loop.create_connection(lambda token=token: Ear(at.netloc, token), "127.0.0.1", at.port)  # type: ignore[misc]
            ears.append(made[0])
        await _until(lambda: Ear.opened >= wanted)  # noqa: B023 - awaited here


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not is_so():  # noqa: ASYNC110 - the listeners have no reason to tell anybody
            await asyncio.sleep(0.001)


def _resident() -> int:
    """Bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
