"""What clients are told beside posts and notifications: a function for each kind of journal entry.

A teller answers with sayings: an event's name, its payload (JSON, a bare id, or nothing), and the account it is for;
without an account all colleagues hear it. Sayings go to the home streams (`user`). Tellers are asked only while
somebody listens, once for all.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from aiohttp import web
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal
from models.journal import Entry


class Saying(Struct, frozen=True):
    """`name` is Mastodon's, as `filters_changed`; `account_id` None is everybody."""

    name: str
    payload: bytes | None = None
    account_id: int | None = None


E = TypeVar("E", bound=Entry)
Teller = Callable[[web.Application, AsyncSession, Any], Awaitable[Sequence[Saying]]]

_TELLERS: dict[type[Entry], Teller] = {}


def tells(
    kind: type[E],
) -> Callable[[Callable[[web.Application, AsyncSession, E], Awaitable[Sequence[Saying]]]], Teller]:
    """Let the function below say what clients are told of entries of `kind`."""

    def register(teller: Teller) -> Teller:
        _TELLERS[kind] = teller
        return teller

    return register


def are_told(entry: Entry) -> bool:
    return type(entry) in _TELLERS


async def said(app: web.Application, session: AsyncSession, entries: Iterable[Entry]) -> list[Saying]:
    """All that is to be told of some entries."""
    return [saying for entry in entries for saying in await _TELLERS[type(entry)](app, session, entry)]


@tells(journal.FiltersChanged)
async def _filters_changed(app: web.Application, session: AsyncSession, entry: journal.FiltersChanged) -> list[Saying]:
    """Their applications load the filters anew."""
    return [Saying("filters_changed", account_id=entry.account_id)]
