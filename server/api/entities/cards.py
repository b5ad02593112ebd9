"""Mastodon's PreviewCard."""

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from models.tables import LinkCard
from server import media
from server.api.answers import encoded


def card(app: web.Application, row: LinkCard) -> dict[str, Any]:
    """What a linked page says of itself; its picture is our copy."""
    parts = urlsplit(row.url)
    return {
        "url": row.url,
        "title": row.title,
        "description": row.description,
        "language": None,
        "type": "link",
        "author_name": row.author,
        "author_url": "",
        "authors": [],
        "provider_name": row.provider,
        "provider_url": f"{parts.scheme}://{parts.netloc}",
        "html": "",
        "width": row.image_width or 0,
        "height": row.image_height or 0,
        "image": media.card_image_of(app, row) if row.image_url else None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
    }


def spliced(app: web.Application, row: LinkCard | None) -> bytes:
    return b"null" if row is None else encoded(card(app, row))
