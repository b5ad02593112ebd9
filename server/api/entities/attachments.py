"""Mastodon's MediaAttachment."""

import math
from fractions import Fraction
from typing import Any

from aiohttp import web

from models.tables import Media, MediaKind, MediaState
from server import media


def attachment(app: web.Application, file: Media, description: str, *, owner: int | None = None) -> dict[str, Any]:
    """A file with the alternative text it has in one post. Addresses are ours, also of files that live elsewhere.

    One that is not ready yet has no address. With its `owner` the addresses are for them alone.
    """
    is_shown = media.is_shown(file) and not (file.remote_url and media.unfit(app, [file.remote_url]))
    is_ready = file.state is MediaState.READY
    url = media.url_of(app, file, owner=owner) if is_ready else None
    return {
        "id": str(file.id),
        "type": str(file.kind) if is_shown or not is_ready else "unknown",
        "url": url if is_shown or not is_ready else file.remote_url or url,  # an honest link to where it is
        "preview_url": media.preview_of(app, file, owner=owner) if is_shown and is_ready else None,
        # of files we show some clients load it when ours is slow, and show the reader's address over there
        "remote_url": None if is_shown else file.remote_url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(file),
        "description": description or None,
        "blurhash": file.blurhash,
    }


def _meta(file: Media) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if file.kind is not MediaKind.AUDIO:
        meta["focus"] = {"x": file.focus_x, "y": file.focus_y}
    size = _size(file.width, file.height) if file.width and file.height else {}
    if file.kind.plays and file.state is MediaState.READY:
        meta |= _playing(file) | size
        original = {key: size[key] for key in ("width", "height") if key in size}
        meta["original"] = original | _played(file)
    elif size:
        meta["original"] = size
    if file.preview_width and file.preview_height:
        meta["small"] = _size(file.preview_width, file.preview_height)
    return meta


def _playing(file: Media) -> dict[str, Any]:
    """What Mastodon says of a video beside its original: some clients read it there."""
    said: dict[str, Any] = {}
    if file.duration is not None:
        hours, rest = divmod(file.duration, 3600)
        minutes, seconds = divmod(rest, 60)
        said |= {"length": f"{hours:.0f}:{minutes:02.0f}:{math.floor(seconds * 100) / 100:05.2f}"}
        said["duration"] = round(file.duration, 2)
    if file.frame_rate is not None:
        said["fps"] = round(Fraction(file.frame_rate))
    return said


def _played(file: Media) -> dict[str, Any]:
    said = {"frame_rate": file.frame_rate, "duration": file.duration, "bitrate": file.bitrate}
    return {key: value for key, value in said.items() if value is not None}


def _size(width: int, height: int) -> dict[str, Any]:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": round(width / height, 5)}
