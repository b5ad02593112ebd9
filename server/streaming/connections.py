"""One open stream of a client: what it subscribed to, how it is told, and why it ended.

What is told goes straight into the transport, as bytes that were made once for all who hear the same. The transport
keeps what its reader did not take yet; who leaves too much there is cut off instead of remembered for (R-45).
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from msgspec import Struct, field

from models.viewers import Staff
from server.api.answers import encoded
from server.auth.scopes import Scopes
from server.streaming.streams import Stream

WAITING_BYTES = 524_288
STREAMS = 100
_EARLY = 200
_SHORT, _MEDIUM = 126, 65_536


class Ending(StrEnum):
    """Why we end a stream; clients that may come back do."""

    ACCESS_ENDED = "access_ended"
    TOO_SLOW = "too_slow"
    GOING_DOWN = "going_down"
    WENT_AWAY = "went_away"


@dataclass(frozen=True, eq=False)
class Event:
    """Something to tell on one stream. `payload` is JSON, or for a deletion the bare id; some events have none."""

    stream: Stream
    name: str
    payload: bytes | None

    @cached_property
    def frame(self) -> bytes:
        """As one frame of a WebSocket (RFC 6455 §5.2): the payload is JSON inside a JSON text."""
        message: dict[str, object] = {"stream": self.stream.label, "event": self.name}
        if self.payload is not None:
            message["payload"] = self.payload.decode()
        return framed(encoded(message))

    @cached_property
    def lines(self) -> bytes:
        """As a server-sent event; one without data would not be told, so there is always some."""
        return b"event: %s\ndata: %s\n\n" % (self.name.encode(), b"undefined" if self.payload is None else self.payload)

    @cached_property
    def chunk(self) -> bytes:
        return chunked(self.lines)


def framed(text: bytes) -> bytes:
    size = len(text)
    if size < _SHORT:
        return b"\x81%c%b" % (size, text)
    if size < _MEDIUM:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), text)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), text)


def chunked(data: bytes) -> bytes:
    """One chunk of an HTTP/1.1 body (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Form(StrEnum):
    """How a connection is written to: as frames, as chunks, or (HTTP/1.0) as it is."""

    FRAMES = "frame"
    CHUNKS = "chunk"
    LINES = "lines"


_SIGN_OF_LIFE = {Form.CHUNKS: chunked(b":thump\n\n"), Form.LINES: b":thump\n\n"}


class Connection(Struct, eq=False):
    """What the hub knows of one open stream."""

    viewer: Staff
    token_id: int
    scopes: Scopes
    streams: set[Stream] = field(default_factory=set)
    ending: Ending | None = None
    _transport: asyncio.WriteTransport | None = None
    _form: Form = Form.FRAMES
    _early: list[Event] = field(default_factory=list)
    _is_behind: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, transport: asyncio.WriteTransport | None, form: Form) -> None:
        """The client was greeted: it is told from now on, also what happened since it came in."""
        if transport is None:
            self.end(Ending.WENT_AWAY)
            return
        self._transport, self._form = transport, form
        early, self._early = self._early, []
        for event in early:
            self.tell(event)

    def tell(self, event: Event) -> None:
        if self.ending is not None:
            return
        if self._transport is not None:
            self._write(getattr(event, self._form))
        elif len(self._early) < _EARLY:
            self._early.append(event)
        else:
            self.end(Ending.TOO_SLOW)

    def say(self, data: bytes) -> None:
        """Answer the client itself, in the form it is written to."""
        if self.ending is None:
            self._write(data)

    def show_life(self) -> None:
        """Keep a silent stream open, and find out who is gone or takes nothing. Sockets have pings of their own."""
        if self._transport is None or self.ending is not None:
            return
        was_behind, self._is_behind = self._is_behind, self._transport.get_write_buffer_size() > 0
        if was_behind and self._is_behind:
            self.end(Ending.TOO_SLOW)
        elif self._form in _SIGN_OF_LIFE:
            self._write(_SIGN_OF_LIFE[self._form])

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self.end(Ending.WENT_AWAY)
            return
        transport.write(data)
        if transport.get_write_buffer_size() > WAITING_BYTES:
            self.end(Ending.TOO_SLOW)

    def end(self, why: Ending) -> None:
        if self.ending is None:
            self.ending = why
        self._ended.set()

    async def ended(self) -> Ending:
        """Wait until somebody ends this; why they did."""
        await self._ended.wait()
        return self.ending or Ending.WENT_AWAY
