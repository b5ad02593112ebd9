"""The cookies of pages: the sign-in, and the name of a sentence for the next page."""

from datetime import timedelta

from aiohttp import web

from models import accounts
from models.base import now
from models.viewers import Staff
from server.context import config, database, viewer
from server.context import sign_in as current
from server.middleware import sign_in_cookie

_NOTICE_SECONDS = 60
_NOTED_EVERY = timedelta(hours=1)
STAYS: web.ResponseKey[bool] = web.ResponseKey("stays", bool)
"""That whoever got this answer looks at pages: their sign-in lasts on."""


def lasts(request: web.Request) -> timedelta:
    """How long a browser that is not used stays signed in."""
    return timedelta(days=config(request).sign_in.session_days)


def sign_in(request: web.Request, answer: web.StreamResponse, token: str) -> None:
    """Give the browser the token of its sign-in: for this server alone, out of reach of scripts (R-82)."""
    settings = config(request)
    answer.set_cookie(
        sign_in_cookie(settings),
        token,
        max_age=int(lasts(request).total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.is_https,
    )


def forget_sign_in(request: web.Request, answer: web.StreamResponse) -> None:
    settings = config(request)
    answer.del_cookie(sign_in_cookie(settings), path="/", secure=settings.is_https, httponly=True, samesite="Lax")


async def stay_signed_in(request: web.Request, answer: web.StreamResponse) -> None:
    """Let the sign-in of a browser that is in use last on; noted once an hour at most."""
    if not isinstance(viewer(request), Staff) or now() - current(request).used_at < _NOTED_EVERY:
        return
    async with database(request).writing() as session:
        await accounts.stay_signed_in(session, current(request).id, lasts=lasts(request))
    sign_in(request, answer, request.cookies[sign_in_cookie(config(request))])


def notice(request: web.Request) -> str:
    """The name of the sentence that the form before this page left."""
    return request.cookies.get(_notice_name(request), "")


def leave_notice(request: web.Request, answer: web.StreamResponse, name: str) -> None:
    answer.set_cookie(
        _notice_name(request),
        name,
        max_age=_NOTICE_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=config(request).is_https,
    )


def forget_notice(request: web.Request, answer: web.StreamResponse) -> None:
    if _notice_name(request) in request.cookies:
        answer.del_cookie(_notice_name(request), path="/", secure=config(request).is_https, httponly=True)


def _notice_name(request: web.Request) -> str:
    return "__Host-kontor-notice" if config(request).is_https else "kontor-notice"
