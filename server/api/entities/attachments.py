"""Mastodon's MediaAttachment."""

from typing import Any

from aiohttp import web

from models.tables import Media, MediaKind
from server import media


def attachment(app: web.Application, file: Media, description: str) -> dict[str, Any]:
    """A file with the alternative text it has in one post. Addresses are ours, also of pictures that live elsewhere."""
    is_image = file.kind is MediaKind.IMAGE
    url = media.url_of(app, file)
    return {
        "id": str(file.id),
        "type": "image" if is_image else "unknown",
        "url": url if is_image else file.remote_url or url,  # what we cannot show is an honest link to where it is
        "preview_url": media.url_of(app, file, preview=True) if is_image else None,
        # of pictures some clients load it when ours is slow, and show the reader's address over there
        "remote_url": None if is_image else file.remote_url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(file),
        "description": description or None,
        "blurhash": file.blurhash,
    }


def _meta(file: Media) -> dict[str, Any]:
    meta: dict[str, Any] = {"focus": {"x": file.focus_x, "y": file.focus_y}}
    if file.width and file.height:
        meta["original"] = _size(file.width, file.height)
    if file.preview_width and file.preview_height:
        meta["small"] = _size(file.preview_width, file.preview_height)
    return meta


def _size(width: int, height: int) -> dict[str, Any]:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": round(width / height, 5)}
