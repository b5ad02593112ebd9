"""Whom one may want to know: suggestions, the directory, and who of those one follows follows somebody."""

from collections.abc import Sequence

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, suggestions
from models.tables import Actor
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.params import BadValue
from server.api.routing import Access, Call, Routes

routes = Routes()

_MANY = 80
_FAMILIAR = 20
_ORDERS = ("active", "new")
_WHY = {"source": "past_interactions", "sources": ["friends_of_friends"]}
"""Of the reasons that clients know the one that is true: they are where one's groups and people are."""


@routes.get("/api/v1/suggestions", "read")
async def suggested_v1(call: Call) -> web.Response:
    """The accounts alone, as before version 2."""
    return answers.answer_list(await _suggested(call))


@routes.get("/api/v2/suggestions", "read")
async def suggested(call: Call) -> web.Response:
    bodies = await _suggested(call)
    return answers.answer([{**_WHY, "account": msgspec.Raw(body)} for body in bodies])


async def _suggested(call: Call) -> list[bytes]:
    limit = call.params.number("limit", 40, least=1, most=_MANY)
    async with call.reading() as session:
        found = await suggestions.suggested(session, call.staff, limit=limit)
        return await _entities(call, session, found)


@routes.delete(r"/api/v1/suggestions/{id:\d+}", "read")
async def dismiss(call: Call) -> web.Response:
    """Do not suggest somebody again. The scope is Mastodon's."""
    async with call.writing() as session:
        await suggestions.dismiss(session, call.id(), by=call.staff)
    return answers.answer({})


@routes.get("/api/v1/directory", "read:accounts", access=Access.PUBLIC)
async def directory(call: Call) -> web.Response:
    """Colleagues, groups and others, who wrote last first, or the newest first; visitors see who is known outside."""
    limit = call.params.number("limit", 40, least=1, most=_MANY)
    offset = call.params.number("offset", 0, least=0, most=10_000)
    order = call.params.text("order") or "active"
    if order not in _ORDERS:
        raise BadValue(field="order")
    async with call.reading() as session:
        people = suggestions.directory(
            session, call.viewer, is_active=order == "active", is_local=call.params.flag("local")
        )
        found = (await session.scalars(people.offset(offset).limit(limit))).all()
        return answers.answer_list(await _entities(call, session, found))


@routes.get("/api/v1/accounts/familiar_followers", "read:follows")
async def familiar_followers(call: Call) -> web.Response:
    """For each of `id[]` whom one follows who follows them."""
    ids = list(dict.fromkeys(call.params.known_ids("id")))[:_MANY]
    async with call.reading() as session:
        known = await actors.several(session, call.viewer, ids)
        wanted = [actor_id for actor_id in ids if actor_id in known]
        found = await suggestions.familiar_followers(session, call.staff, wanted, most=_FAMILIAR)
        people = {actor.id: actor for followers in found.values() for actor in followers}
        bodies = dict(zip(people, await _entities(call, session, list(people.values())), strict=True))
    return answers.answer(
        [
            {"id": str(actor_id), "accounts": [msgspec.Raw(bodies[actor.id]) for actor in found[actor_id]]}
            for actor_id in wanted
        ]
    )


async def _entities(call: Call, session: AsyncSession, found: Sequence[Actor]) -> list[bytes]:
    return await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in found])
