"""The queue of what came in: stored by its id before it is answered, dealt with afterwards, kept with the outcome."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import new_id, now
from models.database import JOURNALLED
from models.tables import Received, ReceivedState

TRIES = 6
_AGAIN = (timedelta(seconds=2), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


async def store(
    session: AsyncSession,
    *,
    uri: str,
    host: str,
    type: str,
    actor_uri: str,
    body: bytes,
    inbox_actor_id: int | None = None,
) -> int | None:
    """Keep an activity, once per id and host; None for a repetition (R-60): the unique index decides."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    moment = now()
    number: int | None = await session.scalar(
        insert(Received)
        .values(
            id=new_id(),
            uri=uri,
            host=host,
            type=type,
            actor_uri=actor_uri,
            body=body,
            inbox_actor_id=inbox_actor_id,
            state=ReceivedState.WAITING,
            outcome="",
            attempts=0,
            next_attempt_at=moment,
            received_at=moment,
        )
        .on_conflict_do_nothing()
        .returning(Received.id)
    )
    session.info[JOURNALLED] = True  # wake the one who deals with it
    return number


async def due(session: AsyncSession, *, limit: int = 100) -> Sequence[Received]:
    """What waits and may be tried now, oldest first."""
    found = await session.scalars(
        select(Received)
        .where(Received.state == ReceivedState.WAITING, Received.next_attempt_at <= now())
        .order_by(Received.id)
        .limit(limit)
    )
    return found.all()


async def begin(session: AsyncSession, received_id: int) -> Received | None:
    """Count an attempt before it is made, so that what kills the process is parked in the end; None when it is over."""
    row = await session.get(Received, received_id, with_for_update=True)
    if row is None or row.state is not ReceivedState.WAITING or row.next_attempt_at > now():
        return None
    row.attempts += 1
    if row.attempts > TRIES:
        row.state = ReceivedState.PARKED
        row.outcome = row.outcome or "gave up"
        return None
    row.next_attempt_at = now() + _AGAIN[min(row.attempts, len(_AGAIN)) - 1]
    return row


async def finish(session: AsyncSession, received_id: int, state: ReceivedState, outcome: str = "") -> None:
    row = await session.get(Received, received_id)
    if row is not None:
        row.state = state
        row.outcome = outcome[:500]
