"""Writing entries down and reading them again: from the database, or from what this process read of it already."""

import asyncio
import functools
import json
from bisect import bisect_right
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple, cast

from msgspec.structs import asdict
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Table,
    bindparam,
    event,
    insert,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from models.base import now
from models.database import JOURNALLED, Database
from models.direct import Direct
from models.journal.entries import KINDS, Entry
from models.tables import JournalEntry

BATCH = 100
_KEPT = 1000
_FRESH_SECONDS = 0.5
_SOON_SECONDS = 0.05
_TRANSACTION: ColumnElement[int] = literal_column("pg_current_xact_id()::text::bigint")


def record(session: AsyncSession, entry: Entry) -> None:
    """Write `entry` with the transaction of `session`; whoever waits is woken after its commit."""
    facts = _facts(entry)
    row = JournalEntry(kind=entry.kind, facts=facts)
    if session.get_bind().dialect.name == "postgresql":
        row.transaction = _TRANSACTION
    session.add(row)
    session.info[JOURNALLED] = True
    session.info.setdefault(_ADDED, []).append(row)


async def record_all(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """The same for many, written at once and in their order."""
    if not entries:
        return
    session.info[JOURNALLED] = True
    at = now()
    if session.get_bind().dialect.name == "postgresql":
        if session.new:
            await session.flush()
        rows = [{"kind": entry.kind, "facts": _facts(entry), "at": at} for entry in entries]
        await _RECORD_POSTGRESQL.for_each(session, rows)
        return
    added = session.info.setdefault(_ADDED, [])
    for entry in entries:
        facts = _facts(entry)
        [[number]] = await _RECORD_SQLITE(session, {"transaction": 0, "kind": entry.kind, "facts": facts, "at": at})
        added.append(_Written(number, entry.kind, facts))


def _facts(entry: Entry) -> dict[str, Any]:
    return asdict(entry)


_RECORD = insert(cast(Table, JournalEntry.__table__))
_RECORD_POSTGRESQL = Direct(
    _RECORD.values({name: bindparam(name) for name in ("kind", "facts", "at")} | {"transaction": _TRANSACTION}).inline()
)
_RECORD_SQLITE = Direct(
    _RECORD.values({name: bindparam(name) for name in ("transaction", "kind", "facts", "at")}).returning(
        JournalEntry.id
    )
)
_ADDED = "journal entries"
_GIVEN_UP = "part of the transaction was given up"


@event.listens_for(Session, "after_soft_rollback")
def _give_up(session: Session, _transaction: object) -> None:
    session.info[_GIVEN_UP] = True


class _Written(NamedTuple):
    """A row that was written without the session's knowledge."""

    id: int
    kind: str
    facts: dict[str, Any]


class Position(NamedTuple):
    """A place in the journal: everything up to and with it was read."""

    transaction: int = 0
    number: int = 0


Placed = tuple[Position, Entry | None]
"""An entry with its place; None stands for a kind that a later release wrote."""


@functools.cache
def _page(is_postgresql: bool) -> Direct:
    number = bindparam("number", type_=BigInteger)
    border: ColumnElement[int] = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    is_settled: ColumnElement[bool] = JournalEntry.transaction < border if is_postgresql else true()
    page = select(JournalEntry.transaction, JournalEntry.id, JournalEntry.kind, JournalEntry.facts, is_settled)
    page = page.limit(bindparam("most", type_=Integer))
    if not is_postgresql:  # one transaction number for all: SQLite would go through every entry there ever was
        return Direct(page.where(JournalEntry.id > number).order_by(JournalEntry.id))
    place = tuple_(JournalEntry.transaction, JournalEntry.id)
    behind = page.where(place > tuple_(bindparam("transaction", type_=BigInteger), number))
    return Direct(behind.order_by(JournalEntry.transaction, JournalEntry.id))


async def read(session: AsyncSession, after: Position, *, limit: int = BATCH) -> Sequence[Placed]:
    """Entries behind `after`, in order."""
    return (await _read(session, after, limit=limit))[0]


async def _read(session: AsyncSession, after: Position, *, limit: int = BATCH) -> tuple[Sequence[Placed], bool]:
    """The same, and whether there is more that may not be read yet: it was committed while a transaction that began
    earlier is under way, whose entries would come before it."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    values = {"number": after.number, "most": limit} | ({"transaction": after.transaction} if is_postgresql else {})
    rows = await _page(is_postgresql)(session, values)
    settled = [
        (Position(transaction, number), KINDS[kind](**facts) if kind in KINDS else None)
        for transaction, number, kind, facts, is_settled in rows
        if is_settled
    ]
    return settled, len(settled) < len(rows)


_NEWEST = select(JournalEntry.transaction, JournalEntry.id).limit(1)


async def head(session: AsyncSession) -> Position:
    """The newest place; where a reader without a past begins."""
    row = (await session.execute(_NEWEST.order_by(JournalEntry.transaction.desc(), JournalEntry.id.desc()))).first()
    return Position(*row) if row else Position()


class Window:
    """The newest entries of a journal, read once for everybody in this process who follows it.

    What is committed here is seen at once; what another process commits, as soon as we are woken, or half a second
    later. Nobody wakes us when a transaction ends that had no news itself: where one keeps entries from being read we
    look again by ourselves, soon at first.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: list[Placed] = []
        self._before: Position | None = None
        self._seen = -1
        self._read_at = 0.0
        self._turn = asyncio.Lock()
        self._again: asyncio.TimerHandle | None = None
        self._again_in = _SOON_SECONDS

    async def after(self, position: Position, *, limit: int = BATCH) -> Sequence[Placed]:
        """Entries behind `position`, in order, as they are now."""
        if not self._is_fresh():
            async with self._turn:
                if not self._is_fresh():
                    await self._read()
        if self._before is None or position < self._before:  # further back than what is kept
            async with self._database.reading() as session:
                return await read(session, position, limit=limit)
        begin = bisect_right(self._entries, position, key=_place)
        return self._entries[begin : begin + limit]

    def _is_fresh(self) -> bool:
        return self._seen == self._database.changed.count and monotonic() - self._read_at < _FRESH_SECONDS

    async def _read(self) -> None:
        seen, at = self._database.changed.count, monotonic()
        async with self._database.reading() as session:
            if self._before is None:
                self._before = await head(session)
            while True:
                batch, is_kept_back = await _read(session, self._last() or Position())
                last = self._last() or Position()  # commits of this process may have told theirs meanwhile
                self._entries += [placed for placed in batch if placed[0] > last]
                if len(batch) < BATCH:
                    break
        self._forget()
        self._seen, self._read_at = seen, at
        if not is_kept_back or batch:
            self._again_in = _SOON_SECONDS
        if is_kept_back and self._again is None:
            self._again = asyncio.get_running_loop().call_later(self._again_in, self._look_again)
            self._again_in = min(2 * self._again_in, _FRESH_SECONDS)

    def _look_again(self) -> None:
        self._again = None
        if self._seen == self._database.changed.count:  # otherwise a commit woke everybody meanwhile
            self._database.changed.set()

    def _last(self) -> Position | None:
        return self._entries[-1][0] if self._entries else self._before

    def _forget(self) -> None:
        if len(self._entries) > _KEPT:
            surplus = len(self._entries) - _KEPT // 2
            self._before = self._entries[surplus - 1][0]
            del self._entries[:surplus]

    def add(self, session: AsyncSession) -> None:
        """Take what `session` has committed, where nothing can lie between that and what is known: it need not be read.

        On SQLite numbers are given out in the order of commits, so that neighbours are neighbours in time. Where a part
        of the transaction was given up (a savepoint), what was written in it did not happen: then it is read.
        """
        if session.info.get(_GIVEN_UP):
            return
        written = sorted(session.info.get(_ADDED, ()), key=lambda row: row.id)
        last = self._last()
        if last is None or [row.id for row in written] != list(range(last.number + 1, last.number + 1 + len(written))):
            return
        self._entries += [(Position(0, row.id), _again(row.kind, row.facts)) for row in written]
        if self._seen == self._database.changed.count:
            self._seen += 1  # this commit is about to be told
        self._forget()


def _again(kind: str, facts: dict[str, Any]) -> Entry | None:
    """An entry as it is read again, where tuples have become lists."""
    if any(isinstance(value, tuple | list | dict) for value in facts.values()):
        facts = json.loads(json.dumps(facts))
    return KINDS[kind](**facts) if kind in KINDS else None


def _place(placed: Placed) -> Position:
    return placed[0]


def window(database: Database) -> Window:
    """The one window of this process on the journal of `database`."""
    found: Window | None = database.kept.get(Window)
    if found is None:
        found = database.kept[Window] = Window(database)
        database.on_journalled = found.add
    return found
