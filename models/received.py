"""The queue of what came in: stored by its id before it is answered, dealt with afterwards, kept with the outcome."""

import functools
import random
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from msgspec import Struct
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CursorResult,
    Insert,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models import audit, tombstones, turns
from models.base import UtcDateTime, insert_for, new_id, now
from models.database import ARRIVED
from models.direct import Direct
from models.prepared import padded
from models.tables import Received, ReceivedState

TRIES = 6
LEASE = timedelta(minutes=2)
OUTCOME_LIMIT = 500
UNKNOWN = "of no effect here"
"""How the outcome ends for types of activities that nothing is done about."""
UNKNOWN_KEPT = timedelta(days=7)
BYTES_KEPT = timedelta(days=30)
IDS_KEPT = timedelta(days=180)
_DONE_AGAIN = frozenset({"Like", "EmojiReact", "Announce", "Block"})
_ASKS = frozenset({"Follow", "Join"})
_TAKES_BACK = frozenset({"Undo", "Leave"})
_MOST_HOSTS = 1000
_AGAIN = (timedelta(seconds=2), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


class Arrived(Struct, frozen=True, kw_only=True):
    """An activity as it came.

    `host` is who brought it, `home` the actor's own where it is another. `actor_uri` is empty when nobody proved to be
    its actor: it is a hint where to look then. `signed_at` is when the actor signed it, where the actor brought it.
    """

    uri: str
    host: str
    type: str
    actor_uri: str
    body: bytes
    inbox_actor_id: int | None = None
    signed_at: datetime | None = None
    home: str = ""

    @property
    def is_passed_on(self) -> bool:
        return bool(self.actor_uri) and self.home not in ("", self.host)


async def store(session: AsyncSession, arrived: Sequence[Arrived]) -> list[int | None]:
    """Keep activities, each once per id and host; None for a repetition (R-60): the unique index decides.

    What was undone and is signed anew since then is no repetition.
    """
    ids = await _insert(session, [one for one in arrived if not await _came_from_home(session, one)])
    found: list[int | None] = []
    for one in arrived:
        number = ids.pop((one.host, one.uri), None)
        if number == 0:  # one of that id was here before
            number = None
            if await _is_done_again(session, one):
                number = (await _insert(session, [one]))[one.host, one.uri] or None
        found.append(number)
    if any(found):
        session.info[ARRIVED] = True  # wake the one who deals with it
    return found


async def _came_from_home(session: AsyncSession, one: Arrived) -> bool:
    """Whether somebody passes on what its actor brought before."""
    return one.is_passed_on and await is_known(session, host=one.home, uri=one.uri)


async def _insert(session: AsyncSession, arrived: Sequence[Arrived]) -> dict[tuple[str, str], int]:
    """Store those whose id is not here yet, the first of several with one id; the number of each, 0 for the others."""
    moment = now()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in arrived:
        if (one.host, one.uri) not in rows:
            rows[one.host, one.uri] = {
                "id": new_id(),
                "uri": one.uri,
                "host": one.host,
                "type": one.type,
                "actor_uri": one.actor_uri,
                "body": one.body,
                "inbox_actor_id": one.inbox_actor_id,
                "signed_at": one.signed_at,
                "next_attempt_at": moment,
                "received_at": moment,
            }
    if not rows:
        return {}
    in_order = [rows[key] for key in sorted(rows)]  # so that two processes that store the same wait, and not in a ring
    if session.get_bind().dialect.name == "postgresql":
        arrays = {name: [row[name] for row in in_order] for name in _GIVEN}
        stored = {number for [number] in await _inserting_all()(session, arrays)}
        return {key: row["id"] if row["id"] in stored else 0 for key, row in rows.items()}
    done = await session.execute(_inserting(session.get_bind().dialect.name), in_order)
    if isinstance(done, CursorResult) and done.rowcount == len(rows):
        return {key: row["id"] for key, row in rows.items()}
    stored = set(await session.scalars(_STORED, {"ids": padded(row["id"] for row in rows.values())}))
    return {key: row["id"] if row["id"] in stored else 0 for key, row in rows.items()}


_TABLE = cast(Table, Received.__table__)  # no rows come back: the session has nothing to do with them
_SAME = ("host", "uri")
"""Whatever else is there already, a number of ours twice, is no repetition: it must not be taken for one."""


@functools.cache
def _inserting(dialect: str) -> Insert:
    return insert_for(dialect, _TABLE).on_conflict_do_nothing(index_elements=_SAME)


_GIVEN = (
    "id",
    "uri",
    "host",
    "type",
    "actor_uri",
    "body",
    "inbox_actor_id",
    "signed_at",
    "next_attempt_at",
    "received_at",
)


@functools.cache
def _inserting_all() -> Direct:
    """Many rows in one statement, each parameter a list with one column of them; which are new."""
    names = [*_GIVEN, "state", "outcome", "attempts"]
    lists = [bindparam(name, type_=ARRAY(_TABLE.c[name].type)) for name in _GIVEN]
    told = func.unnest(*lists).table_valued(*_GIVEN).render_derived()
    rows = select(*told.c, literal(ReceivedState.WAITING, _TABLE.c.state.type), literal(""), literal(0))
    inserting = insert_for("postgresql", _TABLE).from_select(names, rows, include_defaults=False)
    return Direct(inserting.on_conflict_do_nothing(index_elements=_SAME).returning(_TABLE.c.id))


_STORED = select(Received.id).where(Received.id.in_(bindparam("ids", expanding=True)))


async def _is_done_again(session: AsyncSession, told: Arrived) -> bool:
    """Whether something is no repetition though its id was here: it was undone since, undoes something once more, or
    asks once more, because our answer was lost.

    The former row gives up the id then, and stays as what came first.
    """
    before = await session.scalar(select(Received).where(*_at(told.host, told.uri)))
    if before is None or before.state is ReceivedState.WAITING or before.actor_uri != told.actor_uri:
        return False
    if told.signed_at is None or (before.signed_at is not None and told.signed_at <= before.signed_at):
        return False  # the same request once more
    if told.type in _DONE_AGAIN:
        is_new = await tombstones.is_news(session, told.uri, signed_at=told.signed_at) or await session.scalar(
            select(exists().where(*_undoing(told, before)))
        )
    else:
        is_new = told.type in _TAKES_BACK or told.type in _ASKS
    if is_new:
        before.uri = f"{before.uri}#before-{before.id}"
        await session.flush()
    return bool(is_new)


def _undoing(told: Arrived, before: Received) -> tuple[ColumnElement[bool], ...]:
    """Condition on `Received`: an Undo of the same actor came since and waits for its turn."""
    return (
        Received.state == ReceivedState.WAITING,
        Received.host == told.host,
        Received.actor_uri == told.actor_uri,
        Received.type.in_(_TAKES_BACK),
        Received.id > before.id,
    )


async def by_id(session: AsyncSession, received_id: int) -> Received | None:
    return await session.get(Received, received_id)


async def is_known(session: AsyncSession, *, host: str, uri: str) -> bool:
    """Whether an activity of that id came from its own server."""
    return await session.scalar(select(Received.id).where(*_at(host, uri))) is not None


async def body_of(session: AsyncSession, *, host: str, uri: str) -> bytes:
    """The bytes of an activity that its own server brought; empty when it did not, or they are kept no more."""
    return await session.scalar(select(Received.body).where(*_at(host, uri))) or b""


def _at(host: str, uri: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Received.host == host, Received.uri == uri


class Claimed(Struct, frozen=True, kw_only=True):
    """An activity that a worker may deal with now. `attempt` is its lease: whoever claims it again ends this one."""

    id: int
    uri: str
    host: str
    type: str
    actor_uri: str
    body: bytes
    inbox_actor_id: int | None
    attempt: int
    received_at: datetime
    signed_at: datetime | None = None


class Waiting(NamedTuple):
    """What may be tried now: the numbers of those that may be taken together, and hosts whose first may not.

    `is_all` says that there were no more of either.
    """

    together: Sequence[int]
    hosts: Sequence[str]
    is_all: bool


async def waiting(
    session: AsyncSession, *, types: Collection[str], limit: int, per_host: int, busy: Iterable[str] = ()
) -> Waiting:
    """What waits of hosts that are not `busy`: from each its oldest, then from each its second, and so on.

    What may be taken together are the activities of `types` with which the queue of a host begins, as far as somebody
    is proved to have made them and nobody tried them yet.
    """
    most = limit + _MOST_HOSTS
    values = {"busy": padded(busy), "moment": now(), "types": list(types), "per_host": per_host, "most": most}
    is_shared = session.get_bind().dialect.name == "postgresql"
    rows = await _in_turn(is_shared)(session, values)
    plain = [(number, host) for number, host, others in rows if not others]
    hosts = [host for _, host, others in rows if others]
    is_all = len(plain) <= limit and len(rows) < most
    if is_shared and len(plain) > _SHARED_FROM and len(whose := sorted({host for _, host in plain})) > 1:
        ours, is_all = set(random.sample(whose, (len(whose) + 1) // 2)), False
        plain = [(number, host) for number, host in plain if host in ours]
    return Waiting([number for number, _ in plain[:limit]], hosts, is_all)


_SHARED_FROM = 20
"""From so many on one process takes those of half of the hosts, so that another has work too."""


@functools.cache
def _in_turn(is_shared: bool) -> Direct:
    """`is_shared`: other processes are at the same queue."""
    is_other = or_(
        Received.type.not_in(bindparam("types", expanding=True)), Received.attempts > 0, Received.actor_uri == ""
    )
    by_host: Any = {"partition_by": Received.host, "order_by": Received.id}
    ranked = (
        select(
            Received.id,
            Received.host,
            func.row_number().over(**by_host).label("place"),
            func.sum(case((is_other, 1), else_=0)).over(**by_host, rows=(None, 0)).label("others"),
        )
        .where(
            Received.state == ReceivedState.WAITING,
            Received.next_attempt_at <= bindparam("moment", type_=UtcDateTime),
            Received.host.not_in(bindparam("busy", expanding=True)),
            Received.host.not_in(turns.in_hand()) if is_shared else true(),
        )
        .subquery()
    )
    columns, per_host = ranked.c, bindparam("per_host", type_=Integer)
    return Direct(
        select(columns.id, columns.host, columns.others)
        .where(or_(columns.place == 1, and_(columns.others == 0, columns.place <= per_host)))
        .order_by(columns.place, columns.id)
        .limit(bindparam("most", type_=Integer))
    )


async def claim_together(session: AsyncSession, ids: Sequence[int]) -> list[Claimed]:
    """Take those of `ids` that nobody tried yet, in the order in which they came; their attempts are counted now."""
    moment = now()
    wanted = list(ids)
    if session.get_bind().dialect.name == "postgresql":
        hosts: dict[int, str] = dict(await _HOSTS(session, {"ids": padded(wanted)}))
        ours = await turns.take(session, hosts.values())
        wanted = [number for number in wanted if hosts.get(number) in ours]
    rows = await _UNTRIED(session, {"ids": padded(wanted), "moment": moment})
    if rows:
        taken = {"ids": padded(row[0] for row in rows), "lease": moment + LEASE}
        await _TAKE(session, taken)
    return [Claimed(**dict(zip(_CLAIMED, row, strict=True)), attempt=1) for row in rows]


_HOSTS = Direct(select(Received.id, Received.host).where(Received.id.in_(bindparam("ids", expanding=True))))
_CLAIMED = (
    "id",
    "uri",
    "host",
    "type",
    "actor_uri",
    "body",
    "inbox_actor_id",
    "received_at",
    "signed_at",
)
_UNTRIED = Direct(
    select(
        Received.id,
        Received.uri,
        Received.host,
        Received.type,
        Received.actor_uri,
        Received.body,
        Received.inbox_actor_id,
        Received.received_at,
        Received.signed_at,
    )
    .where(
        Received.id.in_(bindparam("ids", expanding=True)),
        Received.state == ReceivedState.WAITING,
        Received.next_attempt_at <= bindparam("moment", type_=UtcDateTime),
        Received.attempts == 0,
    )
    .order_by(Received.id)
    .with_for_update(skip_locked=True)
)
_TAKE = Direct(
    update(_TABLE)
    .where(Received.id.in_(bindparam("ids", expanding=True)))
    .values(attempts=1, next_attempt_at=bindparam("lease", type_=UtcDateTime))
)


async def claim(session: AsyncSession, host: str, *, limit: int) -> list[Claimed]:
    """The oldest activities of `host` that may be tried now, in order; the attempt is counted before it is made.

    So what kills the process is parked in the end. What was tried before comes alone: its neighbours share no blame.
    """
    if host not in await turns.take(session, [host]):
        return []
    rows = (
        await session.scalars(
            select(Received)
            .where(*_due(), Received.host == host)
            .order_by(Received.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    tried = next((position for position, row in enumerate(rows) if row.attempts > 0), len(rows))
    claimed = []
    for row in rows[: tried or 1]:
        row.attempts += 1
        if row.attempts > TRIES:
            row.state = ReceivedState.PARKED
            row.outcome = row.outcome or "gave up"
            continue
        row.next_attempt_at = now() + LEASE
        row.outcome = ""
        claimed.append(
            Claimed(
                id=row.id,
                uri=row.uri,
                host=row.host,
                type=row.type,
                actor_uri=row.actor_uri,
                body=row.body,
                inbox_actor_id=row.inbox_actor_id,
                attempt=row.attempts,
                received_at=row.received_at,
                signed_at=row.signed_at,
            )
        )
    return claimed


def _due() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Received.state == ReceivedState.WAITING, Received.next_attempt_at <= now()


async def give_back(session: AsyncSession, claimed: Sequence[Claimed]) -> None:
    """Leave to the next worker what was claimed and not begun, as if it had not been claimed."""
    for one in claimed:
        await session.execute(
            update(Received)
            .where(Received.id == one.id, Received.attempts == one.attempt)
            .values(attempts=one.attempt - 1, next_attempt_at=now())
        )


async def holds(session: AsyncSession, claimed: Claimed) -> bool:
    """Whether `claimed` is still ours to deal with; ask inside the transaction that has its effects."""
    row = await session.get(Received, claimed.id, with_for_update=True)
    return row is not None and row.state is ReceivedState.WAITING and row.attempts == claimed.attempt


async def held(session: AsyncSession, claimed: Sequence[Claimed]) -> set[int]:
    """The same for several: the ids of those that are."""
    attempts: dict[int, int] = dict(await _HELD(session, {"ids": padded(one.id for one in claimed)}))
    return {one.id for one in claimed if attempts.get(one.id) == one.attempt}


_IDS: Any = bindparam("ids", expanding=True)
_HELD = Direct(
    select(Received.id, Received.attempts)
    .where(Received.id.in_(_IDS), Received.state == ReceivedState.WAITING)
    .with_for_update()
)
_FINISH = update(_TABLE).values(state=bindparam("end"), outcome=bindparam("why"))
_FINISH_ALL = Direct(_FINISH.where(Received.id.in_(_IDS)))
_FINISH_ONE = _FINISH.where(
    Received.id == bindparam("number", type_=BigInteger), Received.attempts == bindparam("attempt", type_=Integer)
)


async def finish_all(session: AsyncSession, claimed: Sequence[Claimed], state: ReceivedState, outcome: str) -> None:
    """Note how those ended that `held` says are still ours, in its transaction."""
    values = {"ids": padded(one.id for one in claimed), "end": state, "why": outcome[:OUTCOME_LIMIT]}
    await _FINISH_ALL(session, values)


async def finish(session: AsyncSession, claimed: Claimed, state: ReceivedState, outcome: str = "") -> None:
    """Note how it ended, unless somebody else has it by now."""
    ours = {"number": claimed.id, "attempt": claimed.attempt}
    await session.execute(_FINISH_ONE, {**ours, "end": state, "why": outcome[:OUTCOME_LIMIT]})


async def again(session: AsyncSession, claimed: Claimed, why: str) -> None:
    """Try it again after a while that grows with each attempt; parked after the last."""
    values: dict[str, object] = {"outcome": why[:OUTCOME_LIMIT] or "failed"}
    if claimed.attempt >= TRIES:
        values["state"] = ReceivedState.PARKED
    else:
        values["next_attempt_at"] = now() + _AGAIN[claimed.attempt - 1]
    await session.execute(
        update(Received).where(Received.id == claimed.id, Received.attempts == claimed.attempt).values(values)
    )


async def sweep(session: AsyncSession) -> None:
    """Forget what is long dealt with: its bytes after a month, that it ever came after half a year (R-61)."""
    over = Received.state.in_((ReceivedState.DONE, ReceivedState.IGNORED, ReceivedState.REFUSED))
    moment = now()
    await session.execute(
        update(Received)
        .where(over, Received.received_at < moment - BYTES_KEPT, func.length(Received.body) > 0)
        .values(body=b"")
    )
    await session.execute(delete(Received).where(over, Received.received_at < moment - IDS_KEPT))
    unknown = (Received.state == ReceivedState.IGNORED, Received.outcome.endswith(UNKNOWN))
    await session.execute(delete(Received).where(*unknown, Received.received_at < moment - UNKNOWN_KEPT))
    await tombstones.sweep(session)
    await audit.sweep(session)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next one that waits may be tried."""
    return await session.scalar(
        select(func.min(Received.next_attempt_at)).where(Received.state == ReceivedState.WAITING)
    )
