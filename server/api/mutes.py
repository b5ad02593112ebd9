"""Not hearing somebody, for good or for a while; and wanting nothing from a whole server."""

from datetime import timedelta

from aiohttp import web

from models import actors, mutes
from models.paging import page_of
from models.tables import HostBlock, Mute
from server.api import answers
from server.api.answers import encoded
from server.api.entities.shelf import SHELF
from server.api.entities.times import maybe
from server.api.paging import links
from server.api.routing import Call, Routes
from server.api.standing import answer_standing

routes = Routes()

_MANY = 80
_MANY_HOSTS = 200
_LONGEST = int(mutes.LONGEST.total_seconds())


@routes.post(r"/api/v1/accounts/{id:\d+}/mute", "write:mutes", "follow")
async def mute(call: Call) -> web.Response:
    """Keep somebody out of one's timelines, and out of `notifications`; for `duration` seconds, 0 for good."""
    seconds = call.params.number("duration", 0, least=0, most=_LONGEST)
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await mutes.mute(
            session,
            actor,
            by=call.staff,
            hides_notifications=call.params.flag("notifications", True),
            lasts=timedelta(seconds=seconds) if seconds else None,
        )
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/unmute", "write:mutes", "follow")
async def unmute(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await mutes.unmute(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.get("/api/v1/mutes", "read:mutes", "follow")
async def muted(call: Call) -> web.Response:
    """Whom one mutes now, newest first, each with when it ends."""
    async with call.reading() as session:
        found = await page_of(session, mutes.muted(call.staff), Mute.id, call.page(40, _MANY))
        people = [(one.target.id, one.target.version) for one in found]
        bodies = await call.app[SHELF].accounts(session, call.viewer, people)
    entities = [
        body[:-1] + b',"mute_expires_at":' + encoded(maybe(one.ends_at)) + b"}"
        for one, body in zip(found, bodies, strict=True)
    ]
    return answers.answer_list(entities, headers=links(call, [one.id for one in found]))


# Servers


@routes.get("/api/v1/domain_blocks", "read:blocks", "follow")
async def blocked_hosts(call: Call) -> web.Response:
    """The servers one wants nothing from, newest first."""
    async with call.reading() as session:
        page = call.page(100, _MANY_HOSTS)
        found = await page_of(session, mutes.blocked_hosts(call.staff), HostBlock.id, page)
    return answers.answer([one.host for one in found], headers=links(call, [one.id for one in found]))


@routes.post("/api/v1/domain_blocks", "write:blocks", "follow")
async def block_host(call: Call) -> web.Response:
    host = call.params.needed("domain")
    async with call.writing() as session:
        await mutes.block_host(session, host, by=call.staff)
    return answers.answer({})


@routes.get("/api/v1/domain_blocks/preview", "write:blocks", "follow")
async def preview(call: Call) -> web.Response:
    """How many followers, and how many whom one follows, would be lost by blocking a server: apps ask before."""
    host = call.params.needed("domain")
    async with call.reading() as session:
        lost = await mutes.losses(session, host, by=call.staff)
    return answers.answer({"following_count": lost.following, "followers_count": lost.followers})


@routes.delete("/api/v1/domain_blocks", "write:blocks", "follow")
async def unblock_host(call: Call) -> web.Response:
    host = call.params.needed("domain")
    async with call.writing() as session:
        await mutes.unblock_host(session, host, by=call.staff)
    return answers.answer({})
