"""Databases that are made once in a session and copied for each test that begins alike."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from models import migrations
from models.database import Database
from models.instance import Instance
from tests.world import HOME, World

LOVELACE = Instance(base_url=HOME, name="Lovelace")


@dataclass(frozen=True, slots=True)
class Template:
    """How a database begins: as that of `after`, and with what `fill` does then as the company `instance()`."""

    name: str
    fill: Callable[[Database], Awaitable[object]]
    after: "Template | None" = None
    instance: Callable[[], Instance] = lambda: LOVELACE

    def make(self, url: str) -> None:
        """Fill the database at `url`, which is a copy of `after`."""

        async def filled() -> None:
            database = Database(url, instance=self.instance())
            await self.fill(database)
            await database.close()

        elsewhere(filled)


EMPTY = Template("empty", migrations.upgrade)
"""The tables alone."""
INHABITED = Template("inhabited", World.founded, after=EMPTY)
"""The cast lives in it."""


def elsewhere(what: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function to its end in a thread, since a loop of this test may exist already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(what())).result()
