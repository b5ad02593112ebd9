"""What the house tells all its people, in their clients: reading, putting away, answering with a sign."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import announcements, emoji
from models.posts import outlines
from models.tables import Announcement, Emoji
from models.viewers import Staff
from server.api import answers
from server.api.entities import announcements as entities
from server.api.entities.emojis import own_emoji
from server.api.routing import Access, Call, Routes
from server.context import CONFIG

routes = Routes()

_ONE = r"/api/v1/announcements/{id:\d+}"
_LONGEST_ID = 19


@routes.get("/api/v1/announcements")
async def listed(call: Call) -> web.Response:
    """What is announced now; what was put away only `with_dismissed`."""
    async with call.reading() as session:
        found = await announcements.listed(session, call.staff, with_dismissed=call.params.flag("with_dismissed"))
        return answers.answer(await entities_of(call.app, session, call.staff, found))


async def entities_of(
    app: web.Application, session: AsyncSession, viewer: Staff | None, rows: Sequence[tuple[Announcement, bool]]
) -> list[dict[str, Any]]:
    """Announcements as `viewer` has them; without one as everybody is told of them."""
    if not rows:
        return []
    account_id = viewer.account_id if viewer is not None else None
    signs = await announcements.signs_of(session, [row.id for row, _ in rows], account_id=account_id)
    emojis = await own_emojis(session)
    made = []
    for row, is_read in rows:
        people = await announcements.named(session, row.source)
        made.append(
            entities.announcement(
                app,
                row,
                is_read=is_read if viewer is not None else None,
                signs=signs.get(row.id, ()),
                emojis=emojis,
                mentions=people.values(),
                tags=announcements.tags_of(row.source),
                statuses=await _posts(app, session, viewer, row.source) if viewer is not None else (),
            )
        )
    return made


async def own_emojis(session: AsyncSession) -> dict[str, Emoji]:
    return {row.shortcode: row for row in await emoji.all_own(session)}


async def _posts(app: web.Application, session: AsyncSession, viewer: Staff, source: str) -> list[dict[str, str]]:
    """The posts of ours that a text links to, as far as `viewer` sees them."""
    base = f"{app[CONFIG].base_url}/posts/"
    named = [int(found) for found in re.findall(re.escape(base) + r"(\d+)", source) if len(found) < _LONGEST_ID]
    seen = await outlines.outlines_of(session, viewer, named)
    return [{"id": str(post_id), "url": f"{base}{post_id}"} for post_id in dict.fromkeys(named) if post_id in seen]


@routes.post(_ONE + "/dismiss", "write:accounts")
async def dismiss(call: Call) -> web.Response:
    async with call.writing() as session:
        await announcements.dismiss(session, call.id(), by=call.staff)
    return answers.answer({})


@routes.put(_ONE + "/reactions/{name}", "write:favourites")
async def react(call: Call) -> web.Response:
    """Put an emoji, or one of the house by its shortcode, under an announcement."""
    async with call.writing() as session:
        await announcements.react(session, call.id(), unquote(call.name()), by=call.staff)
    return answers.answer({})


@routes.delete(_ONE + "/reactions/{name}", "write:favourites")
async def unreact(call: Call) -> web.Response:
    async with call.writing() as session:
        await announcements.unreact(session, call.id(), unquote(call.name()), by=call.staff)
    return answers.answer({})


@routes.get("/api/v1/custom_emojis", access=Access.PUBLIC)
async def custom_emojis(call: Call) -> web.Response:
    """The emoji of the house, for its people: their names may say what only the house knows."""
    if not isinstance(call.viewer, Staff):
        return answers.answer([])
    async with call.reading() as session:
        return answers.answer([own_emoji(call.app, row) for row in await emoji.all_own(session)])
