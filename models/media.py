"""Files: noting what was uploaded, finding what may be fetched. Decoding them is `server.images`."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy
from models.base import now
from models.errors import NotFound
from models.posts.writing import free_media
from models.tables import Attachment, Media, MediaKind, ScheduledFile
from models.text.clean import clean_text
from models.viewers import Staff, Viewer

DESCRIPTION_LIMIT = 1500
_UNUSED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that lies in the media directory, re-encoded already."""

    file: str
    preview_file: str | None
    media_type: str
    size: int
    width: int
    height: int
    preview_width: int | None = None
    preview_height: int | None = None
    blurhash: str | None = None


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
    media = Media(
        actor_id=by.actor_id,
        kind=MediaKind.IMAGE,
        media_type=stored.media_type,
        file=stored.file,
        preview_file=stored.preview_file,
        size=stored.size,
        width=stored.width,
        height=stored.height,
        preview_width=stored.preview_width,
        preview_height=stored.preview_height,
        blurhash=stored.blurhash,
        focus_x=focus[0],
        focus_y=focus[1],
        description=clean_text(description, limit=DESCRIPTION_LIMIT),
    )
    session.add(media)
    await session.flush()
    return media


async def own(session: AsyncSession, media_id: int, *, by: Staff) -> Media:
    media = await session.get(Media, media_id)
    if media is None or media.actor_id != by.actor_id or media.deleted_at is not None:
        raise NotFound(media_id=media_id)
    return media


async def describe(
    session: AsyncSession,
    media_id: int,
    *,
    by: Staff,
    description: str | None = None,
    focus: tuple[float, float] | None = None,
) -> Media:
    """Change alternative text or focus of a file that is not in a post yet, or of one's own post's newest revision."""
    media = await own(session, media_id, by=by)
    if description is not None:
        media.description = clean_text(description, limit=DESCRIPTION_LIMIT)
    if focus is not None:
        media.focus_x, media.focus_y = focus
    return media


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
            Media.file.is_not(None),
            Media.created_at < now() - _UNUSED_FOR,
            Attachment.post_id.is_(None),
            ScheduledFile.media_id.is_(None),
        )
        .limit(limit)
    )
    names: list[str] = []
    for media in candidates.all():
        if await free_media(session, media):
            names += [name for name in (media.file, media.preview_file) if name]
            await session.delete(media)
    return names
