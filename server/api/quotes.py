"""Quotes: who quotes a post, taking it out of one of them, and who may quote it."""

from aiohttp import web

from models import quotes
from models.errors import NotFound
from models.posts import outlines
from server.api import answers, params, quoting
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Call, Routes
from server.api.statuses import answer_post

routes = Routes()


@routes.get(r"/api/v1/statuses/{id:\d+}/quotes", "read:statuses")
async def several(call: Call) -> web.Response:
    """The posts that quote a post with its author's consent, as far as whoever asks sees them."""
    page = call.page(20, 40)
    async with call.reading() as session:
        line = await outlines.outline_of(session, call.viewer, call.id())
        lines = await outlines.outlines(session, quotes.quotes_of(call.viewer, line.shown.id), page)
        bodies = await call.app[SHELF].statuses(session, call.viewer, lines)
    return answers.answer_list(bodies, headers=links(call, [each.key for each in lines]))


@routes.post(r"/api/v1/statuses/{id:\d+}/quotes/{quoting_id:\d+}/revoke", "write:statuses")
async def revoke(call: Call) -> web.Response:
    """Take one's own post out of a post that quotes it; the answer is that post."""
    try:
        quoting_id = params.id_of(call.request.match_info["quoting_id"])
    except params.BadValue:
        raise NotFound from None
    async with call.writing() as session:
        post = await quotes.revoke(session, call.id(), quoting_id, by=call.staff)
        post_id = post.id
    return await answer_post(call, post_id)


@routes.put(r"/api/v1/statuses/{id:\d+}/interaction_policy", "write:statuses")
async def set_policy(call: Call) -> web.Response:
    """Say who may quote a post of one's own from now on."""
    policy = quoting.wanted(call.params)
    async with call.writing() as session:
        post = await quotes.set_policy(session, call.id(), policy, by=call.staff)
        post_id = post.id
    return await answer_post(call, post_id)
