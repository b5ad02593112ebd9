"""What is to be put right with groups elsewhere, as rows that survive a restart: who belongs, which posts are missed.

Each row is tried a few times, later and later; the next attempt is written before the network is used.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal
from models.base import now
from models.database import JOURNALLED
from models.tables import Actor, ActorType, Backfill, Comparison, Group, Membership, MemberState, ThreadFill

Task = Comparison | Backfill | ThreadFill
TABLES: tuple[type[Task], ...] = (Comparison, Backfill, ThreadFill)

TRIES = 5
THREAD_FRESH_FOR = timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=5)


# Who belongs to a group elsewhere


async def ask_comparison(session: AsyncSession, group_id: int, *, url: str, digest: str) -> None:
    """A group elsewhere says by `digest` who of ours belongs to it: to be compared with what we think."""
    row = await session.get(Comparison, group_id)
    if row is None:
        row = Comparison(group_id=group_id)
        session.add(row)
    row.url, row.digest, row.attempts, row.next_attempt_at = url, digest, 0, now()
    session.info[JOURNALLED] = True


async def members_here(session: AsyncSession, group_id: int) -> dict[str, Membership]:
    """Those of ours who belong to a group elsewhere, or asked to, by their ids on the wire."""
    rows = await session.execute(
        select(Actor.uri, Membership)
        .join(Actor, Actor.id == Membership.actor_id)
        .where(
            Membership.group_id == group_id,
            Membership.host == "",
            Membership.state.in_((MemberState.MEMBER, MemberState.ASKED)),
        )
    )
    return dict(rows.all())


async def members_there(session: AsyncSession, group_id: int, host: str) -> Sequence[str]:
    """The ids of those of `host` who belong to a group of ours (FEP-8fcf)."""
    found = await session.scalars(
        select(Actor.uri)
        .join(Membership, Membership.actor_id == Actor.id)
        .where(
            Membership.group_id == group_id,
            Membership.host == host,
            Membership.state == MemberState.MEMBER,
            Actor.deleted_at.is_(None),
        )
        .order_by(Actor.uri)
    )
    return found.all()


async def put_right(session: AsyncSession, group: Group, listed: set[str]) -> tuple[int, int, int]:
    """Make our memberships of a group elsewhere what it says they are (COL-9): how many ended, began, were withdrawn.

    Whom it does not list is out: the answer that said so was lost. Whom it lists and who only asked, is in. Whom it
    lists and who never asked here, leaves there.
    """
    ended = begun = withdrawn = 0
    here = await members_here(session, group.id)
    for uri, membership in here.items():
        if uri not in listed and membership.state is MemberState.MEMBER:
            membership.state = MemberState.REFUSED
            journal.record(session, journal.Left(group.id, membership.actor_id, "", refused=True))
            ended += 1
        elif uri in listed and membership.state is MemberState.ASKED:
            membership.state = MemberState.MEMBER
            membership.since = now()
            journal.record(session, journal.Joined(membership.id))
            await ask_backfill(session, group.id, reason="joined")
            begun += 1
    strangers = listed - set(here)
    if strangers:
        people = await session.scalars(
            select(Actor.id).where(
                Actor.uri.in_(strangers), Actor.host == "", Actor.type == ActorType.PERSON, Actor.deleted_at.is_(None)
            )
        )
        for actor_id in people:
            journal.record(session, journal.Left(group.id, actor_id, ""))
            withdrawn += 1
    await session.flush()
    return ended, begun, withdrawn


# What was said there


async def ask_backfill(session: AsyncSession, group_id: int, *, reason: str) -> None:
    """Let the history of a group elsewhere be read, soon and once."""
    row = await session.get(Backfill, group_id)
    if row is None:
        row = Backfill(group_id=group_id)
        session.add(row)
    row.reason, row.attempts, row.next_attempt_at = reason, 0, now()
    session.info[JOURNALLED] = True


async def ask_backfills(session: AsyncSession, host: str, *, reason: str) -> None:
    """The same for all groups of `host` that somebody of ours belongs to."""
    belongs = select(Membership.group_id).where(Membership.host == "", Membership.state == MemberState.MEMBER)
    for group_id in await session.scalars(select(Actor.id).where(Actor.host == host, Actor.id.in_(belongs))):
        await ask_backfill(session, group_id, reason=reason)


async def ask_thread(session: AsyncSession, post_id: int) -> None:
    """Let the answers to a post elsewhere be fetched, once in a day at most."""
    row = await session.get(ThreadFill, post_id)
    if row is None:
        row = ThreadFill(post_id=post_id)
        session.add(row)
    elif row.done_at is None or now() - row.done_at < THREAD_FRESH_FOR:
        return
    row.attempts, row.next_attempt_at, row.done_at = 0, now(), None
    session.info[JOURNALLED] = True


# Working it off


async def claim(session: AsyncSession, table: type[Task]) -> Task | None:
    """One that is due, its next attempt written; None when there is none."""
    row: Task | None = await session.scalar(
        select(table)
        .where(table.next_attempt_at <= now())
        .order_by(table.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.attempts += 1
    row.next_attempt_at = now() + _AGAIN_AFTER * 4 ** (row.attempts - 1) if row.attempts < TRIES else None
    return row


async def finish(session: AsyncSession, row: Task, *, found: int = 0) -> None:
    """It is done, unless the same was asked for again meanwhile."""
    if isinstance(row, Comparison):
        compared = await session.get(Comparison, row.group_id)
        if compared is not None and compared.attempts == row.attempts and compared.digest == row.digest:
            compared.next_attempt_at, compared.compared_at = None, now()
        return
    if isinstance(row, ThreadFill):
        thread = await session.get(ThreadFill, row.post_id)
        if thread is not None and thread.attempts == row.attempts:
            thread.next_attempt_at, thread.done_at = None, now()
        return
    filled = await session.get(Backfill, row.group_id)
    if filled is not None and filled.attempts == row.attempts:
        filled.next_attempt_at, filled.done_at, filled.found = None, now(), found


_NEXT_DUE = select(
    *(
        select(func.min(table.next_attempt_at)).where(table.next_attempt_at.is_not(None)).scalar_subquery()
        for table in TABLES
    )
)


async def next_due(session: AsyncSession) -> datetime | None:
    """When something is to be done next; None when nothing is."""
    moments = (await session.execute(_NEXT_DUE)).one()
    return min((moment for moment in moments if moment is not None), default=None)
