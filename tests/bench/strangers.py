"""What it costs to deal with people of whom nobody here has heard: each on a server of its own, which is asked first.

Their servers are one small one in this process, that answers to every name below localhost.
"""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from federation.signatures import sign
from federation.signatures.keys import public_pem
from federation.vocabulary import AS_JSON, PUBLIC
from models.tables import Actor, Follow, Like, Notification, Visibility
from tests.bench.arrivals import sent
from tests.keys import rsa
from tests.town import Company

_PEOPLE = 60
_POSTS = 5
_PATIENCE = 300.0
_numbers = itertools.count()

Row = Callable[[str, float, str], None]


class _Elsewhere(asyncio.Protocol):
    """As little of a server as has actors and an inbox."""

    accepted = 0

    def __init__(self) -> None:
        self._behind = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._behind += data
        while (end := self._behind.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._behind[:end].decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._behind) < whole:
                return
            body, self._behind = self._behind[end + 4 : whole], self._behind[whole:]
            _Elsewhere.accepted += b'"Accept"' in body
            is_actor = first.startswith("GET /users/")
            answer = _document(f"http://{headers['host']}") if is_actor else b""
            status = 200 if is_actor else 202 if first.startswith("POST") else 404
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {AS_JSON}\r\nContent-Length: {len(answer)}\r\n\r\n"
            self._transport.write(head.encode() + answer)


def _document(base: str) -> bytes:
    uri = f"{base}/users/one"
    told = {
        "id": uri,
        "type": "Person",
        "preferredUsername": "one",
        "name": "One",
        "inbox": f"{uri}/inbox",
        "followers": f"{uri}/followers",
        "endpoints": {"sharedInbox": f"{base}/inbox"},
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": public_pem(rsa())},
    }
    return msgspec.json.encode(told)


async def meeting(company: Company, row: Row) -> None:
    """Strangers name somebody here, other strangers want to follow, and then they like what was written."""
    clara = company.clara
    posts = [await clara.writes(f"Hello {number}", visibility=Visibility.PUBLIC) for number in range(_POSTS)]
    async with company.database.reading() as session:
        actor = await session.get_one(Actor, clara.id)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(_Elsewhere, sock=listener, backlog=512)
    port = listener.getsockname()[1]

    def names(number: int) -> bytes:
        uri = _person(f"b{number}", port)
        tag = [{"type": "Mention", "href": actor.uri, "name": "@clara"}]
        note = {"id": f"{uri}/1", "type": "Note", "attributedTo": uri, "content": "<p>Hello</p>", "tag": tag}
        for_all = {"to": [PUBLIC], "cc": [actor.uri]}
        return _request(actor, uri, "Create", {**note, **for_all}, **for_all)

    def follows(number: int) -> bytes:
        return _request(actor, _person(f"f{number}", port), "Follow", actor.uri)

    def likes(number: int) -> bytes:
        return _request(actor, _person(f"f{number // _POSTS}", port), "Like", posts[number % _POSTS].uri)

    try:
        for what, request, count, is_done in (
            ("first contact with a stranger who names somebody", names, _PEOPLE, _told(company, _PEOPLE)),
            ("a stranger who follows, until its server has the answer", follows, _PEOPLE, _answered(company, _PEOPLE)),
            ("a Like by somebody known", likes, _PEOPLE * _POSTS, _liked(company, _PEOPLE * _POSTS)),
        ):
            requests = [request(number) for number in range(count)]
            spent, begun = time.process_time(), time.perf_counter()
            await sent(int(company.host.rpartition(":")[2]), requests)
            async with asyncio.timeout(_PATIENCE):
                while not await is_done():  # noqa: ASYNC110 - what is waited for is in the database
                    await asyncio.sleep(0.05)
            row(f"{what}, processor time of both sides", (time.process_time() - spent) * 1000 / count, "ms")
            row("the same, how many", count / (time.perf_counter() - begun), "/s")
    finally:
        server.close()


def _person(name: str, port: int) -> str:
    return f"http://{name}.localhost:{port}/users/one"


def _request(owner: Actor, uri: str, type: str, object: Any, /, **more: Any) -> bytes:
    activity = {"id": f"{uri}/activities/{next(_numbers)}", "type": type, "actor": uri, "object": object, **more}
    body = msgspec.json.encode(activity)
    signed = sign("POST", owner.inbox, body, key_id=f"{uri}#main-key", private_key=rsa(), now=datetime.now(UTC))
    headers = {**signed, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = owner.inbox.split("/", 3)[3]
    return f"POST /{path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def _counted(company: Company, table: Any, wanted: int) -> Callable[[], Any]:
    async def is_done() -> bool:
        async with company.database.reading() as session:
            return (await session.scalar(select(func.count()).select_from(table)) or 0) >= wanted

    return is_done


def _told(company: Company, wanted: int) -> Callable[[], Any]:
    return _counted(company, Notification, wanted)


def _liked(company: Company, wanted: int) -> Callable[[], Any]:
    return _counted(company, Like, wanted)


def _answered(company: Company, wanted: int) -> Callable[[], Any]:
    has_followers = _counted(company, Follow, wanted)

    async def is_done() -> bool:
        return _Elsewhere.accepted >= wanted and await has_followers()

    return is_done
