"""What people make of posts: thanks, boosts, bookmarks, and who did."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from models import featured, reactions, threads
from models.paging import page_of
from models.posts import outlines, reading, writing
from models.tables import Like, Post
from models.viewers import Staff
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Access, Call, Routes
from server.api.statuses import answer_post

routes = Routes()

_MANY = 80

Verb = Callable[..., Awaitable[Post]]


@routes.post(r"/api/v1/statuses/{id:\d+}/favourite", "write:favourites")
async def favourite(call: Call) -> web.Response:
    return await _react(call, reactions.like)


@routes.post(r"/api/v1/statuses/{id:\d+}/unfavourite", "write:favourites")
async def unfavourite(call: Call) -> web.Response:
    return await _react(call, reactions.unlike)


@routes.post(r"/api/v1/statuses/{id:\d+}/bookmark", "write:bookmarks")
async def bookmark(call: Call) -> web.Response:
    return await _react(call, reactions.bookmark)


@routes.post(r"/api/v1/statuses/{id:\d+}/unbookmark", "write:bookmarks")
async def unbookmark(call: Call) -> web.Response:
    return await _react(call, reactions.unbookmark)


@routes.post(r"/api/v1/statuses/{id:\d+}/pin", "write:accounts")
async def pin(call: Call) -> web.Response:
    """Put a post of one's own on top of one's profile."""
    return await _react(call, featured.pin)


@routes.post(r"/api/v1/statuses/{id:\d+}/unpin", "write:accounts")
async def unpin(call: Call) -> web.Response:
    return await _react(call, featured.unpin)


@routes.post(r"/api/v1/statuses/{id:\d+}/mute", "write:mutes")
async def mute(call: Call) -> web.Response:
    """Be told nothing more of the thread that a post stands in."""
    return await _react(call, threads.mute)


@routes.post(r"/api/v1/statuses/{id:\d+}/unmute", "write:mutes")
async def unmute(call: Call) -> web.Response:
    return await _react(call, threads.unmute)


async def _react(call: Call, verb: Verb) -> web.Response:
    async with call.writing() as session:
        post = await verb(session, call.id(), by=call.staff)
        post_id = post.id
    return await answer_post(call, post_id)


@routes.post(r"/api/v1/statuses/{id:\d+}/reblog", "write:statuses")
async def reblog(call: Call) -> web.Response:
    """Boost a post within its own reach; the answer is the boost around it."""
    async with call.writing() as session:
        made = await writing.boost(session, call.id(), by=call.staff)
        boost_id = made.id
    return await answer_post(call, boost_id)


@routes.post(r"/api/v1/statuses/{id:\d+}/unreblog", "write:statuses")
async def unreblog(call: Call) -> web.Response:
    """Take a boost back; the answer is the post that was boosted."""
    async with call.writing() as session:
        post = await reading.one(session, call.viewer, call.id())
        original_id = reading.shown_by(post).id
        await writing.unboost(session, original_id, by=call.staff)
    return await answer_post(call, original_id)


@routes.get(r"/api/v1/statuses/{id:\d+}/favourited_by", "read:accounts", access=Access.PUBLIC)
async def favourited_by(call: Call) -> web.Response:
    """Who thanked for a post, newest first; visitors are not told."""
    return await _who(call, reactions.likes_of, Like.id, "actor")


@routes.get(r"/api/v1/statuses/{id:\d+}/reblogged_by", "read:accounts", access=Access.PUBLIC)
async def reblogged_by(call: Call) -> web.Response:
    """Who boosted a post, as far as whoever asks sees those boosts; visitors are not told."""
    return await _who(call, lambda post_id: outlines.boosts_of(call.viewer, post_id), Post.id, "author")


async def _who(call: Call, found: Callable[[int], Any], key: Any, person: str) -> web.Response:
    page = call.page(40, _MANY)
    async with call.reading() as session:
        line = await outlines.outline_of(session, call.viewer, call.id())
        if not isinstance(call.viewer, Staff):
            return answers.answer_list([])
        rows = await page_of(session, found(line.shown.id), key, page)
        people = [getattr(row, person) for row in rows]
        bodies = await call.app[SHELF].accounts(session, call.viewer, [(actor.id, actor.version) for actor in people])
    return answers.answer_list(bodies, headers=links(call, [row.id for row in rows]))
