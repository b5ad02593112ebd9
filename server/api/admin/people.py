"""People as who administers sees them, put together for answers."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models import people
from models.people import Person
from models.tables import Actor, ActorType
from models.tallies import Tally
from server.api.entities import accounts, administration
from server.api.entities.shelf import SHELF
from server.api.routing import Call


async def bodies(call: Call, session: AsyncSession, found: Sequence[Person]) -> list[bytes]:
    """Mastodon's Admin::Account of each, in their order."""
    versions = [(each.actor.id, each.actor.version) for each in found]
    made = await call.app[SHELF].accounts(session, call.viewer, versions)
    return [administration.person(each, body) for each, body in zip(found, made, strict=True)]


def server(call: Call, host: str, since: datetime) -> bytes:
    """The same for a server that spoke for somebody it did not name, and whose own actor is not known (any more)."""
    base = f"https://{host}"
    silent = Actor(
        id=0,
        type=ActorType.APPLICATION,
        host=host,
        username=host,
        uri=base,
        url=base,
        created_at=since,
        display_name=host,
        about_html="",
        fields=[],
        emoji=[],
        is_locked=True,
        is_bot=True,
        is_discoverable=False,
    )
    body = accounts.opened(accounts.account(call.app, silent, None)) + accounts.numbers(Tally())
    return administration.person(Person(silent, None, is_cut_off=False), body)


async def by_id(call: Call, session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, bytes]:
    """The same by the id of their actor."""
    found = list((await people.several(session, call.staff, actor_ids)).values())
    return {each.actor.id: body for each, body in zip(found, await bodies(call, session, found), strict=True)}
