"""The log of who changed the rules, and of what the wire was refused and why. Never content."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.tables import AuditLine
from models.viewers import Staff

REFUSED = "inbox_refused"
REFUSALS_KEPT = timedelta(days=30)


def note(
    session: AsyncSession, action: str, *, by: Staff | None = None, host: str = "", rule: str = "", **facts: Any
) -> None:
    """Add a line in the transaction of `session`; `by` is None for the command line and for other servers."""
    session.add(AuditLine(account_id=by.account_id if by else None, host=host, action=action, rule=rule, facts=facts))


async def sweep(session: AsyncSession) -> None:
    """Forget what strangers were refused more than a month ago; what people here did is kept."""
    old = AuditLine.action == REFUSED, AuditLine.at < now() - REFUSALS_KEPT
    await session.execute(delete(AuditLine).where(*old))
