"""Notes one keeps about others, and whom one recommends on one's profile."""

from aiohttp import web

from models import actors, notes
from models.paging import page_of
from models.tables import ActorType, Endorsement
from models.viewers import Staff
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Access, Call, Routes
from server.api.standing import answer_standing

routes = Routes()

_MANY = 80


@routes.post(r"/api/v1/accounts/{id:\d+}/note", "write:accounts")
async def note(call: Call) -> web.Response:
    """Keep `comment` about somebody for oneself; without one the note goes."""
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await notes.write(session, actor, call.params.text("comment"), by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/endorse", "write:accounts")
@routes.post(r"/api/v1/accounts/{id:\d+}/pin", "write:accounts")
async def endorse(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await notes.endorse(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/unendorse", "write:accounts")
@routes.post(r"/api/v1/accounts/{id:\d+}/unpin", "write:accounts")
async def stop_endorsing(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await notes.stop_endorsing(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.get("/api/v1/endorsements", "read:accounts")
async def own(call: Call) -> web.Response:
    """Whom one recommends, newest first."""
    return await _endorsed(call, call.staff, call.staff.actor_id)


@routes.get(r"/api/v1/accounts/{id:\d+}/endorsements", "read:accounts", access=Access.PUBLIC)
async def endorsed(call: Call) -> web.Response:
    """Whom somebody recommends; visitors are not told whom people here follow."""
    async with call.reading() as session:
        actor = await actors.one(session, call.viewer, call.id())
    if not isinstance(call.viewer, Staff) or actor.type is ActorType.GROUP:
        return answers.answer([])
    return await _endorsed(call, call.viewer, actor.id)


async def _endorsed(call: Call, viewer: Staff, actor_id: int) -> web.Response:
    async with call.reading() as session:
        statement = notes.endorsed(viewer, actor_id)
        found = await page_of(session, statement, Endorsement.id, call.page(40, _MANY))
        people = [(one.target.id, one.target.version) for one in found]
        bodies = await call.app[SHELF].accounts(session, viewer, people)
    return answers.answer_list(bodies, headers=links(call, [one.id for one in found]))
