"""Timelines: home, the company's and everybody's, hashtags, groups, and what one kept."""

from typing import Any

from aiohttp import web
from sqlalchemy import Select

from models import lists, timelines, trends
from models.posts import outlines
from models.posts.outlines import Query
from models.tables import Bookmark, Like, Post
from models.viewers import Viewer
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.lists import own_group
from server.api.paging import links
from server.api.routing import Access, Call, Routes

routes = Routes()

_TAGS = 8
_ADDRESS = 2048


@routes.get("/api/v1/timelines/home", "read:statuses")
async def home(call: Call) -> web.Response:
    return await _page(call, timelines.home_of(call.staff))


@routes.get("/api/v1/timelines/public", "read:statuses", access=Access.PUBLIC)
async def public(call: Call) -> web.Response:
    """`local` is the company; without it everything one may see. Visitors get what is public anyway."""
    if call.params.flag("local"):
        return await _page(call, timelines.of_company)
    return await _page(call, timelines.elsewhere if call.params.flag("remote") else timelines.everything)


@routes.get("/api/v1/timelines/tag/{name}", "read:statuses", access=Access.PUBLIC)
async def tag(call: Call) -> web.Response:
    """Posts with a hashtag, or `any[]` of others, and `all[]`, and `none[]` of some."""
    sent = call.params
    some, all_, none = (tuple(sent.texts(name)[:_TAGS]) for name in ("any", "all", "none"))
    return await _page(call, _tagged, (call.name(), *some), all_, none, _locality(call))


def _tagged(
    viewer: Viewer, some: tuple[str, ...], all_: tuple[str, ...], none: tuple[str, ...], is_local: bool | None
) -> Select[Post]:
    posts = timelines.of_tag(viewer, *some)
    return timelines.narrowed(posts, viewer, tags=all_, without_tags=none, is_local=is_local)


def _locality(call: Call) -> bool | None:
    if call.params.flag("local"):
        return True
    return False if call.params.flag("remote") else None


@routes.get(r"/api/v1/timelines/list/{id:\d+}", "read:lists")
async def of_list(call: Call) -> web.Response:
    """A group one belongs to, or a list of one's own."""
    async with call.reading() as session:
        group = await own_group(session, call.staff, call.id())
        if group is None:
            await lists.one(session, call.id(), by=call.staff)
    return await _page(call, timelines.of_own_list if group is None else timelines.of_own_group, call.id())


@routes.get("/api/v1/timelines/link", "read:statuses", access=Access.PUBLIC)
async def link(call: Call) -> web.Response:
    """Posts that link to the page `url`."""
    url = call.params.text("url").strip()[:_ADDRESS]
    return await _page(call, trends.linking_to, url) if url else answers.answer([])


@routes.get("/api/v1/timelines/direct", "read:statuses")
async def direct(call: Call) -> web.Response:
    return await _page(call, timelines.direct)


@routes.get("/api/v1/bookmarks", "read:bookmarks")
async def bookmarks(call: Call) -> web.Response:
    return await _page(call, timelines.bookmarked, key=Bookmark.id)


@routes.get("/api/v1/favourites", "read:favourites")
async def favourites(call: Call) -> web.Response:
    return await _page(call, timelines.liked, key=Like.id)


async def _page(call: Call, query: Query, *facts: Any, key: Any = Post.id) -> web.Response:
    page = call.page(20, 40)
    if call.params.flag("only_media"):
        query, facts = _with_files, (query, facts)
    async with call.reading() as session:
        lines = await outlines.page_for(session, call.viewer, query, page, *facts, key=key)
        bodies = await call.app[SHELF].statuses(session, call.viewer, lines)
    return answers.answer_list(bodies, headers=links(call, [line.key for line in lines]))


def _with_files(viewer: Viewer, query: Query, facts: tuple[Any, ...]) -> Select[Post]:
    return timelines.narrowed(query(viewer, *facts), viewer, only_files=True)
