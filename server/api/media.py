"""Uploading files, asking how far they are, and changing what is said about them until they are in a post."""

from aiohttp import web

from models import media as files
from models.errors import Invalid
from models.tables import Media, MediaState
from models.viewers import Staff
from server import uploads
from server.api import answers
from server.api.entities.attachments import attachment
from server.api.routing import Call, Routes

routes = Routes()

AT_ONCE = 0.8
"""Seconds in which a short video is often ready; who has to wait longer asks again."""


class FileMissing(Invalid):
    """There is no file in this request."""

    code = "file_missing"


@routes.post("/api/v2/media", "write:media")
async def create(call: Call) -> web.Response:
    """Keep a file, decoded and encoded anew (R-90): 200 when it is ready, 202 while it is worked off."""
    return _answer(call, await _kept(call, within=AT_ONCE), waiting=202)


@routes.post("/api/v1/media", "write:media")
async def create_and_wait(call: Call) -> web.Response:
    """The older form, which answers when the file is ready."""
    return _answer(call, await _kept(call, within=None), waiting=202)


@routes.get(r"/api/v1/media/{id:\d+}", "write:media")
async def show(call: Call) -> web.Response:
    """200 when it is ready, 206 while it is worked off, 422 with the reason when it failed."""
    async with call.reading() as session:
        stored = await files.unposted(session, call.id(), by=call.staff)
    return _answer(call, stored, waiting=206)


@routes.put(r"/api/v1/media/{id:\d+}", "write:media")
async def update(call: Call) -> web.Response:
    """Change alternative text, focus and the picture that stands for it; of a file in a post, edit the post instead."""
    chosen = call.params.file("thumbnail")
    async with call.reading() as session:
        before = (await files.unposted(session, call.id(), by=call.staff)).preview_file
    preview = await uploads.keep_preview(call.app, chosen.data) if chosen is not None and chosen.data else None
    async with call.writing() as session:
        await files.unposted(session, call.id(), by=call.staff)
        stored = await files.describe(
            session,
            call.id(),
            by=call.staff,
            description=call.params.maybe_text("description"),
            focus=call.params.point("focus"),
            preview=preview,
        )
    if preview is not None and before is not None:
        await uploads.remove(call.app, [before])
    return _answer(call, stored, waiting=200)


@routes.delete(r"/api/v1/media/{id:\d+}", "write:media")
async def delete(call: Call) -> web.Response:
    """Throw away a file that is in no post."""
    async with call.writing() as session:
        names = await files.discard(session, call.id(), by=call.staff)
    await uploads.remove(call.app, names)
    return answers.answer({})


async def _kept(call: Call, *, within: float | None) -> Media:
    """The file of a request, and how far it is `within` so many seconds."""
    file, chosen = call.params.file("file"), call.params.file("thumbnail")
    if file is None or not file.data:
        raise FileMissing(field="file")
    stored = await uploads.store(
        call.app,
        file.data,
        by=call.staff,
        description=call.params.text("description"),
        focus=call.params.point("focus") or (0.0, 0.0),
        thumbnail=chosen.data if chosen is not None else None,
    )
    if stored.state is MediaState.READY:
        return stored
    await call.app[uploads.PROCESSING].finished(stored.id, within=within)
    return await _again(call, stored.id, by=call.staff)


async def _again(call: Call, media_id: int, *, by: Staff) -> Media:
    async with call.reading() as session:
        return await files.own(session, media_id, by=by)


def _answer(call: Call, stored: Media, *, waiting: int) -> web.Response:
    refusal = uploads.refusal_of(stored)
    if refusal is not None:
        raise refusal
    status = 200 if stored.state is MediaState.READY else waiting
    owner = stored.actor_id if stored.posted_at is not None else None  # left over from a post that is gone
    return answers.answer(attachment(call.app, stored, stored.description, owner=owner), status=status)
