"""When something is due with a poll: it ends, or others are to be told new counts. The state is in its row alone."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal
from models.base import now
from models.tables import Poll

TOLD_EVERY = timedelta(minutes=3)
_AT_ONCE = 100
_NEXT = select(Poll.due_at).where(Poll.due_at.is_not(None)).order_by(Poll.due_at).limit(1)


def set_clock(poll: Poll) -> None:
    """When somebody has to look at the poll again: at its end, or when others may be told new counts."""
    due = [poll.ends_at] if poll.ends_at is not None and poll.ended_at is None else []
    if poll.is_untold:
        due.append(max(now(), poll.told_at + TOLD_EVERY) if poll.told_at is not None else now())
    poll.due_at = min(due, default=None)


async def strike(session: AsyncSession) -> int:
    """Do what is due: end polls whose time is over, let new counts of ours be told; how many polls that concerned."""
    moment = now()
    rows = await session.scalars(
        select(Poll)
        .where(Poll.due_at <= moment)
        .order_by(Poll.due_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    due = rows.all()
    for poll in due:
        if poll.ended_at is None and poll.is_over(moment):
            poll.ended_at = poll.ends_at
            journal.record(session, journal.PollOver(poll.id))
            journal.record(session, journal.PostRefreshed(poll.post_id))
            poll.is_untold = False
        elif poll.is_untold:
            journal.record(session, journal.PostRefreshed(poll.post_id))
            poll.is_untold, poll.told_at = False, moment
        set_clock(poll)
    return len(due)


async def next_strike(session: AsyncSession) -> datetime | None:
    """When something is due next."""
    return await session.scalar(_NEXT)
