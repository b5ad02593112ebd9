"""Our copies of files that live elsewhere: fetched once, decoded and encoded anew, forgotten when nobody looks.

A copy is named after the hash of the file's address. What could not be had is remembered for a while, so that a
broken picture is asked for once and not by every reader; pages show a plain link in its place.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from pathlib import Path

from federation import files as remote
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.memory import Fading
from federation.trust import TooManyFetches
from federation.wire import Wire
from server import images, recordings
from server.config import Config
from server.images import ImageRefused, ImageUnreadable
from server.recordings import RecordingRefused, RecordingUnreadable

log = logging.getLogger(__name__)

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"} | {
    media_type: extension for extension, media_type in recordings.EXTENSIONS.items()
}
_WHOLE = frozenset(EXTENSIONS.values())
_FAILED_FOR = timedelta(hours=1)
_FAILURES = 4096
_TOUCHED_AFTER = 86_400.0
_MEGABYTE = 1_048_576


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files below `folder`; a crash leaves a .part, never half a picture."""
    for name, data in contents.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_suffix(place.suffix + ".part")
        half.write_bytes(data)
        half.rename(place)


class RemoteFiles:
    """The copies of one instance."""

    def __init__(self, wire: Wire, pool: images.Pool, config: Config) -> None:
        self._wire = wire
        self._pool = pool
        self._folder = config.media_directory / "remote"
        self._max_bytes = config.media.max_bytes
        self._max_pixels = config.media.max_pixels
        self._kept_for = config.media.remote_days * 86_400.0
        self._room = config.media.remote_megabytes * _MEGABYTE
        self._config = config
        self._recordings: images.Pool | None = None
        self._under_way: dict[str, asyncio.Task[Path | None]] = {}
        self._failures: Fading[str, str] = Fading(_FAILED_FOR, limit=_FAILURES)

    async def get(self, url: str, *, max_bytes: int | None = None, anywhere: bool = False) -> Path | None:
        """The file with our copy, fetched now when there is none; None when it cannot be had.

        `anywhere`: the picture of a page that somebody linked to, whose server we otherwise have nothing to do with.
        """
        most = min(max_bytes or self._max_bytes, self._max_bytes)
        return await self._once(url, lambda name: self._fetch(url, name, most, anywhere=anywhere))

    async def get_recording(self, url: str) -> Path | None:
        """The same for a video or sound."""
        return await self._once(url, lambda name: self._fetch_recording(url, name))

    async def _once(self, url: str, fetch: Callable[[str], Coroutine[None, None, Path | None]]) -> Path | None:
        name = hashlib.sha256(url.encode()).hexdigest()
        found = await asyncio.to_thread(self._find, name)
        if found is not None:
            return found
        if self._failures.get(url) is not None:
            return None
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.ensure_future(fetch(name))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return await asyncio.shield(task)

    def failure(self, url: str) -> str | None:
        """Why there was no copy when it was last asked for: `too_large`, `unreadable` or `unreachable`."""
        return self._failures.get(url)

    def _find(self, name: str) -> Path | None:
        places = (self._folder / name[:2]).glob(f"{name}.*")
        found = next((place for place in places if place.suffix[1:] in _WHOLE), None)
        try:
            if found is not None and found.stat().st_mtime < time.time() - _TOUCHED_AFTER:
                os.utime(found)  # somebody looks at it: it stays
        except FileNotFoundError:  # swept away meanwhile
            return None
        return found

    async def _fetch(self, url: str, name: str, max_bytes: int, *, anywhere: bool) -> Path | None:
        limits = images.Limits(max_bytes=max_bytes, max_pixels=self._max_pixels)
        try:
            data, _ = await remote.fetch_file(self._wire, url, max_bytes=max_bytes, anywhere=anywhere)
            done = await images.process(data, pool=self._pool, limits=limits)
        except (ProtocolError, ImageRefused) as error:
            log.info("remote picture refused", extra={"code": error.code})
            if not isinstance(error, TooManyFetches):
                self._failures.put(url, _reason(error))
            return None
        place = f"{name[:2]}/{name}.{EXTENSIONS[done.media_type]}"
        await asyncio.to_thread(write, self._folder, {place: done.data})
        return self._folder / place

    async def _fetch_recording(self, url: str, name: str) -> Path | None:
        most = self._config.media.max_video_bytes
        folder = self._folder / name[:2]
        raw, out, preview = (folder / f"{name}.{end}.part" for end in ("raw", "out", "preview"))
        try:
            data, _ = await remote.fetch_file(self._wire, url, max_bytes=most)
            await asyncio.to_thread(write, self._folder, {f"{name[:2]}/{raw.name}": data})
            self._recordings = self._recordings or recordings.pool(most)
            head, size, data = data[: recordings.HEAD], len(data), b""
            done = await recordings.process(
                raw, out, preview, pool=self._recordings, limits=recordings.limits(self._config), head=head, size=size
            )
            place = folder / f"{name}.{done.extension}"
            await asyncio.to_thread(out.rename, place)
        except (ProtocolError, RecordingRefused) as error:
            log.info("remote recording refused", extra={"code": error.code})
            if not isinstance(error, TooManyFetches):
                self._failures.put(url, _reason(error))
            return None
        finally:
            for half in (raw, out, preview):
                half.unlink(missing_ok=True)
        return place

    async def close(self) -> None:
        """End what works on recordings."""
        if self._recordings is not None:
            await self._recordings.close()

    async def sweep(self) -> int:
        """Remove copies nobody looked at for long, and beyond the room there is those not seen longest; how many."""
        return await asyncio.to_thread(self._remove_old)

    def _remove_old(self) -> int:
        now = time.time()
        found = []
        for place in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # written to its end meanwhile, or swept by another process
                state = place.stat()
                found.append((state.st_mtime, state.st_size, place))
        found.sort(reverse=True)
        room = self._room
        removed = 0
        for used_at, size, place in found:
            room -= size
            is_half = place.suffix == ".part" and used_at < now - 3600
            if used_at < now - self._kept_for or room < 0 or is_half:
                place.unlink(missing_ok=True)
                removed += 1
        return removed


def _reason(error: ProtocolError | ImageRefused | RecordingRefused) -> str:
    if isinstance(error, FetchFailed):
        return "too_large" if error.reason == "too_large" else "unreachable"
    if isinstance(error, ImageRefused | RecordingRefused):
        return "unreadable" if isinstance(error, ImageUnreadable | RecordingUnreadable) else "too_large"
    return "unreachable"
