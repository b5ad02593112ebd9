"""Reports: reading them, saying what they are about, marking them as dealt with."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import reports
from models.paging import page_of
from models.posts import outlines
from models.tables import Report, ReportReason
from server.api import answers
from server.api.admin.people import by_id, server
from server.api.answers import encoded
from server.api.entities import administration
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.params import BadValue
from server.api.routing import Access, Call, Routes

routes = Routes()

_ID = r"/api/v1/admin/reports/{id:\d+}"
_READ, _WRITE = "admin:read:reports", "admin:write:reports"
_PAGE, _MANY = 100, 200


@routes.get("/api/v1/admin/reports", _READ, access=Access.ADMIN)
async def listed(call: Call) -> web.Response:
    """What waits; with `resolved` what was dealt with."""
    sent = call.params
    wanted = reports.narrowed(
        reports.listed(call.staff, open_ones=not sent.flag("resolved")),
        by_id=sent.id("account_id"),
        about_id=sent.id("target_account_id"),
        about_host=sent.text("by_target_domain") or None,
    )
    async with call.reading() as session:
        found = await page_of(session, wanted, Report.id, call.page(_PAGE, _MANY))
        made = await _bodies(call, session, found)
    return answers.answer_list(made, headers=links(call, [each.id for each in found]))


@routes.get(_ID, _READ, access=Access.ADMIN)
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        return await _shown(call, session, await reports.one(session, call.staff, call.id()))


@routes.put(_ID, _WRITE, access=Access.ADMIN)
async def update(call: Call) -> web.Response:
    """Say anew what a report is about. There are no written rules that it could break."""
    reason = call.params.maybe_text("category")
    if reason is not None and reason not in list(ReportReason):
        raise BadValue(field="category")
    async with call.writing() as session:
        if reason is None:
            found = await reports.one(session, call.staff, call.id())
        else:
            found = await reports.sort(session, call.id(), by=call.staff, reason=ReportReason(reason))
        return await _shown(call, session, found)


@routes.post(_ID + "/assign_to_self", _WRITE, access=Access.ADMIN)
async def assign(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _shown(call, session, await reports.look_after(session, call.id(), by=call.staff))


@routes.post(_ID + "/unassign", _WRITE, access=Access.ADMIN)
async def unassign(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _shown(call, session, await reports.let_go(session, call.id(), by=call.staff))


@routes.post(_ID + "/resolve", _WRITE, access=Access.ADMIN)
async def resolve(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _shown(call, session, await reports.deal_with(session, call.id(), by=call.staff))


@routes.post(_ID + "/reopen", _WRITE, access=Access.ADMIN)
async def reopen(call: Call) -> web.Response:
    async with call.writing() as session:
        return await _shown(call, session, await reports.reopen(session, call.id(), by=call.staff))


async def _shown(call: Call, session: AsyncSession, found: Report) -> web.Response:
    await session.flush()
    session.expire(found, ["dealt_with_by", "keeper"])
    found = await reports.one(session, call.staff, found.id)
    return answers.answer_bytes((await _bodies(call, session, [found]))[0])


async def _bodies(call: Call, session: AsyncSession, found: Sequence[Report]) -> list[bytes]:
    """Mastodon's Admin::Report of each, with the posts in it that its reader may see: it opens no closed door."""
    speakers = await reports.speakers(session, found)
    involved = {
        each.id: (
            speakers.get(each.id, 0),
            each.about_id,
            each.keeper.actor_id if each.keeper is not None else 0,
            each.dealt_with_by.actor_id if each.dealt_with_by is not None else 0,
        )
        for each in found
    }
    people = await by_id(call, session, {actor_id for each in involved.values() for actor_id in each} - {0})
    lines = await outlines.outlines_of(session, call.viewer, [post_id for each in found for post_id in each.post_ids])
    posts = dict(zip(lines, await call.app[SHELF].statuses(session, call.viewer, list(lines.values())), strict=True))
    made = []
    for each in found:
        by, about, keeper, resolver = (people.get(actor_id, b"null") for actor_id in involved[each.id])
        if each.id not in speakers:
            by = server(call, each.host, each.created_at)
        statuses = b",".join(posts[post_id] for post_id in each.post_ids if post_id in posts)
        made.append(
            encoded(administration.report(each))[:-1]
            + b',"account":%s,"target_account":%s,"assigned_account":%s,"action_taken_by_account":%s,"statuses":[%s]}'
            % (by, about, keeper, resolver, statuses)
        )
    return made
