"""Who has to wait for whom where several transactions are under way, which is on PostgreSQL alone.

What a server sent is dealt with by one process at a time, in the order it came: whoever claims takes the turn of the
server for the length of that transaction, by an advisory lock, and gets none while anything claimed of that server is
in hand: an attempt at it was counted, its lease runs, and nothing is said about it yet.

What one person does at the same moment twice is done one after the other, so that the second finds what the first did.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import ARRAY, ColumnElement, Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import UtcDateTime, now
from models.database import Database
from models.direct import Direct
from models.prepared import padded
from models.tables import Received, ReceivedState
from models.viewers import Staff, Viewer

_LOCKS, _PEOPLE = 0x1B0C, 0x1B0D
"""Set these locks apart from others of this database."""

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
    taken = {host for [host] in await _TAKE(session, {"hosts": wanted})}
    others = await _TAKEN(session, {"hosts": padded(sorted(taken)), "moment": now()})
    return taken - {host for [host] in others}


@contextlib.asynccontextmanager
async def of_person(database: Database, viewer: Viewer) -> AsyncIterator[AsyncSession]:
    """One transaction of `viewer`. What else the same person does waits until it ends, in whichever process: in this
    one before it has a connection, so that who does much at once leaves the others theirs."""
    if database.is_sqlite or not isinstance(viewer, Staff):  # one writes at a time there anyway
        async with database.writing() as session:
            yield session
        return
    queues = database.kept.setdefault(_QUEUES, WeakValueDictionary())
    async with queues.setdefault(viewer.account_id, asyncio.Lock()), database.writing() as session:
        await _WAIT(session, {"account": str(viewer.account_id)})
        yield session


_QUEUES = "whose turn it is"
_WAIT = Direct(select(func.pg_advisory_xact_lock(_PEOPLE, func.hashtext(bindparam("account", type_=Text)))))
_HOST: ColumnElement[str] = func.unnest(bindparam("hosts", type_=ARRAY(Text))).column_valued("host")
_TAKE = Direct(select(_HOST).where(func.pg_try_advisory_xact_lock(_LOCKS, func.hashtext(_HOST))))
_TAKEN = Direct(in_hand().where(Received.host.in_(bindparam("hosts", expanding=True))))
