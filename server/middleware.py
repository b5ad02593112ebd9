"""What happens around every request: who asks, whether a form is ours, how errors look, which headers go along.

There are three surfaces. Pages get cookies, forms protected against other sites, and error pages; the client API and
OAuth bring their own errors and know no cookies; the wire speaks ActivityPub and says nothing of what it hides.
"""

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from aiohttp import web
from sqlalchemy.exc import DBAPIError

from models import accounts
from models.errors import DomainError, NotFound
from models.viewers import ANONYMOUS, Staff
from server import i18n, pages
from server.config import Config
from server.context import ACCOUNT, CONFIG, CSRF, DATABASE, LOCALE, SIGN_IN, VIEWER, SignInNeeded

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_API = ("/api/", "/oauth/token", "/oauth/revoke", "/.well-known/oauth")
_WIRE = ("/ap/", "/inbox", "/.well-known/", "/nodeinfo/")
_OURS = "/static/"
_QUIET = (_OURS, "/media/")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Surface(StrEnum):
    PAGES = "pages"
    API = "api"
    WIRE = "wire"


class ForeignForm(DomainError):
    """This form is too old or came from another site: load the page again and send it once more."""

    code = "foreign_form"
    status = 403


class Unavailable(DomainError):
    """Kontor cannot reach its database at the moment. Nothing was changed; try again in a minute."""

    code = "unavailable"
    status = 503


def surface(request: web.Request) -> Surface:
    path = request.path
    if path.startswith(_API):
        return Surface.API
    if path.startswith(_WIRE):
        return Surface.WIRE
    return Surface.PAGES


def sign_in_cookie(config: Config) -> str:
    """The cookie's name: bound to this host where there is TLS (RFC 6265bis `__Host-`)."""
    return "__Host-kontor" if config.is_https else "kontor"


def visit_cookie(config: Config) -> str:
    """The cookie of a browser that is not signed in, which its forms are bound to."""
    return "__Host-kontor-visit" if config.is_https else "kontor-visit"


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what was raised into an answer for the surface it was raised on; never a trace, never a secret."""
    try:
        is_packed = request.headers.get("Content-Encoding", "identity").lower() != "identity"
        if is_packed and surface(request) is not Surface.WIRE:  # the inbox says so itself
            raise web.HTTPUnsupportedMediaType  # a small body could become a large one
        response = await handler(request)
    except SignInNeeded:
        if surface(request) is not Surface.PAGES:
            response = _plain(401)
        else:
            back = quote(request.path_qs) if request.method in _SAFE else "/"
            response = web.Response(status=303, headers={"Location": f"/sign-in?next={back}"})
    except DomainError as error:
        log.info("refused", extra={"code": error.code, "path": request.path})
        response = await _refusal(request, error)
    except web.HTTPException as error:
        response = await _http(request, error)
    except DBAPIError:
        log.exception("database failed", extra={"path": request.path})
        response = await _refusal(request, Unavailable())
        response.headers["Retry-After"] = "60"
    except Exception as error:
        if isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing()):
            return web.Response(status=408)  # whoever asked left before the answer began: nobody reads it
        reference = secrets.token_hex(4)
        log.exception("failed", extra={"path": request.path, "reference": reference})
        response = await _failure(request, reference)
    _dress(request, response)
    return response


async def _refusal(request: web.Request, error: DomainError) -> web.StreamResponse:
    where = surface(request)
    if where is Surface.PAGES and not request.path.startswith(_QUIET):
        return pages.refusal(request, error)
    if where is Surface.API:
        return web.json_response(
            {"error": i18n.sentence("en", error)}, status=error.status, headers={"Access-Control-Allow-Origin": "*"}
        )
    return _plain(error.status)


async def _http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        return error
    if surface(request) is Surface.PAGES and not request.path.startswith(_QUIET):
        if error.status == 404:
            return pages.refusal(request, NotFound())
        return pages.status(request, error.status)
    if surface(request) is Surface.API:
        words = HTTPStatus(error.status).phrase
        return web.json_response({"error": words}, status=error.status, headers={"Access-Control-Allow-Origin": "*"})
    answer = _plain(error.status)
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


async def _failure(request: web.Request, reference: str) -> web.StreamResponse:
    if surface(request) is Surface.PAGES:
        return pages.failure(request, reference)
    if surface(request) is Surface.API:
        words = "This is our fault, not yours."
        return web.json_response({"error": words}, status=500, headers={"Access-Control-Allow-Origin": "*"})
    return _plain(500)


def _plain(status: int) -> web.Response:
    return web.Response(status=status, text=HTTPStatus(status).phrase, headers={"Vary": "Accept, Signature"})


def _dress(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    if response.prepared:
        return
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers["Server"] = "Kontor"  # which version of what answers is nobody's business
    if request.path.startswith(_OURS):
        headers["Access-Control-Allow-Origin"] = "*"  # web clients draw our placeholders onto a canvas
        headers.setdefault("Cache-Control", "public, no-cache")
    if surface(request) is not Surface.PAGES or request.path.startswith(_QUIET):
        return
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cache-Control", "private, no-store")
    headers.setdefault("Vary", "Accept, Cookie, Accept-Language")
    if request.app[CONFIG].is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


@web.middleware
async def people(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out whose browser asks and in which language; give visitors something to bind their forms to."""
    request[VIEWER] = ANONYMOUS
    config = request.app[CONFIG]
    if surface(request) is not Surface.PAGES:
        request[LOCALE] = config.instance.default_language
        return await handler(request)
    if request.path.startswith(_OURS) and request.method in _SAFE:  # the same for everybody, and two dozen for a page
        request[LOCALE], request[CSRF] = config.instance.default_language, ""
        return await handler(request)
    token = request.cookies.get(sign_in_cookie(config), "")
    if token:
        async with request.app[DATABASE].reading() as session:
            found = await accounts.signed_in(session, token)
        if found is not None:
            request[SIGN_IN], request[ACCOUNT] = found
            request[VIEWER] = accounts.staff(found[1])
    request[LOCALE] = _language(request, config)
    visit = request.cookies.get(visit_cookie(config), "")
    is_new = not visit and not isinstance(request[VIEWER], Staff) and not request.path.startswith(_QUIET)
    if is_new:
        visit = secrets.token_urlsafe(16)
    request[CSRF] = _csrf(config, token if isinstance(request[VIEWER], Staff) else visit)
    response = await handler(request)
    if is_new and request.path.startswith(("/sign-in", "/oauth")) and not response.prepared:
        response.set_cookie(
            visit_cookie(config), visit, httponly=True, samesite="Lax", secure=config.is_https, path="/"
        )
    return response


def _language(request: web.Request, config: Config) -> str:
    account = request.get(ACCOUNT)
    if account is not None and account.locale in config.instance.languages:
        chosen: str = account.locale
        return chosen
    accepted = request.headers.get("Accept-Language", "")
    return i18n.negotiate(accepted, config.instance.languages) or config.instance.default_language


def _csrf(config: Config, bound_to: str) -> str:
    return hmac.digest(config.secret_key, b"form " + bound_to.encode(), "sha256").hex()


@web.middleware
async def forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only our own pages send forms: same origin where the browser says so, and the page's token (R-82)."""
    if request.method in _SAFE or surface(request) is not Surface.PAGES:
        return await handler(request)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.app[CONFIG].host:
        raise ForeignForm
    token = request.headers.get("X-CSRF-Token")
    if token is None:
        fields = await request.post()
        token = str(fields.get("csrf_token", ""))
    if not hmac.compare_digest(token.encode(), request[CSRF].encode()):
        raise ForeignForm
    return await handler(request)
