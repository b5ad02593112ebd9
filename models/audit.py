"""The log of who changed the rules, and of what the wire was refused and why. Never content."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AuditLine
from models.viewers import Staff


def note(
    session: AsyncSession, action: str, *, by: Staff | None = None, host: str = "", rule: str = "", **facts: Any
) -> None:
    """Add a line in the transaction of `session`; `by` is None for the command line and for other servers."""
    session.add(AuditLine(account_id=by.account_id if by else None, host=host, action=action, rule=rule, facts=facts))
