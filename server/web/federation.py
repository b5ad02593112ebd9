"""The federation board, for admins: how every server fares, what waits for it, and what could not be delivered."""

from aiohttp import web

from models import board, breakers, dead_letters, egress, halts
from models.errors import NotFound
from models.paging import page_of
from models.tables import Delivery, HaltReason
from server.context import acting, admin, database
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import asked_page, fields, is_on, paging, text, texts, whole
from server.web.presenters import federation as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_HOST = r"/federation/{host:[^/]{1,260}}"
_SERVERS = 200
_LETTERS = 50


@routes.get("/federation", name="federation")
async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


@routes.get(_HOST, name="federation-host")
async def one(request: web.Request) -> web.Response:
    """One server, with what was given up there."""
    return await _show(request, request.match_info["host"])


async def _show(request: web.Request, host: str | None) -> web.Response:
    by = admin(request)
    looks = sight(request)
    asked = asked_page(request, _LETTERS)
    async with database(request).reading() as session:
        standings = await board.standings(session, by=by)
        chosen = [standing for standing in standings if host in (None, standing.host)]
        if host is not None and not chosen:
            raise NotFound(host=host)
        letters = await page_of(session, dead_letters.listed(by, host=host), Delivery.id, asked)
        part, links = paging(request, asked, [letter.id for letter in letters])
        names = await egress.company_names(session, {letter.host for letter in letters})
        named = looks.naming(names)
        halt = await halts.current(session)
        view = views.BoardView(
            servers=tuple(presenting.server(looks, standing) for standing in chosen[:_SERVERS]),
            unlisted=max(0, len(chosen) - _SERVERS),
            letters=tuple(presenting.letter(named, letter) for letter in letters[part]),
            host=host or "",
            company=chosen[0].name if host is not None else "",
            host_url=presenting.url(looks, "federation-letters", host) if host is not None else "",
            paging=links,
            halt=presenting.reason(halt),
            halted_at=looks.moment(halt.began_at) if halt else None,
            halt_url=looks.url("federation-halt"),
        )
        return await page(request, session, looks, "web/federation.html", view)


@routes.post("/federation", name="federation-halt")
async def halt(request: web.Request) -> web.Response:
    """Send nothing to anybody, or let deliveries go on."""
    by = admin(request)
    form = await fields(request)
    action = text(form, "action")
    async with acting(request) as session:
        if action == "halt":
            await halts.begin(session, HaltReason.ADMIN, by=by)
        elif action == "resume":
            await halts.end(session, by=by, sends_old=is_on(form, "send_old"))
        else:
            raise NotFound(action=action)
    return see_other(request, sight(request).url("federation"), "halted" if action == "halt" else "resumed")


@routes.post(_HOST + "/retry", name="federation-retry")
async def retry(request: web.Request) -> web.Response:
    """Try now what waits for a server."""
    admin(request)
    async with acting(request) as session:
        await breakers.wake(session, request.match_info["host"])
    return see_other(request, _back(request), "retrying")


@routes.post(_HOST + "/letters", name="federation-letters")
async def letters(request: web.Request) -> web.Response:
    """Take up again or drop what was given up: the letters named, or all of a server."""
    by = admin(request)
    form = await fields(request)
    host, action = request.match_info["host"], text(form, "action")
    named = [whole(value) for value in texts(form, "id")]
    ids = [number for number in named if number is not None] if named else None
    async with acting(request) as session:
        if action == "retry":
            done = await dead_letters.retry(session, host, by=by, ids=ids)
            notice = "letters_retried" if done.again else "letters_outdated"
        elif action == "drop":
            await dead_letters.drop(session, host, by=by, ids=ids)
            notice = "letters_dropped"
        else:
            raise NotFound(action=action)
    return see_other(request, _back(request), notice)


def _back(request: web.Request) -> str:
    return presenting.url(sight(request), "federation-host", request.match_info["host"])
