"""Answers of the wire: documents, and the one refusal for everything that is not there or not for whoever asks."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from federation.vocabulary import AS_JSON, Document

VARY = "Accept, Signature, Signature-Input"
PRIVATE = "private, no-store"
PUBLIC = "public, max-age=180"

FOR_ALL = web.ResponseKey("for all", bool)
"""That whoever asks gets this answer, signed or not: it follows from the address and the database alone."""


def not_found(request: web.Request) -> web.Response:
    """The only answer to what never existed and to what is hidden: the same bytes and headers for both (R-71)."""
    return plain(404)


def plain(status: int, *, retry_after: float | None = None) -> web.Response:
    """A bare status with its phrase, never cached."""
    answer = web.Response(
        status=status, text=HTTPStatus(status).phrase, headers={"Cache-Control": PRIVATE, "Vary": VARY}
    )
    if retry_after is not None:
        answer.headers["Retry-After"] = str(max(1, round(retry_after)))
    return answer


def activity_json(document: Document, *, cache: str = PRIVATE, status: int = 200) -> web.Response:
    """A document under its one media type (HTTP-2). `cache` is the Cache-Control."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(document),
        headers={"Content-Type": f"{AS_JSON}; charset=utf-8", "Cache-Control": cache, "Vary": VARY},
    )


def json(document: object, media_type: str, *, cache: str = PUBLIC) -> web.Response:
    """Another JSON format that any page may read, such as a JRD."""
    return web.Response(
        body=msgspec.json.encode(document),
        headers={
            "Content-Type": media_type,
            "Cache-Control": cache,
            "Vary": VARY,
            "Access-Control-Allow-Origin": "*",
        },
    )
