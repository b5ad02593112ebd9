"""Voting in polls, and ending one's own."""

from aiohttp import web

from models import polls
from server.context import acting, staff
from server.web.answers import local_path, see_other
from server.web.forms import fields, number, text, texts, whole

routes = web.RouteTableDef()

POLL = r"/polls/{poll_id:\d+}"


@routes.post(POLL + "/votes", name="poll-votes")
async def vote(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    choices = [position for value in texts(form, "choice") if (position := whole(value)) is not None]
    async with acting(request) as session:
        await polls.vote(session, number(request, "poll_id"), choices, by=by)
    return see_other(request, local_path(text(form, "next")), "voted")


@routes.post(POLL + "/end", name="poll-end")
async def end(request: web.Request) -> web.Response:
    """Take no more votes."""
    by, form = staff(request), await fields(request)
    async with acting(request) as session:
        await polls.close(session, number(request, "poll_id"), by=by)
    return see_other(request, local_path(text(form, "next")), "poll_ended")
