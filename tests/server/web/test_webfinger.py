"""Whom a name leads to, asked of the whole application as it stands behind what it gives again."""

from typing import Any

from aiohttp.test_utils import TestClient
from sqlalchemy import delete

from models import actors
from models.database import Database
from models.tables import EVERYBODY, Disclosure
from server.ready import Ready
from tests.world import World


async def test_whom_a_name_leads_to_is_told_again_until_anything_changes(
    client: TestClient[Any, Any], house: Database, ready: Ready, world: World
) -> None:
    async with house.writing() as session:
        await actors.disclose(session, world.ada.id, {EVERYBODY})
    host = house.instance.host
    path = f"/.well-known/webfinger?resource=acct:ada@{host}"

    async def asked() -> tuple[int, bytes]:
        async with client.get(path) as answer:
            return answer.status, await answer.read()

    first = await asked()
    given = ready.given
    assert first[0] == 200
    assert await asked() == first
    assert ready.given == given + 1

    async with house.writing() as session:
        await session.execute(delete(Disclosure).where(Disclosure.actor_id == world.ada.id))
    assert (await asked())[0] == 404
