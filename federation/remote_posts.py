"""Posts of other servers: fetched from their own origin, together with their authors and what they answer.

What is embedded somewhere is believed only where the caller knows that its own author put it there; everything else is
fetched by its id (TRUST-1). How much may be fetched for one activity is bounded (R-44).
"""

import asyncio

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import trust
from federation.documents import post as documents
from federation.documents.post import ParsedPost
from federation.errors import ProtocolError
from federation.fetch import FetchFailed
from federation.vocabulary import Document
from federation.wire import Wire
from models import tombstones
from models.errors import DomainError
from models.posts import receiving
from models.tables import Actor

MOST_FETCHES = 20
MOST_PARENTS = 5
_LONG = 20_000


class OutOfBudget(ProtocolError):
    """More would have to be fetched for this than one activity is worth."""

    code = "out_of_budget"


class Budget(Struct):
    """What one activity may cost."""

    fetches: int = MOST_FETCHES

    def spend(self) -> None:
        """Raises: OutOfBudget."""
        if self.fetches <= 0:
            raise OutOfBudget
        self.fetches -= 1


class Seen(Struct, frozen=True):
    """A post elsewhere as its own origin or author says, with the author as we know them."""

    post: ParsedPost
    author: Actor


async def read(wire: Wire, document: Document, budget: Budget, *, known: Actor | None = None) -> Seen:
    """Read a document that is known to be its author's own, and get to know the author, unless that is `known`.

    Raises:
        NotAPost, WrongOrigin: it is no post. Otherwise as `trust.actor_at`.
    """
    post = await _parse(wire, document)
    if known is not None and known.uri == post.author_uri:
        return Seen(post, known)
    return Seen(post, await author_of(wire, post.author_uri, budget))


async def _parse(wire: Wire, document: Document) -> ParsedPost:
    content = document.get("content")
    if isinstance(content, str) and len(content) > _LONG:  # cleaning much HTML takes a while
        return await asyncio.to_thread(documents.parse, document, insecure_hosts=wire.insecure_hosts)
    return documents.parse(document, insecure_hosts=wire.insecure_hosts)


async def author_of(wire: Wire, uri: str, budget: Budget) -> Actor:
    """An actor elsewhere, known or fetched now. Raises OutOfBudget, and as `trust.actor_at`."""
    async with wire.database.reading() as session:
        known = await session.scalar(select(Actor).where(Actor.uri == uri, Actor.deleted_at.is_(None)))
    if known is not None and not known.is_introduced:
        return known
    budget.spend()
    return await trust.actor_at(wire, uri)


async def fetch(wire: Wire, uri: str, budget: Budget) -> Seen:
    """Fetch a post from its origin.

    Raises:
        OutOfBudget. NotAPost, WrongOrigin. Otherwise as `trust.fetch` and `trust.actor_at`.
    """
    budget.spend()
    fetched = await trust.fetch(wire, uri)
    return await read(wire, fetched.document, budget)


async def parents_of(wire: Wire, seen: Seen, budget: Budget) -> tuple[list[Seen], str | None]:
    """What `seen` answers, what that answers, and so on up to a post that is stored; eldest first.

    The second value is the id of a parent that could not be had just now; None where the chain is whole, or ends at a
    post that we shall never have (SIG-35).
    """
    found: list[Seen] = []
    uri = seen.post.reply_to_uri
    known = {seen.post.uri}
    while uri is not None and len(found) < MOST_PARENTS:
        if uri in known or trust.is_own(wire, uri) or await _is_settled(wire, uri):
            break
        known.add(uri)
        try:
            parent = await fetch(wire, uri, budget)
        except (trust.NotAdmitted, OutOfBudget):
            break
        except (ProtocolError, DomainError) as error:
            return found[::-1], uri if is_passing(error) else None
        found.append(parent)
        uri = parent.post.reply_to_uri
    return found[::-1], None


def is_passing(error: Exception) -> bool:
    """Whether what failed may well succeed later."""
    if isinstance(error, FetchFailed):
        status = error.http_status
        return status is None or status == 429 or status >= 500
    return isinstance(error, trust.TooManyFetches | trust.TooManyKeys)


async def _is_settled(wire: Wire, uri: str) -> bool:
    """Whether a post is stored, or was deleted for ever."""
    async with wire.database.reading() as session:
        return await is_settled(session, uri)


async def is_settled(session: AsyncSession, uri: str) -> bool:
    return await receiving.by_uri(session, uri) is not None or await tombstones.is_buried(session, uri)
