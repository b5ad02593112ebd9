"""Streams for clients: what happens, told while it happens, to whom it may be told."""

from aiohttp import web

from server import tail
from server.streaming import announcing as announcing  # registers what is told
from server.streaming import merging as merging
from server.streaming.hub import HUB, Hub, closing, following
from server.streaming.sockets import health, stream_at

_AT = {
    "/api/v1/streaming": None,
    "/api/v1/streaming/": None,
    "/api/v1/streaming/user": "user",
    "/api/v1/streaming/user/notification": "user:notification",
    "/api/v1/streaming/public": "public",
    "/api/v1/streaming/public/local": "public:local",
    "/api/v1/streaming/public/remote": "public:remote",
    "/api/v1/streaming/hashtag": "hashtag",
    "/api/v1/streaming/hashtag/local": "hashtag:local",
    "/api/v1/streaming/list": "list",
    "/api/v1/streaming/direct": "direct",
}


def setup(app: web.Application) -> None:
    """Add the streams to `app`; they follow the journal by the one tail of the process."""
    tail.setup(app)
    app[HUB] = Hub(app)
    app.cleanup_ctx.append(following)
    app.on_shutdown.append(closing)
    app.router.add_get("/api/v1/streaming/health", health)
    for path, kind in _AT.items():
        app.router.add_get(path, stream_at(kind))
