"""The addresses of streams: one WebSocket for many, or server-sent events for one."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from models.errors import DomainError
from server import i18n
from server.api.answers import encoded
from server.api.bearer import TokenNeeded, shown
from server.api.limits import ALLOWANCE
from server.api.params import Unreadable
from server.api.routing import Access, Call, called, guarded, language
from server.streaming.connections import STREAMS, Connection, Ending, Form, framed
from server.streaming.hub import HUB
from server.streaming.streams import Stream, UnknownStream, parse

_CLOSE_WITHIN = 2.0
_MESSAGE_BYTES = 4096
_SCOPES = ("read:statuses", "read:notifications", "read:lists")
_PUBLIC = ("public", "public:local", "public:remote")
_CODES = {
    Ending.ACCESS_ENDED: WSCloseCode.POLICY_VIOLATION,
    Ending.TOO_SLOW: WSCloseCode.TRY_AGAIN_LATER,
    Ending.GOING_DOWN: WSCloseCode.GOING_AWAY,
    Ending.WENT_AWAY: WSCloseCode.OK,
}


class TooManySubscriptions(DomainError):
    """This connection has too many subscriptions."""

    code = "too_many_subscriptions"


class _Wish(msgspec.Struct):
    """What a client sends over its socket."""

    type: str = ""
    stream: str = ""
    tag: str = ""
    list: str | int = ""


def stream_at(kind: str | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one address; `kind` is the stream in its path, None where the query names it."""

    async def serve(request: web.Request) -> web.StreamResponse:
        return await guarded(request, lambda: _serve(request, kind))

    return serve


async def _serve(request: web.Request, kind: str | None) -> web.StreamResponse:
    # a browser's socket cannot send Authorization: the token comes as its sub-protocol, or in the query
    protocol = request.headers.get("Sec-WebSocket-Protocol", "").strip()
    is_socket = "websocket" in request.headers.get("Upgrade", "").lower()
    token = shown(request) or request.query.get("access_token") or (protocol if is_socket else None)
    if not token:
        raise TokenNeeded
    call = await called(request, Access.PERSON, _SCOPES, token=token)
    request.app[ALLOWANCE].spend(f"account {call.staff.account_id}")
    connection = Connection(call.staff, call.token_id or 0, call.scopes)
    wanted = kind or request.query.get("stream")
    if kind in _PUBLIC and request.query.get("only_media", "").lower() in ("true", "1", "on"):
        wanted = f"{kind}:media"
    if wanted:
        connection.streams.add(_stream(call, wanted, request.query.get("tag", ""), request.query.get("list", "")))
    elif not is_socket:
        raise UnknownStream
    with request.app[HUB].connected(connection):
        if is_socket:
            return await _socket(request, connection, protocol)
        return await _event_stream(request, connection)


def _stream(call: Call, kind: str, tag: str, list_id: str) -> Stream:
    return parse(kind, tag=tag, list_id=list_id, scopes=call.scopes)


# WebSocket


async def _socket(request: web.Request, connection: Connection, protocol: str) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(
        heartbeat=30.0,
        timeout=_CLOSE_WITHIN,
        max_msg_size=_MESSAGE_BYTES,
        compress=False,
        protocols=tuple(part.strip() for part in protocol.split(",")) if protocol else (),
    )
    await socket.prepare(request)
    connection.open(request.transport, Form.FRAMES)
    closing = asyncio.ensure_future(_close_at_end(request, socket, connection))
    try:
        await _listen(request, socket, connection)
    finally:
        connection.end(Ending.WENT_AWAY)
        await closing
    return socket


async def _close_at_end(request: web.Request, socket: web.WebSocketResponse, connection: Connection) -> None:
    await connection.ended()
    await _close(request, socket, connection)


async def _close(request: web.Request, socket: web.WebSocketResponse, connection: Connection) -> None:
    """Say goodbye, but wait for nobody: a peer that does not answer is cut off."""
    ending = connection.ending or Ending.GOING_DOWN
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(_CLOSE_WITHIN):
            await socket.close(code=_CODES[ending], message=str(ending).encode())
    if request.transport is not None and ending is not Ending.GOING_DOWN:
        request.transport.abort()


async def _listen(request: web.Request, socket: web.WebSocketResponse, connection: Connection) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            _follow(connection, _wish(message.data))
        except DomainError as error:
            words = i18n.sentence(language(request), error)
            connection.say(framed(encoded({"error": words, "status": error.status})))


def _wish(text: str) -> _Wish:
    try:
        return msgspec.json.decode(text, type=_Wish)
    except (msgspec.MsgspecError, UnicodeError):
        raise Unreadable from None


def _follow(connection: Connection, wish: _Wish) -> None:
    if wish.type not in ("subscribe", "unsubscribe"):
        return
    stream = parse(wish.stream, tag=wish.tag, list_id=str(wish.list), scopes=connection.scopes)
    if wish.type == "unsubscribe":
        connection.streams.discard(stream)
    elif len(connection.streams) < STREAMS:
        connection.streams.add(stream)
    else:
        raise TooManySubscriptions


# Server-sent events


async def _event_stream(request: web.Request, connection: Connection) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "private, no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    await response.write(b":)\n\n")
    is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "")
    connection.open(request.transport, Form.CHUNKS if is_chunked else Form.LINES)
    ending = await connection.ended()
    if request.transport is not None and ending is not Ending.GOING_DOWN:
        request.transport.abort()
    return response


async def health(request: web.Request) -> web.Response:
    return web.Response(text="OK")
