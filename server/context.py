"""What handlers ask the application and the request for, by name and type."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import jinja2
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from federation.visits import Visits
from models import policy, turns
from models.database import Database
from models.errors import NotAllowed
from models.tables import Account, Actor, Post, SignIn
from models.viewers import ANONYMOUS, Staff, Viewer
from server.config import Config
from server.links import Links

if TYPE_CHECKING:
    from server import images
    from server.copies import RemoteFiles
    from server.workers import Runtime

Resolver = Callable[[str, Staff], Awaitable[Actor | Post | None]]

CONFIG = web.AppKey("config", Config)
DATABASE = web.AppKey("database", Database)
TEMPLATES = web.AppKey("templates", jinja2.Environment)
RESOLVER: web.AppKey[Resolver] = web.AppKey("resolver")
RUNTIME: "web.AppKey[Runtime]" = web.AppKey("runtime")
LINKS = web.AppKey("links", Links)
IMAGES: "web.AppKey[images.Pool]" = web.AppKey("images")
VISITS = web.AppKey("visits", Visits)
REMOTE_FILES: "web.AppKey[RemoteFiles]" = web.AppKey("remote_files")

VIEWER: web.RequestKey[Viewer] = web.RequestKey("viewer", object)  # type: ignore[arg-type]
ACCOUNT: web.RequestKey[Account] = web.RequestKey("account", Account)
SIGN_IN: web.RequestKey[SignIn] = web.RequestKey("sign_in", SignIn)
LOCALE = web.RequestKey("locale", str)
CSRF = web.RequestKey("csrf", str)


class SignInNeeded(NotAllowed):
    """Sign in first."""

    code = "sign_in_needed"
    status = 401


def config(request: web.Request) -> Config:
    return request.app[CONFIG]


def database(request: web.Request) -> Database:
    return request.app[DATABASE]


@asynccontextmanager
async def acting(request: web.Request) -> AsyncIterator[AsyncSession]:
    """One transaction of whoever asks; the same person's next waits for it, in whichever tab they pressed twice."""
    async with turns.of_person(database(request), viewer(request)) as session:
        yield session


def viewer(request: web.Request) -> Viewer:
    """Whose browser asks; ANONYMOUS for visitors."""
    found: Viewer = request.get(VIEWER, ANONYMOUS)
    return found


def staff(request: web.Request) -> Staff:
    """The person signed in. Raises SignInNeeded, which leads to the sign-in page and back."""
    found = viewer(request)
    if not isinstance(found, Staff):
        raise SignInNeeded
    return found


def admin(request: web.Request) -> Staff:
    """The person signed in, who runs this house. Raises SignInNeeded, NotAllowed."""
    found = staff(request)
    policy.must_administer(found)
    return found


def account(request: web.Request) -> Account:
    """The account of the person signed in, with its actor. Raises SignInNeeded."""
    found = request.get(ACCOUNT)
    if not isinstance(found, Account):
        raise SignInNeeded
    return found


def sign_in(request: web.Request) -> SignIn:
    found = request.get(SIGN_IN)
    if not isinstance(found, SignIn):
        raise SignInNeeded
    return found


def locale(request: web.Request) -> str:
    found: str = request.get(LOCALE, "en")
    return found
