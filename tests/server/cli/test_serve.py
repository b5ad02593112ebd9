"""`kontor serve` as a process: ready in one line, reached at its address, gone when asked to."""

import asyncio
import os
import resource
import signal
import socket
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from server.cli import serve
from server.cli.serve import allow_many_connections
from tests.browsing import Browser
from tests.fixtures import NewDatabase
from tests.serving import forked, run_here, started, stopped
from tests.templates import INHABITED
from tests.town import configured

pytestmark = pytest.mark.xdist_group("processes")  # most begin as forks of one


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def config_file(tmp_path: Path, new_database: NewDatabase) -> Path:
    port = _free_port()
    file = configured(
        tmp_path / "muster",
        name="Muster Werke",
        url=f"http://muster.localhost:{port}",
        database=new_database("sqlite", template=INHABITED),
        server={"port": port},
    ).path
    file.chmod(0o600)
    return file


def _url(file: Path) -> str:
    return next(line.split('"')[1] for line in file.read_text().splitlines() if line.startswith("url = "))


async def test_it_answers_a_check_finds_it_and_a_second_is_refused_until_SIGINT(
    config_file: Path, tmp_path: Path
) -> None:
    async with started("serve", "--config", str(config_file), log=tmp_path / "log") as server:
        async with Browser(_url(config_file)) as browser:
            page = await browser.opens("/sign-in")
            assert "Muster Werke" in page.text
        code, out, error = await run_here("check", "--config", str(config_file))
        assert (code, error) == (0, "")
        assert "No faults found" in out
        assert "Nothing serves here" not in out
        code, out, error = await run_here("serve", "--config", str(config_file))
        assert (code, out) == (1, "")
        assert "Something listens here already" in error
        assert error.count("\n") == 1
        assert await stopped(server, by=signal.SIGINT) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


async def test_an_open_stream_does_not_keep_the_server_from_stopping_at_SIGTERM(
    config_file: Path, tmp_path: Path
) -> None:
    async with forked("serve", "--config", str(config_file), log=tmp_path / "log") as server:
        async with Browser(_url(config_file)) as browser:
            assert "Muster Werke" in (await browser.opens("/sign-in")).text
        reader, writer = await asyncio.open_connection("127.0.0.1", int(_url(config_file).rpartition(":")[2]))
        writer.write(b"GET /sign-in HTTP/1.1\r\nHost: muster.localhost\r\n")  # and never says that it is over
        await writer.drain()
        assert await stopped(server, by=signal.SIGTERM) == 0
        assert await reader.read() is not None
        writer.close()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.postgres
async def test_several_workers_share_one_port_and_one_of_them_does_not_go_alone(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    port = _free_port()
    file = configured(
        tmp_path / "muster",
        name="Muster Werke",
        url=f"http://muster.localhost:{port}",
        database=new_database("postgres"),
        server={"port": port, "workers": 2},
    ).path
    async with forked("serve", "--config", str(file), log=tmp_path / "log") as server:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/sign-in") as answer:
            assert answer.status == 200
        workers = _children(server.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        assert await asyncio.wait_for(server.wait(), 30) == 1
    assert "worker ended" in (tmp_path / "log").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(workers[1], 0)


def test_each_worker_mints_ids_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are forks of one process, and would mint the same otherwise."""
    config = configured(
        tmp_path, name="A", url="http://a.localhost", database="postgresql://here/a", server={"workers": 3}
    )
    apart: list[int] = []
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(os, "wait", lambda: (0, 0))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(serve, "new_id", SimpleNamespace(set_apart=apart.append))
    monkeypatch.setattr(serve, "_work", lambda *_: None)
    serve._fork(config, [], ready=lambda: None)
    assert apart == [0, 1, 2]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("limits", "then"),
    [((1024, 4096), 4096), ((1024, resource.RLIM_INFINITY), 65_536), ((100_000, 200_000), None), ((4096, 4096), None)],
    ids=["up to what is allowed", "up to enough", "is more already", "is all there is"],
)
def test_as_many_connections_may_be_open_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], then: int | None
) -> None:
    """A message to a thousand servers needs a thousand sockets for a while."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, wanted: asked.append(wanted))
    allow_many_connections()
    assert asked == ([] if then is None else [(then, limits[1])])
