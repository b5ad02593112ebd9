"""Whose token a request shows. Tokens are looked up once and kept for a second at most; access that ended ends at once.

What is kept is asked for again whenever the journal grew: an `AccessEnded` in it takes the token away before the next
answer. The second bounds what another process's commit can be late with.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from models import accounts, journal, tokens
from models.accounts import hash_token
from models.database import Database
from models.errors import DomainError, NotAllowed
from models.journal import AccessEnded, Position
from models.tables import AccessToken
from models.viewers import Staff
from server.auth.scopes import Scopes
from server.context import DATABASE

_KEPT_FOR = 1.0
_MOST = 10_000
_LONGEST = 512


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


class Caller(NamedTuple):
    """Who shows a token: `staff` is None when it speaks for an application alone."""

    staff: Staff | None
    token: AccessToken


@dataclass(slots=True)
class _Kept:
    caller: Caller
    scopes: Scopes
    locale: str
    until: float


class Bearers:
    """The tokens that were shown lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._kept: dict[bytes, _Kept] = {}
        self._seen: int | None = None
        self._place = Position()
        self._looking = asyncio.Lock()

    async def find(self, database: Database, text: str) -> "_Kept":
        """Whose token `text` is. Raises TokenInvalid."""
        if len(text) > _LONGEST:
            raise TokenInvalid
        key = hash_token(text)
        if database.changed.count != self._seen:
            await self._look(database)
        kept = self._kept.get(key)
        if kept is not None and self.clock() < kept.until:
            return kept
        return await self._ask(database, key, text)

    async def _look(self, database: Database) -> None:
        async with self._looking:
            count = database.changed.count
            if count == self._seen:
                return
            if self._seen is None:
                async with database.reading() as session:
                    self._place = await journal.head(session)
            while entries := await journal.window(database).after(self._place):
                self._place = entries[-1][0]
                self._end([entry for _, entry in entries if isinstance(entry, AccessEnded)])
            self._seen = count

    def _end(self, ended: list[AccessEnded]) -> None:
        for entry in ended:
            for key, kept in list(self._kept.items()):
                token = kept.caller.token
                if token.account_id == entry.account_id and entry.token_id in (None, token.id):
                    del self._kept[key]

    async def _ask(self, database: Database, key: bytes, text: str) -> _Kept:
        self._kept.pop(key, None)
        seen = self._seen
        async with database.reading() as session:
            found = await tokens.holder(session, text)
        if found is None:
            raise TokenInvalid
        token, account = found
        if tokens.is_stale(token):
            async with database.writing() as session:
                await tokens.touch(session, token.id)
        kept = _Kept(
            caller=Caller(accounts.staff(account) if account else None, token),
            scopes=Scopes(tuple(token.scopes.split())),
            locale=account.locale if account else "",
            until=self.clock() + _KEPT_FOR,
        )
        if seen == self._seen:  # otherwise its end may have been told while we asked
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = kept
        return kept


BEARERS = web.AppKey("bearers", Bearers)
_FOUND = web.RequestKey("bearer", _Kept)


def shown(request: web.Request) -> str | None:
    """The token in the Authorization header (RFC 6750 §2.1); cookies mean nothing here (R-82)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


async def viewer_of(request: web.Request) -> Caller:
    """Who asks. Raises TokenNeeded, TokenInvalid."""
    return (await kept_of(request)).caller


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
    return "" if found is None else found.locale
