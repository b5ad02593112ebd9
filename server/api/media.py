"""Uploading pictures, and changing what is said about them until they are in a post."""

import math

from aiohttp import web

from models import media as files
from models.errors import Invalid, NotFound
from models.tables import Media
from server import media
from server.api import answers
from server.api.entities.attachments import attachment
from server.api.params import BadValue
from server.api.routing import Call, Routes

routes = Routes()


class FileMissing(Invalid):
    """There is no file in this request."""

    code = "file_missing"


@routes.post("/api/v2/media", "write:media")
@routes.post("/api/v1/media", "write:media")
async def create(call: Call) -> web.Response:
    """Keep a picture, decoded and encoded anew. It is ready when this answers, so it is never 202 (R-90)."""
    file = call.params.file("file")
    if file is None or not file.data:
        raise FileMissing(field="file")
    stored = await media.store_upload(
        call.app,
        file.data,
        by=call.staff,
        description=call.params.text("description"),
        focus=focus(call.params.maybe_text("focus")) or (0.0, 0.0),
    )
    return answers.answer(attachment(call.app, stored, stored.description))


@routes.get(r"/api/v1/media/{id:\d+}", "write:media")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        stored = _unposted(await files.own(session, call.id(), by=call.staff))
        return answers.answer(attachment(call.app, stored, stored.description))


@routes.put(r"/api/v1/media/{id:\d+}", "write:media")
async def update(call: Call) -> web.Response:
    """Change alternative text and focus; of a file in a post, edit the post instead."""
    async with call.writing() as session:
        _unposted(await files.own(session, call.id(), by=call.staff))
        stored = await files.describe(
            session,
            call.id(),
            by=call.staff,
            description=call.params.maybe_text("description"),
            focus=focus(call.params.maybe_text("focus")),
        )
        return answers.answer(attachment(call.app, stored, stored.description))


def _unposted(stored: Media) -> Media:
    if stored.posted_at is not None:
        raise NotFound(media_id=stored.id)
    return stored


def focus(text: str | None) -> tuple[float, float] | None:
    """`-0.4,0.7` as the point of a picture that must stay visible, from -1 to 1; None when there is none."""
    if text is None or not text.strip():
        return None
    try:
        x, y = (max(-1.0, min(1.0, float(part))) for part in text.split(","))
    except ValueError:
        raise BadValue(field="focus") from None
    if math.isnan(x) or math.isnan(y):
        raise BadValue(field="focus")
    return x, y
