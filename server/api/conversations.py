"""Conversations: threads of direct messages, each with its newest message and with whom one talks."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from models import conversations
from models.errors import NotFound
from models.paging import Page
from models.posts import outlines
from models.posts.outlines import Outline
from models.tables import Post
from models.viewers import Staff
from server.api import answers
from server.api.entities.shelf import SHELF
from server.api.paging import links
from server.api.routing import Call, Routes

routes = Routes()


@routes.get("/api/v1/conversations", "read:statuses")
async def listed(call: Call) -> web.Response:
    async with call.reading() as session:
        lines = await outlines.page_for(session, call.staff, conversations.newest, call.page(20, 40))
        found = await bodies(call.app, session, call.staff, lines)
    return answers.answer_list(found, headers=links(call, [line.key for line in lines]))


@routes.post(r"/api/v1/conversations/{id:\d+}/read", "write:conversations")
async def read(call: Call) -> web.Response:
    async with call.writing() as session:
        await conversations.mark_read(session, call.id(), by=call.staff)
    return await _one(call)


@routes.post(r"/api/v1/conversations/{id:\d+}/unread", "write:conversations")
async def unread(call: Call) -> web.Response:
    async with call.writing() as session:
        await conversations.mark_unread(session, call.id(), by=call.staff)
    return await _one(call)


@routes.delete(r"/api/v1/conversations/{id:\d+}", "write:conversations")
async def hide(call: Call) -> web.Response:
    """Throw a conversation away, for oneself; the next message in it brings it back."""
    async with call.writing() as session:
        await conversations.hide(session, call.id(), by=call.staff)
    return answers.answer({})


async def _one(call: Call) -> web.Response:
    async with call.reading() as session:
        newest = conversations.newest(call.staff).where(Post.thread_id == call.id())
        lines = await outlines.outlines(session, newest, Page(limit=1))
        if not lines:
            raise NotFound(thread_id=call.id())
        return answers.answer_bytes((await bodies(call.app, session, call.staff, lines))[0])


async def bodies(app: web.Application, session: AsyncSession, viewer: Staff, lines: Sequence[Outline]) -> list[bytes]:
    """Mastodon's Conversation for each of `lines`, the newest messages of their threads."""
    talks = await conversations.told_by(session, viewer, [line.post.id for line in lines])
    statuses = await app[SHELF].statuses(session, viewer, lines)
    people = {(actor.id, actor.version) for talk in talks.values() for actor in talk.people}
    accounts = await app[SHELF].people(session, viewer, people)
    return [
        b'{"id":"%d","unread":%s,"accounts":[%s],"last_status":%s}'
        % (
            talks[line.post.id].thread_id,
            b"true" if talks[line.post.id].is_unread else b"false",
            b",".join(accounts[actor.id] for actor in talks[line.post.id].people),
            status,
        )
        for line, status in zip(lines, statuses, strict=True)
    ]
