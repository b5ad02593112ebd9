"""Whose token a request shows. What a token allows is kept until something was committed that it follows from, or by
another process: who was shut out, or has another role now, is asked about again with the next request.
"""

import time

from aiohttp import web
from msgspec import Struct

from models import tokens
from models.accounts import hash_token
from models.database import Database
from models.errors import DomainError, NotAllowed
from models.moments import Moment
from models.tokens import Held
from server.auth.scopes import Scopes
from server.context import DATABASE

_MOST = 10_000
_LONGEST = 512
_KEPT_SECONDS = 60.0
"""For what follows from the clock: when it was used last is noted again after a while."""


class TokenNeeded(DomainError):
    """Sign in first: this needs an access token."""

    code = "token_needed"
    status = 401


class TokenInvalid(DomainError):
    """This access token is not valid, or its access has ended."""

    code = "invalid_token"
    status = 401


class OutsideScope(NotAllowed):
    """This application was not given access to that."""

    code = "insufficient_scope"


class PersonNeeded(NotAllowed):
    """This needs a person who is signed in, not only an application."""

    code = "person_needed"


class AdminNeeded(NotAllowed):
    """Only those who administer the company may do this."""

    code = "admin_needed"


class _Kept(Struct, frozen=True):
    held: Held
    scopes: Scopes
    moment: Moment
    until: float


class Bearers:
    """The tokens that were shown lately."""

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}

    async def find(self, database: Database, text: str) -> _Kept:
        """Whose token `text` is. Raises TokenInvalid."""
        if len(text) > _LONGEST:
            raise TokenInvalid
        key = hash_token(text)
        moment = await database.moment()
        kept = self._kept.pop(key, None)
        if kept is None or not _is_good(kept, moment):
            kept = await _asked(database, text, moment)
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept
        return kept


def _is_good(kept: _Kept, moment: Moment) -> bool:
    is_same = kept.moment is moment or kept.moment.of(tokens.HELD_IN) == moment.of(tokens.HELD_IN)
    return is_same and time.monotonic() < kept.until


async def _asked(database: Database, text: str, moment: Moment) -> _Kept:
    """What is known of a token, asked for after `moment`."""
    async with database.reading() as session:
        found = await tokens.holder(session, text)
    if found is None:
        raise TokenInvalid
    if found.is_stale:
        async with database.writing() as session:
            await tokens.touch(session, found.token_id)
    return _Kept(found, Scopes(tuple(found.scopes.split())), moment, time.monotonic() + _KEPT_SECONDS)


BEARERS = web.AppKey("bearers", Bearers)
_FOUND = web.RequestKey("bearer", _Kept)


def shown(request: web.Request) -> str | None:
    """The token in the Authorization header (RFC 6750 §2.1); cookies mean nothing here (R-82)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


async def kept_of(request: web.Request, text: str | None = None) -> _Kept:
    """All that is known of the token of `request`, or of `text` where a socket brought it otherwise."""
    text = text or shown(request)
    if text is None:
        raise TokenNeeded
    found = await request.app[BEARERS].find(request.app[DATABASE], text)
    request[_FOUND] = found
    return found


def locale_of(request: web.Request) -> str:
    """The language that the person behind the token chose; empty where nobody did."""
    found = request.get(_FOUND)
    return "" if found is None else found.held.locale
