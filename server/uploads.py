"""What people upload: pictures are decoded at once, videos and sounds are taken in and worked off after that.

What waits lies in the media directory, in a folder from which nothing is served, and its row says so; a server that
is started again goes on with it. What a file was refused for is kept with its row, for whoever asks how far it is.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from aiohttp import web

from models import media as files
from models.tables import Media, MediaKind, MediaState
from models.viewers import Staff
from server import copies, images, recordings
from server.config import Config
from server.context import CONFIG, DATABASE, IMAGES
from server.recordings import Converted, RecordingRefused

log = logging.getLogger(__name__)

_INCOMING = "incoming"
_ATTEMPTS = 3


async def store(
    app: web.Application,
    data: bytes,
    *,
    by: Staff,
    description: str = "",
    focus: tuple[float, float] = (0.0, 0.0),
    thumbnail: bytes | None = None,
) -> Media:
    """Keep an uploaded file: a picture is ready when this returns, a video or sound is waiting; see `PROCESSING`.

    Raises:
        ImageRefused, RecordingRefused: nothing we read, too large, or a bomb; nothing is kept. TooManyWaiting.
    """
    container = recordings.sniff(data[: recordings.HEAD])
    if container is None or (container is recordings.Container.GIF and not recordings.is_available()):
        return await store_picture(app, data, by=by, description=description, focus=focus)
    if not recordings.is_available():
        raise recordings.RecordingsNotHere
    recordings.check_weight(len(data), most=app[CONFIG].media.max_video_bytes)
    preview = await keep_preview(app, thumbnail) if thumbnail else None
    raw = f"{_INCOMING}/{files.random_name('raw')}"
    await asyncio.to_thread(copies.write, app[CONFIG].media_directory, {raw: data})
    async with app[DATABASE].writing() as session:
        media = await files.add_waiting(
            session,
            MediaKind(container.kind),
            by=by,
            raw_file=raw,
            media_type="application/octet-stream",
            size=len(data),
            description=description,
            focus=focus,
        )
        if preview is not None:
            await files.describe(session, media.id, by=by, preview=preview)
    app[PROCESSING].start(media.id)
    return media


async def store_picture(
    app: web.Application,
    data: bytes,
    *,
    by: Staff,
    description: str = "",
    focus: tuple[float, float] = (0.0, 0.0),
    crop: images.Crop | None = None,
) -> Media:
    """Decode, re-encode and keep an uploaded picture; its row.

    Raises:
        ImageRefused: not a picture we read, too large, or a bomb; nothing is kept.
    """
    stored = await _picture(app, data, crop=crop)
    async with app[DATABASE].writing() as session:
        return await files.add(session, stored, by=by, description=description, focus=focus)


async def keep_preview(app: web.Application, data: bytes) -> files.Preview:
    """A picture that somebody chose to stand for a file, written. Raises ImageRefused."""
    done = await images.process(data, pool=app[IMAGES], limits=_picture_limits(app[CONFIG]))
    name = files.random_name(copies.EXTENSIONS[done.preview_type])
    await asyncio.to_thread(copies.write, app[CONFIG].media_directory, {name: done.preview})
    return files.Preview(file=name, width=done.preview_width, height=done.preview_height, blurhash=done.blurhash)


async def remove(app: web.Application, names: Iterable[str]) -> None:
    """Remove files whose rows are gone."""
    await asyncio.to_thread(_remove, app[CONFIG].media_directory, list(names))


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


async def _picture(app: web.Application, data: bytes, *, crop: images.Crop | None = None) -> files.StoredFile:
    done = await images.process(data, pool=app[IMAGES], limits=_picture_limits(app[CONFIG]), crop=crop)
    name = files.random_name(copies.EXTENSIONS[done.media_type])
    preview_name = files.random_name(copies.EXTENSIONS[done.preview_type])
    contents = {name: done.data, preview_name: done.preview}
    await asyncio.to_thread(copies.write, app[CONFIG].media_directory, contents)
    return files.StoredFile(
        file=name,
        preview_file=preview_name,
        media_type=done.media_type,
        size=len(done.data),
        width=done.width,
        height=done.height,
        preview_width=done.preview_width,
        preview_height=done.preview_height,
        blurhash=done.blurhash,
    )


def _picture_limits(config: Config) -> images.Limits:
    return images.Limits(max_bytes=config.media.max_bytes, max_pixels=config.media.max_pixels)


def refusal_of(media: Media) -> RecordingRefused | None:
    """Why an upload failed; None for one that did not."""
    if media.state is not MediaState.FAILED:
        return None
    failure = media.failure or {}
    kind = recordings.REFUSALS.get(failure.get("code", ""), recordings.RecordingUnreadable)
    return kind(**failure.get("facts", {}))


class Processing:
    """Works off what waits, one after the other."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._pool = recordings.pool(app[CONFIG].media.max_video_bytes)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, media_id: int) -> None:
        if media_id not in self._tasks:
            task = asyncio.create_task(self._work(media_id), name="recording")
            self._tasks[media_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(media_id, None))

    async def finished(self, media_id: int, *, within: float | None = None) -> bool:
        """Wait until an upload is worked off, `within` so many seconds; whether it is."""
        task = self._tasks.get(media_id)
        if task is not None:
            await asyncio.wait({task}, timeout=within)
        return task is None or task.done()

    async def resume(self) -> None:
        """Go on with what a server left that was stopped."""
        async with self._app[DATABASE].reading() as session:
            waiting = await files.unfinished(session)
        for media_id in waiting:
            self.start(media_id)

    async def close(self) -> None:
        """Leave what is under way to the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pool.close()

    async def _work(self, media_id: int) -> None:
        database, folder = self._app[DATABASE], self._app[CONFIG].media_directory
        async with database.writing() as session:
            media = await files.begin(session, media_id, at_most=_ATTEMPTS)
        if media is None or media.raw_file is None:
            return
        raw: str | None = None
        try:
            stored = await self._stored(folder / media.raw_file)
            async with database.writing() as session:
                raw = await files.finish(session, media_id, stored)
        except (RecordingRefused, images.ImageRefused) as refusal:
            facts = {name: value for name, value in refusal.facts.items() if name != "field"}
            async with database.writing() as session:
                raw = await files.fail(session, media_id, code=refusal.code, facts=facts)
        except Exception:
            log.exception("an upload could not be worked off", extra={"media": media_id})
            async with database.writing() as session:
                raw = await files.fail(session, media_id, code=recordings.RecordingUnreadable.code, facts={})
        if raw is not None:
            await remove(self._app, [raw])

    async def _stored(self, raw: Path) -> files.StoredFile:
        folder = self._app[CONFIG].media_directory
        name, preview_name = files.random_name("part"), files.random_name("webp")
        out, preview = folder / name, folder / preview_name
        head, size = await asyncio.to_thread(_begin_of, raw, (out, preview))
        limits = recordings.limits(self._app[CONFIG])
        try:
            done = await recordings.process(raw, out, preview, pool=self._pool, limits=limits, head=head, size=size)
            final = name.removesuffix("part") + done.extension
            await asyncio.to_thread(out.rename, folder / final)
        except recordings.StandsStill:
            _remove(folder, (name, preview_name))
            return await _picture(self._app, await asyncio.to_thread(raw.read_bytes))
        except BaseException:
            _remove(folder, (name, preview_name))
            raise
        return _stored(done, final, preview_name)


def _begin_of(raw: Path, places: Iterable[Path]) -> tuple[bytes, int]:
    """The first bytes of a file and its size, once there is room for what is written."""
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
    with raw.open("rb") as file:
        return file.read(recordings.HEAD), raw.stat().st_size


def _stored(done: Converted, name: str, preview_name: str) -> files.StoredFile:
    return files.StoredFile(
        file=name,
        preview_file=preview_name if done.preview_width else None,
        media_type=done.media_type,
        size=done.size,
        width=done.width,
        height=done.height,
        preview_width=done.preview_width,
        preview_height=done.preview_height,
        blurhash=done.blurhash,
        kind=MediaKind(done.kind),
        duration=done.duration,
        frame_rate=done.frame_rate,
        bitrate=done.bitrate,
    )


PROCESSING = web.AppKey("processing", Processing)


async def _resume(app: web.Application) -> None:
    await app[PROCESSING].resume()


async def _closing(app: web.Application) -> AsyncIterator[None]:
    yield
    with contextlib.suppress(asyncio.CancelledError):
        await app[PROCESSING].close()


def setup(app: web.Application) -> None:
    """Work off uploads while `app` runs."""
    app[PROCESSING] = Processing(app)
    app.cleanup_ctx.append(_closing)
    app.on_startup.append(_resume)
