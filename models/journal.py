"""What happened, in order: verbs record entries in their own transaction, consumers read them at their own pace.

Each consumer has a durable cursor that moves in the same transaction as what the consumer wrote, so that its effects
in the database happen once. An entry that keeps failing is parked where an admin sees it; its neighbours go on.
A position is a pair of transaction and number: PostgreSQL gives numbers out before commits, so a reader there goes by
transaction and stops before the oldest one still open. On SQLite every entry has transaction 0.
"""

import dataclasses
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import now
from models.database import JOURNALLED, Database
from models.tables import Cursor, JournalEntry, Parked

log = logging.getLogger(__name__)

_BATCH = 100
_TRIES = 5
_KINDS: dict[str, type["Entry"]] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """Base of all entries; a subclass is a frozen dataclass of plain values."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__
        _KINDS[cls.kind] = cls


@dataclass(frozen=True, slots=True)
class PostWritten(Entry):
    """A post is there for the house: written here, or come from elsewhere. Boosts too."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostEdited(Entry):
    post_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class PostReleased(Entry):
    """A revision may leave: at once, or because a gatekeeper approved it."""

    post_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class PostRefreshed(Entry):
    """What hangs on a post changed and its text did not: votes were counted, a quote was allowed or is no more."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostDeleted(Entry):
    """A post is gone; `undoes` names the activity to undo when it was a boost."""

    post_id: int
    uri: str
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class PostSubmitted(Entry):
    """A revision waits for a gatekeeper."""

    post_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class PostDecided(Entry):
    """A gatekeeper approved or returned a revision."""

    approval_id: int


@dataclass(frozen=True, slots=True)
class GroupDistributes(Entry):
    """A group of ours passes on an activity that came from elsewhere."""

    group_id: int
    received_id: int
    post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Forwards(Entry):
    """An activity from elsewhere goes on, as it came, to the followers of one of ours (ActivityPub §7.1.2)."""

    actor_id: int
    received_id: int
    object_uri: str


@dataclass(frozen=True, slots=True)
class DependencyFailed(Entry):
    """A server would not take an activity because it cannot get what is inside from where that comes (HTTP 424)."""

    activity_id: int
    inbox: str
    host: str


@dataclass(frozen=True, slots=True)
class Liked(Entry):
    actor_id: int
    post_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Unliked(Entry):
    actor_id: int
    post_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class InteractionRefused(Entry):
    """The author of a post of ours does not permit what somebody elsewhere did with it under the id `uri`."""

    by_id: int
    to_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Quoted(Entry):
    """A post quotes another, and may."""

    consent_id: int


@dataclass(frozen=True, slots=True)
class QuoteAnswered(Entry):
    """Somebody elsewhere asked to quote a post of ours, and has the answer."""

    consent_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class QuoteRevoked(Entry):
    """An author of ours takes back that a post may quote theirs."""

    consent_id: int


@dataclass(frozen=True, slots=True)
class ForwardedRevocation(Entry):
    """Whoever a post of ours quotes took their consent back: those who have the post get to see that they did."""

    post_id: int
    received_id: int


@dataclass(frozen=True, slots=True)
class Voted(Entry):
    """Somebody of ours answered a poll, here or elsewhere."""

    poll_id: int
    actor_id: int


@dataclass(frozen=True, slots=True)
class PollOver(Entry):
    """The time of a poll is over, here or elsewhere."""

    poll_id: int


@dataclass(frozen=True, slots=True)
class FollowAsked(Entry):
    """Somebody of ours wants to follow somebody elsewhere, or the other way round."""

    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowAccepted(Entry):
    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowEnded(Entry):
    """Unfollowed by the follower, or refused by the followed one (`refused`)."""

    follower_id: int
    followee_id: int
    uri: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class JoinAsked(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Joined(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Left(Entry):
    """Somebody left a group, or was refused or removed by it (`refused`)."""

    group_id: int
    actor_id: int
    uri: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Invited(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Moderated(Entry):
    """Somebody who keeps a group in order did something in it, or took it back (`is_undone`).

    `act` is remove, ban, pin, lock or moderator. `is_passed_on`: their activity came here, and goes on as it came.
    """

    act: str
    group_id: int
    by_id: int
    post_id: int | None = None
    actor_id: int | None = None
    is_undone: bool = False
    is_passed_on: bool = False
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Reported(Entry):
    """Somebody, here or elsewhere, reported somebody to those in charge."""

    report_id: int


@dataclass(frozen=True, slots=True)
class ActorChanged(Entry):
    """A profile or a group's description changed."""

    actor_id: int


@dataclass(frozen=True, slots=True)
class PartnerChanged(Entry):
    partner_id: int
    host: str


@dataclass(frozen=True, slots=True)
class Notified(Entry):
    notification_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class AccessEnded(Entry):
    """An account was disabled, or a token or sign-in ended: open streams of it must close."""

    account_id: int
    token_id: int | None = None


def record(session: AsyncSession, entry: Entry) -> None:
    """Write `entry` with the transaction of `session`; whoever waits is woken after its commit."""
    facts = dataclasses.asdict(entry)
    row = JournalEntry(kind=entry.kind, facts=facts)
    if session.get_bind().dialect.name == "postgresql":
        row.transaction = literal_column("pg_current_xact_id()::text::bigint")
    session.add(row)
    session.info[JOURNALLED] = True


class Position(NamedTuple):
    """A place in the journal: everything up to and with it was read."""

    transaction: int = 0
    number: int = 0


@functools.cache
def _page(is_postgresql: bool) -> Select[JournalEntry]:
    number = bindparam("number", type_=BigInteger)
    if not is_postgresql:  # one transaction number for all: SQLite would go through every entry there ever was
        statement = select(JournalEntry).where(JournalEntry.id > number).order_by(JournalEntry.id)
        return statement.limit(bindparam("most", type_=Integer))
    place = tuple_(JournalEntry.transaction, JournalEntry.id)
    border: ColumnElement[int] = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    statement = (
        select(JournalEntry)
        .where(place > tuple_(bindparam("transaction", type_=BigInteger), number), JournalEntry.transaction < border)
        .order_by(JournalEntry.transaction, JournalEntry.id)
    )
    return statement.limit(bindparam("most", type_=Integer))


async def read(
    session: AsyncSession, after: Position, *, limit: int = _BATCH
) -> Sequence[tuple[Position, Entry | None]]:
    """Entries behind `after`, in order; None stands for a kind that a later release wrote."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    values = {"number": after.number, "most": limit} | ({"transaction": after.transaction} if is_postgresql else {})
    rows = await session.scalars(_page(is_postgresql), values)
    return [
        (Position(row.transaction, row.id), _KINDS[row.kind](**row.facts) if row.kind in _KINDS else None)
        for row in rows
    ]


async def head(session: AsyncSession) -> Position:
    """The newest place; where a reader without a past begins."""
    newest = select(JournalEntry.transaction, JournalEntry.id)
    row = (await session.execute(newest.order_by(*(c.desc() for c in newest.selected_columns)).limit(1))).first()
    return Position(*row) if row else Position()


Handler = Callable[[AsyncSession, Entry], Awaitable[None]]
Sieve = Callable[[AsyncSession, list[Entry]], Awaitable[list[Entry]]]


@dataclass(slots=True)
class Consumer:
    """A durable reader of the journal. `handle` writes with the session it is given and touches no network."""

    name: str
    handle: Handler
    kinds: frozenset[str]
    sieve: "Sieve | None" = None

    async def catch_up(self, database: Database) -> int:
        """Deal with everything there is; how many entries were read. One batch is one transaction."""
        count = 0
        while batch := await self._step(database):
            count += batch
        return count

    async def _step(self, database: Database) -> int:
        async with database.reading() as session:
            cursor = await session.get(Cursor, self.name)
            position = _place(cursor)
            entries = await read(session, position)
        if not entries:
            return 0
        try:
            await self._deal_with(database, position, entries)
        except Exception:
            log.exception("journal batch failed", extra={"consumer": self.name, "after": position.number})
            await self._one_by_one(database, position, entries)
        return len(entries)

    async def _deal_with(
        self, database: Database, position: Position, entries: Sequence[tuple[Position, Entry | None]]
    ) -> None:
        async with database.writing() as session:
            cursor = await self._cursor(session)
            if _place(cursor) != position:  # another process was faster
                return
            wanted = [entry for _, entry in entries if entry is not None and entry.kind in self.kinds]
            if self.sieve is not None and len(wanted) > 1:
                wanted = await self.sieve(session, wanted)
            for entry in wanted:
                await self.handle(session, entry)
            cursor.transaction, cursor.position = entries[-1][0]

    async def _one_by_one(
        self, database: Database, position: Position, entries: Sequence[tuple[Position, Entry | None]]
    ) -> None:
        for place, entry in entries:
            for attempt in range(1, _TRIES + 1):
                try:
                    await self._deal_with(database, position, [(place, entry)])
                    break
                except Exception as error:
                    if attempt == _TRIES:
                        log.exception("journal entry parked", extra={"consumer": self.name, "entry": place.number})
                        await self._park(database, position, place, error)
            position = place

    async def _park(self, database: Database, position: Position, place: Position, error: Exception) -> None:
        async with database.writing() as session:
            what = f"{type(error).__name__}: {error}"[:500]
            await session.merge(Parked(consumer=self.name, entry_id=place.number, error=what, at=now()))
            cursor = await self._cursor(session)
            if _place(cursor) == position:
                cursor.transaction, cursor.position = place

    async def _cursor(self, session: AsyncSession) -> Cursor:
        cursor = await session.get(Cursor, self.name, with_for_update=True)
        if cursor is None:
            cursor = Cursor(consumer=self.name, transaction=0, position=0)
            session.add(cursor)
            await session.flush()
        return cursor


def _place(cursor: Cursor | None) -> Position:
    return Position(cursor.transaction, cursor.position) if cursor else Position()


def consumer(
    name: str,
    handlers: dict[type[Entry], Callable[[AsyncSession, Any], Awaitable[None]]],
    *,
    sieve: Sieve | None = None,
) -> Consumer:
    """A consumer that has one function per kind of entry it cares for.

    `sieve` is given several entries at once and takes out those about which nothing would be done.
    """

    async def handle(session: AsyncSession, entry: Entry) -> None:
        await handlers[type(entry)](session, entry)

    return Consumer(name, handle, frozenset(kind.kind for kind in handlers), sieve)
