"""One company's post: what is queued, the servers it goes to, and the sender between them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from federation.delivery import Sender
from federation.wire import Wire
from models import deliveries, partners
from models.database import Database
from models.tables import Actor, Delivery, DeliveryState, Peer
from tests.federation.receiver import Receiver, fetcher_of, quick_keys, wire_of
from tests.world import Person


class Post:
    """The queue of one person, the servers it goes to, and the sender between them."""

    def __init__(self, database: Database, ada: Person, wire: Wire, stack: AsyncExitStack) -> None:
        self.database = database
        self.ada = ada
        self.wire = wire
        self.stack = stack
        self.sender = Sender(wire, looks=False)
        self._count = 0

    async def receiver(self, name: str = "northwind", *, admitted: bool = True, **more: Any) -> Receiver:
        receiver = await self.stack.enter_async_context(Receiver(name, **more))
        if admitted:
            async with self.database.writing() as session:
                await partners.admit(session, receiver.host)
        return receiver

    async def queue(
        self,
        *receivers: Receiver,
        count: int = 1,
        type: str = "Create",
        inbox: str | None = None,
        object_uri: str = "",
        text: str = "",
    ) -> list[str]:
        """Queue activities for some servers; their ids."""
        ids = []
        for _ in range(count):
            self._count += 1
            uri = f"{self.database.instance.base_url}/ap/x/{self._count:04}"
            async with self.database.writing() as session:
                await deliveries.enqueue(
                    session,
                    deliveries.Outgoing(
                        uri=uri,
                        type=type,
                        actor=await session.get_one(Actor, self.ada.id),
                        body=f'{{"id":"{uri}","type":"{type}","text":"{text}"}}'.encode(),
                        object_uri=object_uri,
                        digest="",
                        inboxes=[(inbox or one.inbox, one.host) for one in receivers],
                        rule="agreement",
                    ),
                )
            ids.append(uri)
        return ids

    async def rows(self, receiver: Receiver | None = None) -> list[Delivery]:
        async with self.database.reading() as session:
            found = select(Delivery).order_by(Delivery.id)
            if receiver is not None:
                found = found.where(Delivery.host == receiver.host)
            return list(await session.scalars(found))

    async def states(self, receiver: Receiver | None = None) -> list[DeliveryState]:
        return [row.state for row in await self.rows(receiver)]

    async def peer(self, receiver: Receiver) -> Peer:
        async with self.database.reading() as session:
            return await session.get_one(Peer, receiver.host)


@asynccontextmanager
async def post_of(person: Person, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    """The post of a person, which nobody sends unless the test does."""
    quick_keys(monkeypatch)
    async with AsyncExitStack() as stack:
        wire = wire_of(person.database, await stack.enter_async_context(fetcher_of(person.database)))
        made = Post(person.database, person, wire, stack)
        yield made
        await made.sender.close()
