"""Whom somebody does not want to hear: people muted, for good or for a while, people blocked, unwanted servers."""

from datetime import timedelta

from aiohttp import web

from models import actors, blocks, egress, mutes
from models.errors import DomainError
from models.paging import page_of
from models.tables import Block, HostBlock, Mute
from server.context import acting, database, staff
from server.web import views
from server.web.answers import local_path, page, see_other
from server.web.forms import asked_page, fields, is_on, paging, refused, text, whole
from server.web.person import PERSON
from server.web.presenters import unheard as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_AT = "/settings/unheard"
_ALL = 200
"""So many blocks and servers stand on the page at most: nobody has as many."""


@routes.get(_AT, name="unheard")
async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(request: web.Request, form: views.Form | None = None, *, status: int = 200) -> web.Response:
    looks, by = sight(request), staff(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        muted = await page_of(session, mutes.muted(by), Mute.id, asked)
        part, links = paging(request, asked, [row.id for row in muted])
        blocked: list[Block] = list(await session.scalars(blocks.blocked(by).limit(_ALL)))
        hosts: list[HostBlock] = list(await session.scalars(mutes.blocked_hosts(by).limit(_ALL)))
        people = [*(row.target for row in muted), *(row.target for row in blocked)]
        looks = looks.naming(await egress.company_names(session, {actor.host for actor in people}))
        view = views.UnheardView(
            muted=tuple(presenting.muted(looks, row) for row in muted[part]),
            blocked=tuple(presenting.blocked(looks, row) for row in blocked),
            hosts=tuple(row.host for row in hosts),
            form=form or views.Form(),
            paging=links,
        )
        return await page(request, session, looks, "web/unheard.html", view, status=status)


@routes.post(PERSON + "/mute", name="person-mute")
async def mute(request: web.Request) -> web.Response:
    """Mute somebody for `lasts` seconds or for good, or hear them again."""
    by, form = staff(request), await fields(request)
    seconds = whole(text(form, "lasts"))
    async with acting(request) as session:
        actor = await actors.by_handle(session, by, request.match_info["handle"])
        if is_on(form, "set"):
            await mutes.mute(
                session,
                actor,
                by=by,
                hides_notifications=is_on(form, "silent"),
                lasts=timedelta(seconds=min(seconds, _LONGEST)) if seconds else None,
            )
        else:
            await mutes.unmute(session, actor, by=by)
    to = local_path(text(form, "next"), sight(request).actor_url(actor))
    return see_other(request, to, "muted" if is_on(form, "set") else "unmuted")


_LONGEST = int(mutes.LONGEST.total_seconds())


@routes.post(_AT + "/servers", name="unheard-servers")
async def block_server(request: web.Request) -> web.Response:
    """Want nothing from a server any more, or hear of it again."""
    by, form = staff(request), await fields(request)
    typed, blocks_it = text(form, "host").strip(), is_on(form, "set")
    try:
        async with acting(request) as session:
            change = mutes.block_host if blocks_it else mutes.unblock_host
            await change(session, typed, by=by)
    except DomainError as error:
        return await _show(request, refused(error, "host", {"host": typed}, fields=("host",)), status=error.status)
    return see_other(request, _AT, "server_unheard" if blocks_it else "server_heard")
