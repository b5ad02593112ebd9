"""Routes of the client API: each says when it is written down who may ask and with which scope (R-81).

    @routes.get("/api/v1/timelines/home", "read:statuses")
    async def home(call: Call) -> web.Response: ...

`Call` is the request with who asks, what they sent, and the page they want. Around every handler: the token, its
scope, the rate limit, and every refusal as JSON.
"""

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from http import HTTPStatus

from aiohttp import hdrs, web
from msgspec import Struct, field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models import policy, turns
from models.accounts import Beginning
from models.errors import DomainError, NotFound
from models.paging import Page
from models.tokens import Held
from models.viewers import ANONYMOUS, Staff, Viewer
from server import i18n
from server.api import answers, params
from server.api.bearer import (
    AdminNeeded,
    OutsideScope,
    PersonNeeded,
    TokenNeeded,
    kept_of,
    locale_of,
    shown,
)
from server.api.limits import ALLOWANCE
from server.api.params import Params
from server.auth.attempts import address_behind
from server.auth.scopes import Scopes
from server.config import Config
from server.context import CONFIG, DATABASE
from server.i18n import N_
from server.ready import READY, Counted

log = logging.getLogger(__name__)

FAULT = N_("This is our fault, not yours. Try again in a minute.")
_NOBODY = Scopes(())
_LEFT = web.RequestKey("left", dict[str, str])


class Access(StrEnum):
    """Who may ask at all: everybody, any application, a person, who administers the house."""

    PUBLIC = "public"
    APP = "app"
    PERSON = "person"
    ADMIN = "admin"


class Call(Struct):
    """One request to the API."""

    request: web.Request
    viewer: Viewer = ANONYMOUS
    scopes: Scopes = _NOBODY
    held: Held | None = None
    """What is known of the token that was shown."""
    params: Params = field(default_factory=Params)

    @property
    def staff(self) -> Staff:
        """The person who asks. Raises PersonNeeded."""
        if not isinstance(self.viewer, Staff):
            raise PersonNeeded
        return self.viewer

    @property
    def token_id(self) -> int | None:
        return self.held.token_id if self.held is not None else None

    @property
    def application_id(self) -> int | None:
        return self.held.application_id if self.held is not None else None

    @property
    def beginning(self) -> Beginning:
        """How posts of the person who asks begin where this request does not say."""
        return self.held.beginning if self.held is not None else Beginning()

    @property
    def app(self) -> web.Application:
        return self.request.app

    @property
    def config(self) -> Config:
        return self.request.app[CONFIG]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self.request.app[DATABASE].reading() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with turns.of_person(self.request.app[DATABASE], self.viewer) as session:
            yield session

    def id(self, name: str = "id") -> int:
        """The id in the address. Raises NotFound for what cannot be one, as for what is not there."""
        try:
            return params.id_of(self.request.match_info[name])
        except params.BadValue:
            raise NotFound(id=name) from None

    def name(self, name: str = "name") -> str:
        return self.request.match_info[name].replace("\x00", "")

    def page(self, default: int, most: int) -> Page:
        """The page asked for: `limit`, `max_id`, `since_id`, `min_id`."""
        return Page(
            limit=self.params.number("limit", default, least=1, most=most),
            max_id=self.params.id("max_id"),
            since_id=self.params.id("since_id"),
            min_id=self.params.id("min_id"),
        )

    def words(self, message: str) -> str:
        """`message` in the language of whoever asks."""
        return i18n.translate(language(self.request), message)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class Route(Struct, frozen=True):
    """One address, and what it takes to use it: one of `scopes`, when there are any."""

    method: str
    path: str
    handler: Handler
    access: Access
    scopes: tuple[str, ...]


class Routes:
    """The routes of one file."""

    def __init__(self) -> None:
        self.table: list[Route] = []

    def route(
        self, method: str, path: str, *scopes: str, access: Access = Access.PERSON
    ) -> Callable[[Handler], Handler]:
        def put(handler: Handler) -> Handler:
            self.table.append(Route(method, path, handler, access, scopes))
            return handler

        return put

    def get(self, path: str, *scopes: str, access: Access = Access.PERSON) -> Callable[[Handler], Handler]:
        return self.route("GET", path, *scopes, access=access)

    def post(self, path: str, *scopes: str, access: Access = Access.PERSON) -> Callable[[Handler], Handler]:
        return self.route("POST", path, *scopes, access=access)

    def put(self, path: str, *scopes: str, access: Access = Access.PERSON) -> Callable[[Handler], Handler]:
        return self.route("PUT", path, *scopes, access=access)

    def patch(self, path: str, *scopes: str, access: Access = Access.PERSON) -> Callable[[Handler], Handler]:
        return self.route("PATCH", path, *scopes, access=access)

    def delete(self, path: str, *scopes: str, access: Access = Access.PERSON) -> Callable[[Handler], Handler]:
        return self.route("DELETE", path, *scopes, access=access)

    def add_to(self, router: web.UrlDispatcher) -> None:
        for route in self.table:
            served = _served(route)
            for path in (route.path, f"{route.path}/"):  # Mastodon.py ends some of its addresses with a slash
                if route.method == "GET":
                    router.add_get(path, served)
                else:
                    router.add_route(route.method, path, served)


def _served(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        response = await guarded(request, lambda: _answered(route, request))
        if response.status >= 400 and not response.prepared:
            response.headers.update(request.get(_LEFT, {}))
        return response

    return serve


async def _answered(route: Route, request: web.Request) -> web.StreamResponse:
    try:
        call = await called(request, route.access, route.scopes)
    except DomainError:
        _count_refused(request)
        raise
    count = _counted(call)
    left = count(request)
    request[_LEFT] = dict(left)
    call.params = await params.read(request)
    response = await route.handler(call)
    if not response.prepared:
        response.headers.update(left)
        if route.method == hdrs.METH_GET:
            response[READY] = count
    return response


def _count_refused(request: web.Request) -> None:
    """Count what was refused at the door by itself: an app whose token ended must not keep its whole office out."""
    address = address_behind(request, request.app[CONFIG].trusted_proxies)
    request[_LEFT] = request.app[ALLOWANCE].spend(f"refused {address}")


def _counted(call: Call) -> Counted:
    """Counts requests of whoever makes this call: a person's together, others' by their address."""
    allowance, trusted = call.app[ALLOWANCE], call.config.trusted_proxies
    if isinstance(call.viewer, Staff):
        name = f"account {call.viewer.account_id}"
        return lambda request: allowance.spend(name)
    return lambda request: allowance.spend(f"address {address_behind(request, trusted)}")


async def called(request: web.Request, access: Access, scopes: tuple[str, ...], *, token: str | None = None) -> Call:
    """Who asks, when they may. A token that is shown must be good, also where none is needed.

    Raises:
        TokenNeeded, TokenInvalid. OutsideScope: none of `scopes` was granted. PersonNeeded. AdminNeeded.
    """
    text = token or shown(request)
    if text is None:
        if access is not Access.PUBLIC:
            raise TokenNeeded
        return Call(request)
    kept = await kept_of(request, text)
    if scopes and not any(kept.scopes.cover(scope) for scope in scopes):
        raise OutsideScope(needed=scopes)
    staff = kept.held.staff
    if access in (Access.PERSON, Access.ADMIN) and staff is None:
        raise PersonNeeded
    if access is Access.ADMIN and (staff is None or not policy.may_administer(staff)):
        raise AdminNeeded
    return Call(
        request,
        viewer=staff or ANONYMOUS,
        scopes=kept.scopes,
        held=kept.held,
    )


async def guarded(request: web.Request, inner: Callable[[], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """What `inner` answers, or why not, as JSON: never a page, never a trace."""
    try:
        return await inner()
    except DomainError as error:
        log.info("refused", extra={"code": error.code, "path": request.path})
        return answers.refusal(error, i18n.sentence(language(request), error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answers.answer({"error": HTTPStatus(error.status).phrase}, status=error.status)
    except DBAPIError:
        log.exception("database failed", extra={"path": request.path})
        text = i18n.translate(language(request), FAULT)
        return answers.answer({"error": text}, status=503, headers={"Retry-After": "60"})
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("failed", extra={"path": request.path, "reference": reference})
        text = i18n.translate(language(request), FAULT)
        return answers.answer({"error": text, "reference": reference}, status=500)


def language(request: web.Request) -> str:
    """The language for sentences: the person's, else what their client asks for, else the company's."""
    instance = request.app[CONFIG].instance
    chosen = locale_of(request)
    if chosen in instance.languages:
        return chosen
    accepted = request.headers.get("Accept-Language", "")
    return i18n.negotiate(accepted, instance.languages) or instance.default_language


async def nothing_here(request: web.Request) -> web.StreamResponse:
    """An address below /api that does not exist."""

    async def missing() -> web.StreamResponse:
        _count_refused(request)
        raise NotFound

    response = await guarded(request, missing)
    response.headers.update(request.get(_LEFT, {}))
    return response
