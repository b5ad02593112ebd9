"""Alan, who administers Lovelace, with a phone that may do all of it."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from models.database import Database
from models.tables import AuditLine
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import World

ADMIN_SCOPES = "read write admin:read admin:write"


@pytest.fixture
async def alan(hand: Hand, world: World) -> Phone:
    return await hand(world.alan, ADMIN_SCOPES)


@pytest.fixture
def noted(database: Database) -> Callable[[], Awaitable[list[str]]]:
    """What the log says since the last time, oldest first: the actions of people."""
    seen = 0

    async def since() -> list[str]:
        nonlocal seen
        async with database.reading() as session:
            rows = (await session.execute(select(AuditLine.id, AuditLine.action).order_by(AuditLine.id))).all()
        fresh = [action for number, action in rows if number > seen]
        seen = max((number for number, _ in rows), default=0)
        return fresh

    return since
