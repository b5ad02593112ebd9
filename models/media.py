"""Files: noting what was uploaded, finding what may be fetched. Decoding them is `server.images`."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.base import now
from models.errors import DomainError, Invalid, NotFound
from models.posts.writing import free_media
from models.tables import Attachment, Media, MediaKind, MediaState, ScheduledFile
from models.text.clean import clean_text
from models.viewers import Staff, Viewer

DESCRIPTION_LIMIT = 1500
_UNUSED_FOR = timedelta(days=1)
_WAITING_AT_MOST = 8


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file that lies in the media directory, re-encoded already."""

    file: str
    preview_file: str | None
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    preview_width: int | None = None
    preview_height: int | None = None
    blurhash: str | None = None
    kind: MediaKind = MediaKind.IMAGE
    duration: float | None = None
    frame_rate: str | None = None
    bitrate: int | None = None


class Preview(Struct, frozen=True, kw_only=True):
    """A picture that stands for a file, and lies in the media directory."""

    file: str
    width: int
    height: int
    blurhash: str


class InUse(Invalid):
    """This file is in a post already."""

    code = "media_in_use"


class TooManyWaiting(DomainError):
    """Several of your files are still being processed: wait until they are ready."""

    code = "too_many_waiting"
    status = 429


def random_name(extension: str) -> str:
    """A name with 160 random bits, in a folder by its first two characters (R-75)."""
    name = secrets.token_hex(20)
    return f"{name[:2]}/{name}.{extension}"


async def add(
    session: AsyncSession,
    stored: StoredFile,
    *,
    by: Staff,
    description: str = "",
    focus: tuple[float, float] = (0.0, 0.0),
) -> Media:
    """Keep the row of a file that is ready."""
    media = Media(
        actor_id=by.actor_id,
        focus_x=focus[0],
        focus_y=focus[1],
        description=clean_text(description, limit=DESCRIPTION_LIMIT),
    )
    _fill(media, stored)
    session.add(media)
    await session.flush()
    return media


async def add_waiting(
    session: AsyncSession,
    kind: MediaKind,
    *,
    by: Staff,
    raw_file: str,
    media_type: str,
    size: int,
    description: str = "",
    focus: tuple[float, float] = (0.0, 0.0),
) -> Media:
    """Keep the row of an upload that lies in `raw_file` and is worked off after this; `finish` or `fail` it.

    Raises:
        TooManyWaiting: others of `by` wait to be worked off.
    """
    waiting = select(func.count()).where(Media.state == MediaState.WAITING, Media.actor_id == by.actor_id)
    if (await session.scalar(waiting) or 0) >= _WAITING_AT_MOST:
        raise TooManyWaiting
    media = Media(
        actor_id=by.actor_id,
        kind=kind,
        media_type=media_type,
        state=MediaState.WAITING,
        raw_file=raw_file,
        size=size,
        focus_x=focus[0],
        focus_y=focus[1],
        description=clean_text(description, limit=DESCRIPTION_LIMIT),
    )
    session.add(media)
    await session.flush()
    return media


def _fill(media: Media, stored: StoredFile) -> None:
    for name in (
        "kind",
        "media_type",
        "file",
        "size",
        "width",
        "height",
        "duration",
        "frame_rate",
        "bitrate",
    ):
        setattr(media, name, getattr(stored, name))
    if media.preview_file is None:  # one may have been chosen while the file was worked off
        for name in ("preview_file", "preview_width", "preview_height", "blurhash"):
            setattr(media, name, getattr(stored, name))


async def begin(session: AsyncSession, media_id: int, *, at_most: int) -> Media | None:
    """Note that a waiting upload is worked on once more; None when there is nothing to do.

    One that was begun `at_most` times and never ended, because the server did, has failed.
    """
    media = await _waiting(session, media_id)
    if media is None:
        return None
    if media.attempts >= at_most or media.raw_file is None:
        media.state, media.failure = MediaState.FAILED, {"code": "recording_too_expensive", "facts": {}}
        return None
    media.attempts += 1
    return media


async def finish(session: AsyncSession, media_id: int, stored: StoredFile) -> str | None:
    """A waiting upload is ready; the name of what was uploaded, to be removed. None when it waits no more."""
    media = await _waiting(session, media_id)
    if media is None:
        return None
    raw = media.raw_file
    _fill(media, stored)
    media.state, media.raw_file = MediaState.READY, None
    return raw


async def fail(session: AsyncSession, media_id: int, *, code: str, facts: dict[str, Any]) -> str | None:
    """A waiting upload cannot be used; the name of what was uploaded, to be removed."""
    media = await _waiting(session, media_id)
    if media is None:
        return None
    raw = media.raw_file
    media.state, media.failure, media.raw_file = MediaState.FAILED, {"code": code, "facts": facts}, None
    return raw


async def _waiting(session: AsyncSession, media_id: int) -> Media | None:
    media = await session.get(Media, media_id, with_for_update=True, populate_existing=True)
    return media if media is not None and media.state is MediaState.WAITING else None


async def unfinished(session: AsyncSession) -> Sequence[int]:
    """The uploads that wait to be worked off, oldest first."""
    return (await session.scalars(select(Media.id).where(Media.state == MediaState.WAITING).order_by(Media.id))).all()


async def own(session: AsyncSession, media_id: int, *, by: Staff) -> Media:
    media = await session.get(Media, media_id)
    if media is None or media.actor_id != by.actor_id or media.deleted_at is not None:
        raise NotFound(media_id=media_id)
    return media


async def unposted(session: AsyncSession, media_id: int, *, by: Staff) -> Media:
    """One's own file that no post carries: uploaded, or left over from a post that was taken back. Raises NotFound."""
    media = await own(session, media_id, by=by)
    if media.posted_at is not None and await session.scalar(select(exists().where(Attachment.media_id == media.id))):
        raise NotFound(media_id=media_id)
    return media


async def describe(
    session: AsyncSession,
    media_id: int,
    *,
    by: Staff,
    description: str | None = None,
    focus: tuple[float, float] | None = None,
    preview: Preview | None = None,
) -> Media:
    """Change alternative text, focus or preview of a file that is not in a post yet, or of one's own post's newest
    revision."""
    media = await own(session, media_id, by=by)
    if description is not None:
        media.description = clean_text(description, limit=DESCRIPTION_LIMIT)
    if focus is not None:
        media.focus_x, media.focus_y = focus
    if preview is not None:
        media.preview_file, media.blurhash = preview.file, preview.blurhash
        media.preview_width, media.preview_height = preview.width, preview.height
    return media


async def discard(session: AsyncSession, media_id: int, *, by: Staff) -> list[str]:
    """Forget a file that is in no post; the names to remove from the directory.

    Raises:
        NotFound: it is not `by`'s. InUse: a post or a profile has it.
    """
    media = await own(session, media_id, by=by)
    if not await free_media(session, media):
        raise InUse(media_id=media_id)
    names = _names(media)
    await session.delete(media)
    return names


async def visible(
    session: AsyncSession, viewer: Viewer, *, file: str | None = None, media_id: int | None = None
) -> Media:
    """A file by its stored name (or its preview's) or id, if `viewer` may fetch it. Raises NotFound."""
    statement = policy.visible_media(viewer)
    if file is not None:
        statement = statement.where((Media.file == file) | (Media.preview_file == file))
    else:
        statement = statement.where(Media.id == media_id)
    media = await session.scalar(statement)
    if media is None:
        raise NotFound(file=file, media_id=media_id)
    return media


async def sweep(session: AsyncSession, *, limit: int = 100) -> Sequence[str]:
    """Forget files of ours that no post has carried for a day; the names to remove from the directory."""
    candidates = await session.scalars(
        select(Media)
        .outerjoin(Attachment, Attachment.media_id == Media.id)
        .outerjoin(ScheduledFile, ScheduledFile.media_id == Media.id)
        .where(
            Media.remote_url.is_(None),
            Media.created_at < now() - _UNUSED_FOR,
            Attachment.post_id.is_(None),
            ScheduledFile.media_id.is_(None),
        )
        .limit(limit)
    )
    names: list[str] = []
    for media in candidates.all():
        if await free_media(session, media):
            names += _names(media)
            await session.delete(media)
    return names


def _names(media: Media) -> list[str]:
    return [name for name in (media.file, media.preview_file, media.raw_file) if name]
