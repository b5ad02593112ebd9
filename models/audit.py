"""The log of who changed the rules, and of what the wire was refused and why. Never content."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.tables import AuditLine
from models.viewers import Staff

REFUSED = "inbox_refused"
TAKEN = "inbox_taken"
ANSWERED = "fetch_answered"
TURNED_AWAY = "fetch_refused"
NOT_ASKED = "asking_refused"
NOT_SENT = "delivery_refused"
WIRE = (REFUSED, TAKEN, ANSWERED, TURNED_AWAY, NOT_ASKED, NOT_SENT)
"""What the wire decided about others' requests and ours (B2B-5): kept for a month, and no more than so many lines."""
MOST_OF_A_SORT = 100_000
REFUSALS_KEPT = timedelta(days=30)


def note(
    session: AsyncSession, action: str, *, by: Staff | None = None, host: str = "", rule: str = "", **facts: Any
) -> None:
    """Add a line in the transaction of `session`; `by` is None for the command line and for other servers."""
    session.add(AuditLine(account_id=by.account_id if by else None, host=host, action=action, rule=rule, facts=facts))


async def enter(session: AsyncSession, lines: Sequence[dict[str, Any]]) -> None:
    """Add lines about what the wire decided, with one statement; each has `at`, `host`, `action`, `rule`, `facts`."""
    if lines:
        await session.execute(_INSERT, lines)


_INSERT = insert(cast(Table, AuditLine.__table__))


async def sweep(session: AsyncSession) -> None:
    """Forget what the wire decided more than a month ago, or too long ago to count; what people here did is kept."""
    of_wire = AuditLine.action.in_(WIRE)
    await session.execute(delete(AuditLine).where(of_wire, AuditLine.at < now() - REFUSALS_KEPT))
    for action in WIRE:  # each by itself: what strangers try drives out nothing of what partners did
        of_sort = AuditLine.action == action
        newest = select(AuditLine.id).where(of_sort).order_by(AuditLine.id.desc()).offset(MOST_OF_A_SORT).limit(1)
        last = await session.scalar(newest)
        if last is not None:
            await session.execute(delete(AuditLine).where(of_sort, AuditLine.id <= last))
