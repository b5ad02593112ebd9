"""Ids elsewhere of what is over: deleted for ever, ended before it came, or taken back until it is done anew (R-61).

Some servers give what they do again the id it had before it was undone. So an undone id is over only for what was
signed no later than its Undo: what is signed later is news, a replay is not. All times compared are those by which one
server signed its requests, so no clock of ours is in it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.direct import Direct
from models.prepared import padded
from models.tables import Ended, Tombstone

EARLY_KEPT = timedelta(days=7)
UNDONE_KEPT = timedelta(days=180)


async def bury(session: AsyncSession, uri: str, *, host: str) -> None:
    """What `uri` names was deleted at its home: it never comes back."""
    await session.merge(Tombstone(uri=uri, host=host, at=now(), ended=Ended.DELETED))


async def expect(session: AsyncSession, uri: str, *, host: str) -> None:
    """The end of what `uri` names came before it did: should it come within a week, it has no effect.

    That holds however late it is signed: who could not deliver it at once signs it anew with each attempt.
    """
    if await session.get(Tombstone, uri) is None:
        session.add(Tombstone(uri=uri, host=host, at=now(), ended=Ended.EARLY))
        await session.flush()


async def undo(session: AsyncSession, uris: Iterable[str | None], *, host: str, at: datetime) -> None:
    """What `uris` name was taken back by something signed at `at`."""
    for uri in {uri for uri in uris if uri}:
        stone = await session.get(Tombstone, uri)
        if stone is None:
            session.add(Tombstone(uri=uri, host=host, at=at, ended=Ended.UNDONE))
        elif stone.ended is not Ended.DELETED:
            stone.ended, stone.at = Ended.UNDONE, max(stone.at, at)
    await session.flush()


async def is_buried(session: AsyncSession, uri: str) -> bool:
    """Whether what `uri` names is over, or its end came before it."""
    return await session.get(Tombstone, uri) is not None


_BURIED = Direct(select(Tombstone.uri).where(Tombstone.uri.in_(bindparam("uris", expanding=True))))


async def buried(session: AsyncSession, uris: Collection[str]) -> set[str]:
    """Those of `uris` of which `is_buried` is true."""
    return {uri for [uri] in await _BURIED(session, {"uris": padded(uris)})}


async def is_over(session: AsyncSession, uri: str, *, signed_at: datetime | None) -> bool:
    """Whether an activity with that id has no effect: it is over and was not done again, signed later than its end."""
    return uri in await over_among(session, [(uri, signed_at)])


async def over_among(session: AsyncSession, signed: Collection[tuple[str, datetime | None]]) -> set[str]:
    """The ids of those of `signed` activities, each with its id and when it was signed, of which `is_over` is true."""
    stones = {stone.uri: stone for stone in await session.scalars(_STONES, {"uris": padded(uri for uri, _ in signed)})}
    return {
        uri
        for uri, signed_at in signed
        if (stone := stones.get(uri)) is not None
        and (stone.ended is not Ended.UNDONE or signed_at is None or signed_at <= stone.at)
    }


_STONES = select(Tombstone).where(Tombstone.uri.in_(bindparam("uris", expanding=True)))


async def is_news(session: AsyncSession, uri: str, *, signed_at: datetime) -> bool:
    """Whether what `uri` names was undone before `signed_at`."""
    found = select(Tombstone.uri).where(Tombstone.uri == uri, Tombstone.ended == Ended.UNDONE, Tombstone.at < signed_at)
    return await session.scalar(found) is not None


async def sweep(session: AsyncSession) -> None:
    """Forget what can no longer be meant; what was deleted is remembered for ever."""
    for ended, kept in ((Ended.EARLY, EARLY_KEPT), (Ended.UNDONE, UNDONE_KEPT)):
        await session.execute(delete(Tombstone).where(Tombstone.ended == ended, Tombstone.at < now() - kept))
