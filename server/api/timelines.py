"""Timelines: home, the company's and everybody's, hashtags, groups, and what one kept."""

from typing import Any

from aiohttp import web
from sqlalchemy import Select

from models import timelines
from models.posts import outlines
from models.tables import Bookmark, Like, Post
from models.viewers import Viewer
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.lists import own_group
from server.api.paging import links
from server.api.routing import Access, Call, Routes

routes = Routes()


@routes.get("/api/v1/timelines/home", "read:statuses")
async def home(call: Call) -> web.Response:
    return await _page(call, timelines.home(call.staff))


@routes.get("/api/v1/timelines/public", "read:statuses", access=Access.PUBLIC)
async def public(call: Call) -> web.Response:
    """`local` is the company; without it everything one may see. Visitors get what is public anyway."""
    return await _page(call, of_public(call.viewer, call.params.flag("local"), call.params.flag("remote")))


def of_public(viewer: Viewer, local: bool, remote: bool) -> Select[Post]:
    if local:
        return timelines.of_company(viewer)
    return timelines.elsewhere(viewer) if remote else timelines.everything(viewer)


@routes.get("/api/v1/timelines/tag/{name}", "read:statuses", access=Access.PUBLIC)
async def tag(call: Call) -> web.Response:
    """Posts with a hashtag, or `any[]` of others, and `all[]`, and `none[]` of some."""
    sent = call.params
    posts = timelines.narrowed(
        timelines.of_tag(call.viewer, call.name(), *sent.texts("any")),
        call.viewer,
        tags=sent.texts("all"),
        without_tags=sent.texts("none"),
        is_local=_locality(call),
    )
    return await _page(call, posts)


def _locality(call: Call) -> bool | None:
    if call.params.flag("local"):
        return True
    return False if call.params.flag("remote") else None


@routes.get(r"/api/v1/timelines/list/{id:\d+}", "read:lists")
async def of_list(call: Call) -> web.Response:
    """A group one belongs to."""
    async with call.reading() as session:
        group = await own_group(session, call.staff, call.id())
    return await _page(call, timelines.of_group(call.viewer, group))


@routes.get("/api/v1/timelines/direct", "read:statuses")
async def direct(call: Call) -> web.Response:
    return await _page(call, timelines.direct(call.staff))


@routes.get("/api/v1/bookmarks", "read:bookmarks")
async def bookmarks(call: Call) -> web.Response:
    return await _page(call, timelines.bookmarked(call.staff), key=Bookmark.id)


@routes.get("/api/v1/favourites", "read:favourites")
async def favourites(call: Call) -> web.Response:
    return await _page(call, timelines.liked(call.staff), key=Like.id)


async def _page(call: Call, posts: Select[Post], *, key: Any = Post.id) -> web.Response:
    page = call.page(20, 40)
    if call.params.flag("only_media"):
        posts = timelines.narrowed(posts, call.viewer, only_files=True)
    async with call.reading() as session:
        lines = await outlines.outlines(session, posts, page, key=key)
        bodies = await call.app[SHELF].statuses(session, call.viewer, lines)
    return answers.answer_list(bodies, headers=links(call, [line.key for line in lines]))
