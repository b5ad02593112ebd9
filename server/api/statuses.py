"""Statuses: posting, reading, changing and deleting them."""

from typing import Any

import msgspec
from aiohttp import web

from models import policy, quotes, tokens
from models.errors import NotFound
from models.polls import of_revisions
from models.posts import outlines, reading, writing
from models.posts.drafts import Draft
from server.api import answers, drafting, quoting, scheduled, visiting
from server.api.entities import statuses as entities
from server.api.entities.attachments import attachment
from server.api.entities.polls import asked as asked_in
from server.api.entities.shelf import SHELF
from server.api.entities.times import instant
from server.api.routing import Access, Call, Routes

routes = Routes()

_MANY = 40


# Posting


@routes.post("/api/v1/statuses", "write:statuses")
async def create(call: Call) -> web.Response:
    """Post. The same Idempotency-Key within a day answers with the post it made the first time (R-63)."""
    if call.params.text("scheduled_at").strip():
        made = await scheduled.create(call)
        return made if isinstance(made, web.Response) else await answer_post(call, made)
    key = drafting.key_of(call)
    post_id, written = await _write(call, key)
    if written is None:
        return await answer_post(call, post_id)
    return answers.answer_bytes(await call.app[SHELF].fresh(call.reading, call.staff, written))


async def _write(call: Call, key: str) -> tuple[int, outlines.Content | None]:
    """The post's id, and what it says when it was made now."""
    async with call.writing() as session:
        if key and (before := await tokens.answered_before(session, by=call.staff, key=key)) is not None:
            return before, None
        written = await writing.compose(session, drafting.draft_of(call, session), by=call.staff)
        if key:
            await tokens.remember_answer(session, by=call.staff, key=key, post_id=written.post.id)
        return written.post.id, await outlines.content_of(session, written, through=call.held)


async def answer_post(call: Call, post_id: int) -> web.Response:
    """One post as whoever asks sees it. Raises NotFound."""
    async with call.reading() as session:
        line = await outlines.outline_of(session, call.viewer, post_id)
        return answers.answer_bytes((await call.app[SHELF].statuses(session, call.viewer, [line]))[0])


# Reading


@routes.get("/api/v1/statuses", "read:statuses", access=Access.PUBLIC)
async def several(call: Call) -> web.Response:
    """The posts among `id[]` that exist for whoever asks, in that order."""
    ids = call.params.known_ids("id")[:_MANY]
    async with call.reading() as session:
        found = await outlines.outlines_of(session, call.viewer, ids)
        lines = [found[post_id] for post_id in dict.fromkeys(ids) if post_id in found]
        return answers.answer_list(await call.app[SHELF].statuses(session, call.viewer, lines))


@routes.get(r"/api/v1/statuses/{id:\d+}", "read:statuses", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    return await answer_post(call, call.id())


@routes.get(r"/api/v1/statuses/{id:\d+}/context", "read:statuses", access=Access.PUBLIC)
async def context(call: Call) -> web.Response:
    """What a post answers, and what answers it, as far as whoever asks may see it."""
    await visiting.thread(call)
    async with call.reading() as session:
        post, thread = await outlines.thread_links(session, call.viewer, call.id())
        above, below = reading.around(post, thread)
        found = await outlines.outlines_of(session, call.viewer, [link.id for link in (*above, *below)])
        lines = [found[link.id] for link in (*above, *below) if link.id in found]
        bodies = await call.app[SHELF].statuses(session, call.viewer, lines)
    upper = sum(1 for link in above if link.id in found)
    body = b'{"ancestors":[' + b",".join(bodies[:upper]) + b'],"descendants":[' + b",".join(bodies[upper:]) + b"]}"
    return answers.answer_bytes(body)


@routes.get(r"/api/v1/statuses/{id:\d+}/source", "read:statuses")
async def source(call: Call) -> web.Response:
    """The text as it was typed."""
    async with call.reading() as session:
        post = await reading.one(session, call.viewer, call.id())
    return answers.answer({"id": str(post.id), "text": post.source, "spoiler_text": post.warning})


@routes.get(r"/api/v1/statuses/{id:\d+}/history", "read:statuses", access=Access.PUBLIC)
async def history(call: Call) -> web.Response:
    """Every text a post had, oldest first; outside only the one that left."""
    async with call.reading() as session:
        post = await reading.one(session, call.viewer, call.id())
        shown = reading.shown_by(post)
        revisions = await reading.history(session, call.viewer, shown)
        files = await outlines.files_of_revisions(session, shown.id)
        account = await call.app[SHELF].account(session, call.viewer, shown.author)
        asked = await of_revisions(session, revisions)
    edits = [
        answers.encoded(
            {
                "content": entities.body(revision.title, revision.html),
                "spoiler_text": revision.warning,
                "sensitive": revision.is_sensitive,
                "created_at": instant(revision.created_at),
                "media_attachments": [
                    attachment(call.app, file.media, file.description) for file in files.get(revision.number, ())
                ],
                "emojis": [],
                "poll": asked_in(polled) if (polled := asked.get(revision.poll_id or 0)) is not None else None,
            }
        )[:-1]
        + b',"account":'
        + account
        + b"}"
        for revision in revisions
    ]
    return answers.answer_list(edits)


@routes.get(r"/api/v1/statuses/{id:\d+}/card", "read:statuses", access=Access.PUBLIC)
async def card(call: Call) -> web.Response:
    """The preview of the page that a post links to, by itself as older clients ask for it."""
    async with call.reading() as session:
        line = await outlines.outline_of(session, call.viewer, call.id())
        [status] = await call.app[SHELF].statuses(session, call.viewer, [line])
    return answers.answer(msgspec.json.decode(status)["card"] or {})


# Changing


@routes.put(r"/api/v1/statuses/{id:\d+}", "write:statuses")
async def update(call: Call) -> web.Response:
    """Replace a post's text, warning, files and poll by what is sent; its place and audience stay.

    The same answers keep their votes, others begin anew, and without any there is no poll any more.
    """
    async with call.writing() as session:
        draft = Draft(text=drafting.said(call.params)[0], **drafting.words(call.params))
        await writing.edit(session, call.id(), draft, by=call.staff)
        wished = quoting.wished(call.params)
        if wished is not None:
            await quotes.set_policy(session, call.id(), wished, by=call.staff)
    return await answer_post(call, call.id())


@routes.delete(r"/api/v1/statuses/{id:\d+}", "write:statuses")
async def delete(call: Call) -> web.Response:
    """Take a post back; the answer has its text as typed, and its files stay usable for writing it anew, unless
    `delete_media` says that they go too."""
    post_id = call.id()
    async with call.reading() as session:
        line = await outlines.outline_of(session, call.viewer, post_id)
        post = await reading.one(session, call.viewer, post_id)
        if not await policy.may_delete(session, call.staff, post):
            raise NotFound(post_id=post_id)
        body = (await call.app[SHELF].statuses(session, call.viewer, [line]))[0]
        more: dict[str, Any] = {"text": post.source}
        files = (await outlines.files_of_revisions(session, post_id)).get(post.revision, ())
    with_files = call.params.flag("delete_media")
    if files and not with_files and post.author_id == call.staff.actor_id:  # shown while it is written anew
        more["media_attachments"] = [
            attachment(call.app, file.media, file.description, owner=post.author_id) for file in files
        ]
        body = answers.encoded(msgspec.json.decode(body) | more)
    else:
        body = body[:-1] + b"," + answers.encoded(more)[1:]
    async with call.writing() as session:
        if post.boost_of_id is not None and post.author_id == call.staff.actor_id:
            await writing.unboost(session, post.boost_of_id, by=call.staff)
        else:
            await writing.delete(session, post_id, by=call.staff, with_files=with_files)
    return answers.answer_bytes(body)
