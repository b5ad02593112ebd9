"""Which process deals with what a server sent: one at a time, so that it is dealt with in the order it came.

On SQLite there is one process. On PostgreSQL whoever claims takes the turn of the server for the length of that
transaction, by an advisory lock, and gets none while anything claimed of that server is in hand: an attempt at it was
counted, its lease runs, and nothing is said about it yet.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import UtcDateTime, now
from models.tables import Received, ReceivedState

_LOCKS = 0x1B0C
"""Sets these locks apart from others of this database."""

_MOMENT: Any = bindparam("moment", type_=UtcDateTime)


def in_hand() -> Select[str]:
    """The hosts that a process is at, at the parameter `moment`."""
    return select(Received.host).where(
        Received.state == ReceivedState.WAITING,
        Received.attempts > 0,
        Received.next_attempt_at > _MOMENT,
        Received.outcome == "",
    )


async def take(session: AsyncSession, hosts: Iterable[str]) -> set[str]:
    """Those of `hosts` whose turn is ours until the transaction ends."""
    wanted = sorted(set(hosts))
    if session.get_bind().dialect.name != "postgresql":
        return set(wanted)
    taken = set(await session.scalars(_TAKE, {"hosts": wanted}))
    return taken - set(await session.scalars(_TAKEN, {"hosts": sorted(taken), "moment": now()}))


_HOST: ColumnElement[str] = func.unnest(bindparam("hosts", type_=ARRAY(Text))).column_valued("host")
_TAKE = select(_HOST).where(func.pg_try_advisory_xact_lock(_LOCKS, func.hashtext(_HOST)))
_TAKEN = in_hand().where(Received.host.in_(bindparam("hosts", expanding=True)))
