"""People as who administers sees them, put together for answers."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from models import people
from models.people import Person
from server.api.entities import administration
from server.api.entities.shelf import SHELF
from server.api.routing import Call


async def bodies(call: Call, session: AsyncSession, found: Sequence[Person]) -> list[bytes]:
    """Mastodon's Admin::Account of each, in their order."""
    versions = [(each.actor.id, each.actor.version) for each in found]
    accounts = await call.app[SHELF].accounts(session, call.viewer, versions)
    return [administration.person(each, body) for each, body in zip(found, accounts, strict=True)]


async def by_id(call: Call, session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, bytes]:
    """The same by the id of their actor."""
    found = list((await people.several(session, call.staff, actor_ids)).values())
    return {each.actor.id: body for each, body in zip(found, await bodies(call, session, found), strict=True)}
