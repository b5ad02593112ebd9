"""What a note costs that a server elsewhere sends: until 202, and until it is a post."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from models import actors, relations
from models.instance import Mode
from models.tables import Actor
from tests.federation import neighbours
from tests.federation.neighbours import Home, PeerActor
from tests.world import Person

_NOTES = 1000
_SERVERS = 4
_CONNECTIONS = 8


async def taking_in(database_url: str, row: Callable[[str, float, str], None]) -> None:
    """Notes of a few people whom somebody here follows, sent to the inbox of all on connections that stay open."""
    async with neighbours.home(database_url, mode=Mode.OPEN, requests_per_minute=0) as home:
        ada = await home.hires("ada")
        async with neighbours.peer("northwind") as northwind:
            people = [northwind.person(f"nora{number}", number=number) for number in range(_SERVERS)]
            await sent(home.port, [_request(home, nora, "hello") for nora in people])
            for nora in people:
                await _follows(home, ada, nora)
            await home.works()
            requests = [_request(home, people[number % _SERVERS], str(number)) for number in range(_NOTES)]
            begun = time.process_time()
            await sent(home.port, requests)
            taken = time.process_time()
            await home.works()
            dealt_with = time.process_time()
    row("a note from elsewhere, taken in, processor time", (taken - begun) * 1000 / _NOTES, "ms")
    row("the same, until it is a post here, processor time", (dealt_with - taken) * 1000 / _NOTES, "ms")


def _request(home: Home, nora: PeerActor, name: str) -> bytes:
    body = msgspec.json.encode(nora.does("Create", nora.note(f"{nora.document['preferredUsername']}-{name}")))
    headers = {**nora.headers("POST", home.url("/inbox"), body), "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /inbox HTTP/1.1\r\n{lines}\r\n".encode() + body


async def sent(port: int, requests: Sequence[bytes]) -> None:
    """Send requests to a company here over several connections; each must be taken in."""
    waiting = iter(requests)
    await asyncio.gather(*(_connection(port, waiting) for _ in range(_CONNECTIONS)))


async def _connection(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(answer.decode())
    writer.close()
    await writer.wait_closed()


async def _follows(home: Home, ada: Person, nora: PeerActor) -> None:
    async with home.database.writing() as session:
        actor = await actors.by_uri(session, nora.id)
        if actor is None:
            raise RuntimeError("nobody came")
        await relations.follow(session, actor, by=ada.staff)
        follower = await session.get_one(Actor, ada.id)
        await relations.receive_answer(session, follower=follower, by=actor, accepted=True)
