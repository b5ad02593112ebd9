"""Connections from outside: read by a strict parser, and not held open by who says nothing (R-41, R-49)."""

import asyncio
import socket

from aiohttp import http_parser, web

HEADERS_SECONDS = 15.0
IDLE_SECONDS = 75.0


def are_read_strictly() -> bool:
    """Whether HTTP is read by the compiled parser; the one in Python sees framing less strictly (R-49)."""
    return http_parser.HttpRequestParser is not http_parser.HttpRequestParserPy


class Door(web.BaseSite):
    """A listening socket that closes connections on which no request arrived whole for `headers_seconds`.

    What follows on a connection is bounded by the runner's `keepalive_timeout`, and by who reads the body.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        listener: socket.socket,
        *,
        backlog: int = 1024,
        headers_seconds: float = HEADERS_SECONDS,
    ) -> None:
        super().__init__(runner, backlog=backlog)
        self._listener = listener
        self._seconds = headers_seconds

    @property
    def name(self) -> str:
        return str(self._listener.getsockname())

    async def start(self) -> None:
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            self._open, sock=self._listener, backlog=self._backlog
        )

    def _open(self) -> asyncio.Protocol:
        if self._runner.server is None:
            raise RuntimeError("the runner was not set up, or is over")
        connection = self._runner.server()
        asyncio.get_running_loop().call_later(self._seconds, _close_if_silent, connection)
        return connection


def _close_if_silent(connection: web.RequestHandler) -> None:
    if connection._request_count == 0 and connection.transport is not None:
        connection.transport.abort()
