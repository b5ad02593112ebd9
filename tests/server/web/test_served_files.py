"""Files over HTTP, as the whole application serves them."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from models import media
from server import copies
from server.api.limits import LOOKUPS, Allowance, TooManyRequests
from server.app import create_app
from server.config import Config
from server.context import DATABASE, LINKS, RESOLVER
from tests.server.web.browser import Browser
from tests.world import World

OUTSIDE = (
    "/static/../server/app.py",
    "/static/%2e%2e/server/app.py",
    "/static/..%2fserver/app.py",
    "/static/%2e%2e%2fserver%2fapp.py",
    "/static/..\\server\\app.py",
    "/static/..%5cserver%5capp.py",
    "/static/%252e%252e/server/app.py",
    "/static/css/../../server/app.py",
    "/static//etc/passwd",
    "/static/%2fetc/passwd",
    "/static/.%00./server/app.py",
    "/static/css/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/",
    "/static/css",
    "/media/../instance.toml",
    "/media/00/%2e%2e/%2e%2e/instance.toml",
)


async def raw(client: TestClient[Any, Any], path: str) -> bytes:
    """What is answered to a path that no client library puts in order before it is sent."""
    assert client.server.port is not None
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {client.server.host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_R_93_no_path_leads_out_of_the_folder_of_static_files(client: TestClient[Any, Any]) -> None:
    assert b" 200 " in (await raw(client, "/static/css/tokens.css")).split(b"\r\n", 1)[0]

    for path in OUTSIDE:
        answer = await raw(client, path)
        assert answer.split(b" ")[1] in (b"400", b"403", b"404"), path
        assert b"create_app" not in answer, path
        assert b"root:" not in answer, path


async def test_our_own_files_are_given_without_a_look_at_who_asks(
    ada: Browser, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """A page brings two dozen of them along, and a browser asks for each again to hear that it is the same."""
    with statements() as asked:
        found = await ada.get("/static/css/tokens.css")
        missing = await ada.get("/static/css/nothing.css")

    assert (found.status, missing.status) == (200, 404)
    assert asked == []


async def test_R_93_a_link_in_the_folder_is_not_followed(client: TestClient[Any, Any], tmp_path: Path) -> None:
    """`follow_symlinks` is what other servers were read through (CVE-2024-23334)."""
    [folder] = [
        resource
        for resource in client.app.router.resources()  # type: ignore[union-attr]
        if resource.canonical == "/static"
    ]

    assert folder.get_info()["directory"].name == "static"
    assert folder._follow_symlinks is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp"])
async def test_R_92_a_file_is_served_so_that_nothing_in_it_can_run(
    client: TestClient[Any, Any], config: Config, world: World, visitor: Browser, kind: str
) -> None:
    """Whatever is in it: here a page that calls itself a picture."""
    name = media.random_name(kind)
    stored = media.StoredFile(file=name, preview_file=None, media_type=f"image/{kind}", size=1, width=1, height=1)
    async with world.database.writing() as session:
        await media.add(session, stored, by=world.ada.staff)
    await asyncio.to_thread(copies.write, config.media_directory, {name: b"<script>alert(1)</script>" * 10})
    assert client.app is not None
    path = client.app[LINKS].sign(f"/media/{name}").removeprefix(config.base_url)

    whole = await client.get(path)
    part = await client.get(path, headers={"Range": "bytes=0-7"})
    many = await client.get(path, headers={"Range": "bytes=" + ",".join(["0-"] * 50)})

    assert (whole.status, part.status, await part.read()) == (200, 206, b"<script>")
    assert (many.status, len(await many.read()) <= 250) in ((200, True), (416, True))
    for answer in (whole, part):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["Content-Type"] == {"jpg": "image/jpeg"}.get(kind, f"image/{kind}")
        assert answer.headers["Cache-Control"].startswith("private")
        assert "Set-Cookie" not in answer.headers


async def test_R_83_nobody_has_us_ask_other_servers_without_end(config: Config, world: World) -> None:
    made = create_app(config, works=False)
    made[LOOKUPS] = Allowance(2)
    try:
        for _ in range(2):
            found = await made[RESOLVER](f"@ada@{config.host}", world.joan.staff)
            assert found is not None and found.id == world.ada.id
        with pytest.raises(TooManyRequests):
            await made[RESOLVER](f"@ada@{config.host}", world.joan.staff)
        assert await made[RESOLVER](f"@ada@{config.host}", world.grace.staff) is not None
    finally:
        await made[DATABASE].close()
