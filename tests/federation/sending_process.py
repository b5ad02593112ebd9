"""A process that sends until it is killed: `python -m tests.federation.sending_process DATABASE_URL`."""

import asyncio
import sys

from federation.delivery import Sender
from models.database import Database
from models.instance import Instance
from tests.federation.receiver import fetcher_of, wire_of
from tests.world import HOME


async def main(url: str) -> None:
    database = Database(url, instance=Instance(base_url=HOME, name="Lovelace"))
    async with fetcher_of(database) as fetcher:
        await Sender(wire_of(database, fetcher, deliveries_at_once=4), looks=False).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
