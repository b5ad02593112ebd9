"""One open stream of a client: what it subscribed to, what waits to be sent, and why it ended."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from models.viewers import Staff
from server.api.answers import encoded
from server.auth.scopes import Scopes
from server.streaming.streams import Stream

WAITING = 200
STREAMS = 100


class Ending(StrEnum):
    """Why we end a stream; clients that may come back do."""

    ACCESS_ENDED = "access_ended"
    TOO_SLOW = "too_slow"
    GOING_DOWN = "going_down"


class Event(NamedTuple):
    """Something to tell on one stream. `payload` is JSON, or for a deletion the bare id."""

    stream: Stream
    name: str
    payload: bytes

    def for_socket(self) -> str:
        """The payload is JSON inside a JSON text."""
        message = {"stream": self.stream.label, "event": self.name, "payload": self.payload.decode()}
        return encoded(message).decode()

    def for_event_stream(self) -> bytes:
        return b"event: %s\ndata: %s\n\n" % (self.name.encode(), self.payload)


@dataclass(slots=True, eq=False)
class Connection:
    """What the hub knows of one open stream."""

    viewer: Staff
    token_id: int
    scopes: Scopes
    streams: set[Stream] = field(default_factory=set)
    ending: Ending | None = None
    _waiting: "asyncio.Queue[Event]" = field(default_factory=lambda: asyncio.Queue(WAITING))
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: Event) -> None:
        """Put `event` behind what waits; who reads too slowly is cut off instead of remembered for (R-45)."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.end(Ending.TOO_SLOW)

    def end(self, why: Ending) -> None:
        if self.ending is None:
            self.ending = why
        self._ended.set()

    async def next(self, seconds: float) -> Event | None:
        """The next event; None after `seconds`, or when the stream ended (`ending` says so)."""
        if self.ending is not None:
            return None
        waiting = asyncio.ensure_future(self._waiting.get())
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({waiting, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if self.ending is None and waiting.done():
                return waiting.result()
            return None
        finally:
            waiting.cancel()
            ended.cancel()
