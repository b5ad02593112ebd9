"""Halting all deliveries at once, and letting them go on (R-98, promise 10).

A database that is put in the place of a newer one does not know what was sent since, and whom it would tell again. So
a backup is halted when it is made, and a database that lacks lines its ledger once had is halted when it is opened.
What is written meanwhile is queued as ever.
"""

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from models import audit, ledger, policy
from models.base import now
from models.database import QUEUED
from models.tables import Delivery, DeliveryState, Halt, HaltReason, LedgerLine, Outcome
from models.viewers import Staff

_CURRENT = select(Halt).where(Halt.ended_at.is_(None)).order_by(Halt.id).limit(1)


def none() -> ColumnElement[bool]:
    """As a condition: nothing is halted."""
    return ~exists().where(Halt.ended_at.is_(None))


async def current(session: AsyncSession) -> Halt | None:
    """The halt in force."""
    return await session.scalar(_CURRENT)


async def begin(session: AsyncSession, reason: HaltReason, *, by: Staff | None = None) -> Halt:
    """Halt all deliveries; the halt in force when there is one. `by` is None for the program and the command line.

    Raises NotAllowed for who does not administer.
    """
    policy.must_administer(by)
    halt = await current(session)
    if halt is None:
        halt = Halt(reason=reason, began_by_id=by.account_id if by else None)
        session.add(halt)
        await session.flush()
        audit.note(session, "deliveries_halted", by=by, reason=str(reason))
        username = by.username if by else "kontor"
        stopped = ledger.Fact(outcome=Outcome.STOPPED, what="Deliveries", actor=username, rule="deliveries_halted")
        await ledger.append(session, stopped)
    return halt


async def end(session: AsyncSession, *, by: Staff | None = None, sends_old: bool = False) -> int:
    """Let deliveries go on; how many of those that waited were dropped.

    What a backup or an outdated database had queued before is dropped, since it may have arrived long ago, unless
    `sends_old`. After the halt of an admin everything goes on.

    Raises NotAllowed for who does not administer.
    """
    policy.must_administer(by)
    halt = await current(session)
    if halt is None:
        return 0
    dropped = 0 if sends_old or halt.reason is HaltReason.ADMIN else await _drop(session, halt)
    halt.ended_at = now()
    halt.ended_by_id = by.account_id if by else None
    session.info[QUEUED] = True
    audit.note(session, "deliveries_resumed", by=by, reason=str(halt.reason), dropped=dropped)
    return dropped


async def _drop(session: AsyncSession, halt: Halt) -> int:
    found = await session.execute(
        update(Delivery)
        .where(Delivery.state == DeliveryState.QUEUED, Delivery.id <= halt.id)
        .values(state=DeliveryState.CANCELLED, error="queued before a backup")
    )
    return found.rowcount if isinstance(found, CursorResult) else 0


async def newest(session: AsyncSession) -> int:
    """The number of the ledger's last line; 0 before there is any."""
    return await session.scalar(select(func.max(LedgerLine.id))) or 0
