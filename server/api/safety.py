"""Keeping somebody away, and reporting what others write."""

from aiohttp import web

from models import actors, blocks, reports
from models.paging import page_of
from models.tables import Actor, Block, ReportReason
from server.api import answers
from server.api.entities import notifications as entities
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.params import BadValue
from server.api.routing import Call, Routes
from server.api.standing import answer_standing

routes = Routes()

_MANY = 80


@routes.post(r"/api/v1/accounts/{id:\d+}/block", "write:blocks", "follow")
async def block(call: Call) -> web.Response:
    """Neither sees the other's posts any more, and neither follows the other; nobody is told, here or elsewhere."""
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await blocks.block(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.post(r"/api/v1/accounts/{id:\d+}/unblock", "write:blocks", "follow")
async def unblock(call: Call) -> web.Response:
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, call.id())
        await blocks.unblock(session, actor, by=call.staff)
        return await answer_standing(call, session, actor.id)


@routes.get("/api/v1/blocks", "read:blocks", "follow")
async def blocked(call: Call) -> web.Response:
    """Whom one blocks, newest first."""
    async with call.reading() as session:
        found = await page_of(session, blocks.blocked(call.staff), Block.id, call.page(40, _MANY))
        people: list[Actor] = [one.target for one in found]
        bodies = await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in people])
    return answers.answer_list(bodies, headers=links(call, [one.id for one in found]))


@routes.post("/api/v1/reports", "write:reports")
async def report(call: Call) -> web.Response:
    """Tell those in charge; with `forward` the server of somebody elsewhere, too, which does not learn who it was."""
    sent = call.params
    reason = sent.text("category", str(ReportReason.OTHER))
    if reason not in list(ReportReason):
        raise BadValue(field="category")
    account_id = sent.id("account_id")
    if account_id is None:
        raise BadValue(field="account_id")
    async with call.writing() as session:
        actor = await actors.one(session, call.viewer, account_id)
        made = await reports.report(
            session,
            actor,
            by=call.staff,
            post_ids=sent.ids("status_ids"),
            reason=ReportReason(reason),
            text=sent.text("comment"),
            forwards=sent.flag("forward"),
        )
        about = await call.app[SHELF].account(session, call.viewer, actor)
    return answers.answer_bytes(entities.report(made, about))
