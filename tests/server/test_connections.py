"""What somebody sends who does not speak HTTP as one should, over a raw socket (R-41, R-49)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import http_parser, web
from click.testing import CliRunner

from server import connections
from server.cli.serve import serve

Says = Callable[[bytes], Awaitable[bytes]]


async def _read(request: web.Request) -> web.Response:
    return web.Response(text=f"read {len(await request.read())}")


@pytest.fixture
async def says() -> AsyncIterator[Says]:
    """Sends bytes on a connection of its own; everything that is answered until the other side closes it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _read)
    runner = web.AppRunner(app, keepalive_timeout=0.05, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await connections.Door(runner, listener, headers_seconds=0.1).start()

    async def say(data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(data)
        try:
            async with asyncio.timeout(5):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    yield say
    await runner.cleanup()


HEAD = b"POST /inbox HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"


async def test_an_honest_request_is_answered_and_the_connection_ends_when_nothing_follows(says: Says) -> None:
    answer = await says(HEAD + b"Content-Length: 2\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"read 2")
    assert (await says(CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n")).endswith(b"read 2")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CHUNKED + b"Content-Length: 2\r\n\r\n0\r\n\r\n", id="both lengths"),
        pytest.param(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
        pytest.param(HEAD + b"Content-Length: +2\r\n\r\n{}", id="a signed length"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(HEAD + b"Content-Length: 0x2\r\n\r\n{}", id="a hexadecimal length"),
        pytest.param(HEAD + b"Content-Length : 2\r\n\r\n{}", id="a space before the colon"),
        pytest.param(HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="an unknown encoding"),
        pytest.param(HEAD + b"X: a\r\n folded\r\n\r\n", id="a folded line"),
        pytest.param(HEAD + b"X: a\x00b\r\n\r\n", id="a NUL"),
        pytest.param(HEAD + b"X: a\rb\r\n\r\n", id="a lone carriage return"),
        pytest.param(b"POST /inbox HTTP/1.1\nHost: a\nContent-Length: 0\n\n", id="line feeds alone"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", id="an unknown version"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
        pytest.param(HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(2000)) + b"\r\n", id="2,000 headers"),
        pytest.param(HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n", id="a long header"),
        pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", id="a long address"),
    ],
)
async def test_R_49_what_two_readers_could_frame_differently_is_refused(says: Says, data: bytes) -> None:
    answer = await says(data)
    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.0 400", b""), answer[:200]


@pytest.mark.parametrize(
    "rest",
    [
        b"2;\x00\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"fffffffffffffffff\r\n{}",
    ],
    ids=["a control character", "line feeds", "negative", "no end", "a giant"],
)
async def test_R_49_odd_chunks_give_no_body(says: Says, rest: bytes) -> None:
    assert b"read" not in await says(CHUNKED + b"\r\n" + rest)


@pytest.mark.parametrize("data", [b"", b"GET / HTT", HEAD + b"X: a"], ids=["nothing", "half a line", "half a header"])
async def test_R_41_who_does_not_finish_a_request_is_not_waited_for(says: Says, data: bytes) -> None:
    assert await says(data) == b""


def test_R_49_the_slow_parser_is_not_served_with(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    assert connections.are_read_strictly()
    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)
    file = tmp_path / "instance.toml"
    file.write_text('[instance]\nname = "M"\nurl = "https://m.example"\n[secrets]\nkey = "' + "A" * 43 + '="\n')
    file.chmod(0o600)
    found = CliRunner().invoke(serve, ["--config", str(file)])
    assert found.exit_code != 0
    assert "compiled parts" in f"{found.output} {getattr(found.exception, 'problem', found.exception)}"
