"""What the client API answers with: JSON on every status, and the headers that let web clients read it.

A web client without the cross-origin headers on an error sees a dead network, so they go on everything, also on what
other parts of the server answer below these addresses.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web

from models.errors import DomainError, Invalid

JSON = "application/json"

_OPEN = (
    "/api/",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/.well-known/",
    "/nodeinfo/",
)
_CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, Mastodon-Async-Refresh"
    ),
}
# `*` would not cover Authorization (Fetch §4.8)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, Accept, Cache-Control, Last-Event-ID"
    ),
    "Access-Control-Max-Age": "86400",
}
_ENCODER = msgspec.json.Encoder()


def encoded(value: Any) -> bytes:
    """`value` as JSON; bytes that are JSON already go in as `msgspec.Raw`."""
    return _ENCODER.encode(value)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer that no cache keeps."""
    return web.Response(body=encoded(value), status=status, content_type=JSON, headers=_private(headers))


def answer_list(items: Iterable[bytes], *, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON array of items that are JSON already."""
    return web.Response(body=b"[" + b",".join(items) + b"]", content_type=JSON, headers=_private(headers))


def answer_bytes(body: bytes, *, status: int = 200) -> web.Response:
    """An answer that is JSON already."""
    return web.Response(body=body, status=status, content_type=JSON, headers=_private(None))


def _private(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"Cache-Control": "private, no-store", "Vary": "Authorization, Origin", **(headers or {})}


def refusal(error: DomainError, sentence: str) -> web.Response:
    """The answer for a rule that said no, in the words `sentence`; its facts stay here, so that whatever may not be
    seen reads the same (R-71)."""
    body: dict[str, Any] = {"error": sentence, "error_description": sentence, "code": error.code}
    if isinstance(error, Invalid) and error.field:
        body["details"] = {error.field: [{"error": f"ERR_{error.code.upper()}", "description": sentence}]}
    headers = {"WWW-Authenticate": 'Bearer realm="Kontor"'} if error.status == 401 else {}
    headers.update(error.facts.get("left", {}))
    retry = error.facts.get("retry_after")
    if retry is not None:
        headers["Retry-After"] = str(retry)
    return answer(body, status=error.status, headers=headers)


async def open_to_web_clients(request: web.Request, response: web.StreamResponse) -> None:
    """Put the cross-origin headers on whatever is answered below the API's addresses (`on_response_prepare`)."""
    if request.path.startswith(_OPEN):
        for name, value in _CROSS_ORIGIN.items():
            response.headers[name] = value


async def preflight(request: web.Request) -> web.Response:
    """What a browser asks before it lets a web client ask (CORS)."""
    return web.Response(status=204, headers={**_PREFLIGHT, hdrs.VARY: "Origin"})
