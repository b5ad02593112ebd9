"""The pages: one resource a file, each a few routes; what they show is made in `presenters`, drawn in `templates`."""

import functools
from collections.abc import Awaitable, Callable

from aiohttp import web

from server import i18n, tail
from server.auth import attempts
from server.context import CONFIG, locale
from server.web import cookies

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup(app: web.Application) -> None:
    """Add the pages to `app`; its configuration and database must be there."""
    from server.web import ledger

    attempts.setup(app, app[CONFIG])
    tail.setup(app)
    app[ledger.CHECK] = ledger.Check()
    add_pages(app.router)


def add_pages(router: web.UrlDispatcher) -> None:
    """Add the addresses of all pages to `router`; they say nothing of one application."""
    from server.web import (
        access,
        approvals,
        events,
        federation,
        filters,
        group,
        groups,
        home,
        house,
        ledger,
        moderation,
        notifications,
        partners,
        people,
        person,
        polls,
        post,
        posts,
        quotes,
        safety,
        scheduled,
        search,
        settings,
        sign_in,
        tags,
        unheard,
    )

    for page in (
        sign_in,
        home,
        house,
        groups,
        group,
        posts,
        post,
        polls,
        quotes,
        approvals,
        people,
        person,
        access,
        safety,
        unheard,
        filters,
        scheduled,
        search,
        tags,
        partners,
        federation,
        ledger,
        moderation,
        notifications,
        settings,
        events,
    ):
        for route in page.routes:
            if isinstance(route, web.RouteDef):
                router.add_routes([web.RouteDef(route.method, route.path, _spoken(route.handler), route.kwargs)])


def _spoken(handler: Handler) -> Handler:
    """Let a handler word things in the language of whoever asks, and the sign-in of a browser with a page last on."""

    @functools.wraps(handler)
    async def spoken(request: web.Request) -> web.StreamResponse:
        with i18n.speaking(locale(request)):
            answer = await handler(request)
        if cookies.STAYS in answer:  # not in the handler, whose session has a connection of the database to itself
            await cookies.stay_signed_in(request, answer)
        return answer

    return spoken
