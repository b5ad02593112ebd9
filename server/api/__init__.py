"""The Mastodon client API: one resource a file, entities beside it; with OAuth and streams, which its clients need."""

from aiohttp import web


def setup(app: web.Application) -> None:
    """Add the API, OAuth and streaming to `app`; its configuration and database must be there."""
    from federation.push import VapidKeys
    from server import push, streaming
    from server.api import answers, description, limits
    from server.api.bearer import BEARERS, Bearers
    from server.api.entities.shelf import SHELF, Shelf
    from server.api.routes import table
    from server.api.routing import nothing_here
    from server.auth import oauth
    from server.context import CONFIG

    app[BEARERS] = Bearers()
    app[SHELF] = Shelf(app)
    if push.VAPID not in app:
        app[push.VAPID] = VapidKeys(app[CONFIG].secret_key)
    limits.setup(app, app[CONFIG])
    description.setup(app, table())
    add_endpoints(app.router)
    streaming.setup(app)
    oauth.setup(app)
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/{rest:.*}", "/nodeinfo/{rest:.*}"):
        app.router.add_route("OPTIONS", path, answers.preflight)
    app.router.add_route("OPTIONS", "/api/{rest:.*}", answers.preflight)
    app.router.add_route("*", "/api/{rest:.*}", nothing_here)
    app.on_response_prepare.append(answers.open_to_web_clients)


def add_endpoints(router: web.UrlDispatcher) -> None:
    """Add the addresses of the client API to `router`; they say nothing of one application."""
    from server.api.routes import ALL

    for routes in ALL:
        routes.add_to(router)
