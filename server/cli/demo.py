"""`kontor demo`: three companies on this machine, to look at and to try things with."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from server.cli.frame import Refusal, asynchronous, config_option, json_option, print_json

if TYPE_CHECKING:
    from server.demo.stage import Site


@click.command()
@config_option
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where everything is kept.",
)
@click.option("--port", type=click.IntRange(1, 65_533), default=None, help="First of three ports (default 8001).")
@json_option
def demo(folder: Path, port: int | None, as_json: bool) -> None:
    """Start two companies that trade with each other and a third that does not, until Ctrl-C.

    Everything is kept in one directory: a second run goes on where the first stopped, and removing the directory
    begins anew. The servers listen on this machine only.
    """
    from server.demo import stage

    try:
        places = stage.sites(folder, port)
        _run(folder, places, as_json=as_json)
    except stage.StageFault as error:
        raise Refusal(error.place, error.problem, error.fix) from None


@asynchronous
async def _run(folder: Path, places: "Sequence[Site]", *, as_json: bool) -> None:
    from server.demo import stage

    console = Console(stderr=True, highlight=False)
    secret = stage.password(folder)
    for site in places:
        if not site.config.exists():
            await _make(site, secret)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    if not stage.is_told(folder):
        console.print("Setting the stage: three companies, their people, what they write …")
        await _unless(stopping, stage.tell(folder, places))
    if stopping.is_set():
        return
    async with stage.servers(places) as processes:
        _announce(places, secret, as_json=as_json)
        ended = [asyncio.create_task(process.wait()) for process in processes]
        await _unless(stopping, asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED))
        if not stopping.is_set():
            site = next(site for site, task in zip(places, ended, strict=True) if task.done())
            raise stage.StageFault(str(site.log), f"{site.company.name} stopped by itself.", "Look into this log.")
        for task in ended:
            task.cancel()
    if not as_json:
        console.print("Stopped. Everything is kept for the next time.")


async def _make(site: "Site", secret: str) -> None:
    from server.cli.init import make

    admin = site.company.admin
    await make(
        site.config,
        name=site.company.name,
        url=site.url,
        admin=admin.username,
        email=f"{admin.username}@{site.company.key}.example",
        password=secret,
    )


async def _unless(stopping: asyncio.Event, work: Coroutine[object, object, object]) -> None:
    """Wait for `work`, but no longer than until somebody wants to stop."""
    task = asyncio.create_task(work)
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return
    await task


def _announce(places: "Sequence[Site]", secret: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "company": site.company.name,
                    "url": site.url,
                    "config": str(site.config),
                    "password": secret,
                    "people": [{"username": p.username, "role": str(p.role)} for p in site.company.people],
                }
                for site in places
            ]
        )
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("company", no_wrap=True)
    table.add_column("address", no_wrap=True)
    table.add_column("sign in as")
    for site in places:
        names = ", ".join(f"{p.username} ({p.role})" for p in site.company.people)
        table.add_row(site.company.name, site.url, names)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"Everybody's password: {secret}")
    console.print("Try: as anna write into Gehäuse X200, as bernd approve it, as dimitri read it and answer.")
    console.print("Ctrl-C stops all three.")
