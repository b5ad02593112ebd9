"""Hashtags: how often they are used, whether one follows them, and which stand on a profile."""

from collections.abc import Iterable

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import actors, tags
from models.errors import NotFound
from models.paging import page_of
from models.tables import Actor, FollowedTag
from models.text.clean import fold_tag
from server.api import answers
from server.api.entities import collections
from server.api.paging import links
from server.api.routing import Access, Call, Routes

routes = Routes()


async def described(call: Call, session: AsyncSession, names: Iterable[str]) -> list[dict[str, object]]:
    """Mastodon's Tag for each of some folded names."""
    base_url = call.config.base_url
    return [collections.tag(base_url, each) for each in await tags.standings(session, call.viewer, names)]


async def _one(call: Call, session: AsyncSession, name: str) -> web.Response:
    return answers.answer((await described(call, session, [name]))[0])


@routes.get("/api/v1/tags/{name}", "read:statuses", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    """A hashtag nobody used is one all the same."""
    async with call.reading() as session:
        return await _one(call, session, fold_tag(call.name()))


@routes.post("/api/v1/tags/{name}/follow", "write:follows", "follow")
async def follow(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _one(call, session, await tags.follow(session, call.name(), by=call.staff))


@routes.post("/api/v1/tags/{name}/unfollow", "write:follows", "follow")
async def unfollow(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _one(call, session, await tags.unfollow(session, call.name(), by=call.staff))


@routes.post("/api/v1/tags/{name}/feature", "write:accounts")
async def feature(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _one(call, session, (await tags.feature(session, call.name(), by=call.staff)).name)


@routes.post("/api/v1/tags/{name}/unfeature", "write:accounts")
async def unfeature(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _one(call, session, await tags.unfeature(session, call.name(), by=call.staff))


@routes.get("/api/v1/followed_tags", "read:follows", "follow")
async def followed(call: Call) -> web.Response:
    """The hashtags one follows, the latest first."""
    async with call.reading() as session:
        found = await page_of(session, tags.followed(call.staff), FollowedTag.id, call.page(100, 200))
        bodies = await described(call, session, [row.name for row in found])
    return answers.answer(bodies, headers=links(call, [row.id for row in found]))


# On profiles


@routes.get("/api/v1/featured_tags", "read:accounts")
async def featured(call: Call) -> web.Response:
    async with call.reading() as session:
        return await _featured(call, session, await actors.one(session, call.viewer, call.staff.actor_id))


@routes.get(r"/api/v1/accounts/{id:\d+}/featured_tags", "read:accounts", access=Access.PUBLIC)
async def featured_by(call: Call) -> web.Response:
    """What stands on the profile of somebody of ours; nobody elsewhere is asked."""
    async with call.reading() as session:
        return await _featured(call, session, await actors.one(session, call.viewer, call.id()))


async def _featured(call: Call, session: AsyncSession, actor: Actor) -> web.Response:
    found = await tags.featured(session, call.viewer, actor)
    return answers.answer([collections.featured_tag(call.config.base_url, each) for each in found])


@routes.post("/api/v1/featured_tags", "write:accounts")
async def add(call: Call) -> web.Response:
    async with call.writing() as session:
        made = await tags.feature(session, call.params.text("name"), by=call.staff)
        actor = await actors.one(session, call.viewer, call.staff.actor_id)
        for each in await tags.featured(session, call.viewer, actor):
            if each.id == made.id:
                return answers.answer(collections.featured_tag(call.config.base_url, each))
    raise NotFound(tag_id=made.id)


@routes.delete(r"/api/v1/featured_tags/{id:\d+}", "write:accounts")
async def take_off(call: Call) -> web.Response:
    async with call.writing() as session:
        await tags.unfeature_id(session, call.id(), by=call.staff)
    return answers.answer({})


@routes.get("/api/v1/featured_tags/suggestions", "read:accounts")
async def suggestions(call: Call) -> web.Response:
    """What one used last and does not show yet."""
    async with call.reading() as session:
        return answers.answer(await described(call, session, await tags.suggested(session, call.staff)))
