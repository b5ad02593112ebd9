"""Posts for later: checked when they are handed in, kept as they were typed, published when their time comes.

Publishing deletes the row and writes the post in one transaction, so that it happens once, also after a crash. What may
be posted and where is asked again at that time, as if its author pressed the button then; how far it goes may be less
by then, never more. What cannot be published any more stays with the reason, and its author is told.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal
from models.accounts import staff
from models.base import now
from models.errors import DomainError, Invalid, NotFound
from models.posts.drafts import Draft
from models.posts.writing import write
from models.tables import Account, IdempotencyKey, Media, ScheduledFile, ScheduledPost
from models.viewers import Staff

log = logging.getLogger(__name__)

SOONEST = timedelta(minutes=5)
LATEST = timedelta(days=5 * 366)
MOST = 300
MOST_A_DAY = 25
_DAY = timedelta(days=1)
_NEXT = select(ScheduledPost.due_at).where(ScheduledPost.due_at.is_not(None)).order_by(ScheduledPost.due_at).limit(1)


class TooSoon(Invalid):
    """A post for later needs five minutes at least."""

    code = "too_soon"


class TooFar(Invalid):
    """Nobody knows what is in five years: choose an earlier time."""

    code = "too_far"


class TooManyScheduled(Invalid):
    """So many posts already wait for their time, or for that day: publish or delete some first."""

    code = "too_many_scheduled"


async def schedule(
    session: AsyncSession, draft: Draft, at: datetime, *, by: Staff, said: Mapping[str, Any] | None = None
) -> ScheduledPost:
    """Keep `draft` to be posted at `at`, with what the client `said` besides.

    Raises:
        TooSoon, TooFar, TooManyScheduled. Whatever `writing.write` raises: what could not be posted now is refused now.
    """
    await _check_time(session, at, by=by)
    async with session.begin_nested() as trial:
        reach = (await write(session, draft, by=by)).reach
        await trial.rollback()
    row = ScheduledPost(
        account_id=by.account_id,
        at=at,
        due_at=at,
        draft=msgspec.to_builtins(replace(draft, at_most=reach), str_keys=True),
        said=dict(said or {}),
    )
    session.add(row)
    await session.flush()
    session.add_all([ScheduledFile(scheduled_id=row.id, media_id=each) for each in dict.fromkeys(draft.media_ids)])
    await session.flush()
    return row


async def _check_time(session: AsyncSession, at: datetime, *, by: Staff, but: int = 0) -> None:
    if at < now() + SOONEST:
        raise TooSoon(field="scheduled_at")
    if at > now() + LATEST:
        raise TooFar(field="scheduled_at")
    begins = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    others = select(func.count()).where(ScheduledPost.account_id == by.account_id, ScheduledPost.id != but)
    on_that_day = others.where(ScheduledPost.at >= begins, ScheduledPost.at < begins + _DAY)
    if (await session.scalar(others) or 0) >= MOST or (await session.scalar(on_that_day) or 0) >= MOST_A_DAY:
        raise TooManyScheduled(field="scheduled_at")


def of_account(by: Staff) -> Select[ScheduledPost]:
    """One's own posts for later."""
    return select(ScheduledPost).where(ScheduledPost.account_id == by.account_id)


async def one(session: AsyncSession, scheduled_id: int, *, by: Staff) -> ScheduledPost:
    """Raises NotFound, also for somebody else's."""
    found = await session.scalar(of_account(by).where(ScheduledPost.id == scheduled_id))
    if found is None:
        raise NotFound(scheduled_id=scheduled_id)
    return found


def draft_of(row: ScheduledPost) -> Draft:
    """What is to be posted."""
    return msgspec.convert(row.draft, Draft, strict=False)


async def files(session: AsyncSession, rows: Iterable[ScheduledPost]) -> dict[int, Media]:
    """The files that wait with some posts, by id."""
    wanted = [row.id for row in rows]
    if not wanted:
        return {}
    found = await session.scalars(
        select(Media)
        .join(ScheduledFile, ScheduledFile.media_id == Media.id)
        .where(ScheduledFile.scheduled_id.in_(wanted))
    )
    return {media.id: media for media in found}


async def move(session: AsyncSession, scheduled_id: int, at: datetime, *, by: Staff) -> ScheduledPost:
    """Choose another time, also for one that could not be published. Raises NotFound, TooSoon, TooManyScheduled.

    Who does that knows why it could not, and means it for whoever would read it now.
    """
    row = await one(session, scheduled_id, by=by)
    await _check_time(session, at, by=by, but=row.id)
    if row.failure is not None:
        row.draft = {name: value for name, value in row.draft.items() if name != "at_most"}
    row.at = row.due_at = at
    row.failure = None
    return row


async def cancel(session: AsyncSession, scheduled_id: int, *, by: Staff) -> None:
    """Forget one; its files are free again. Raises NotFound."""
    await session.delete(await one(session, scheduled_id, by=by))


# The clock


async def next_strike(session: AsyncSession) -> datetime | None:
    """When a post is due next."""
    return await session.scalar(_NEXT)


async def strike(session: AsyncSession) -> int:
    """Publish the post that is due longest, or note why it cannot be; how many that were. One at a time: what goes
    wrong with one takes no other along."""
    row = await session.scalar(
        select(ScheduledPost)
        .where(ScheduledPost.due_at <= now())
        .order_by(ScheduledPost.due_at, ScheduledPost.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return 0
    scheduled_id = row.id
    account = await session.get_one(Account, row.account_id, options=[joinedload(Account.actor)])
    refusal = await _publish(session, row, account) if account.disabled_at is None else DomainError.message()
    if refusal is not None:
        row.due_at, row.failure = None, refusal
        journal.record(session, journal.SchedulingFailed(scheduled_id))
    return 1


async def _publish(session: AsyncSession, row: ScheduledPost, account: Account) -> str | None:
    """Why it could not be published, as the sentence of the refusal; None when it was."""
    scheduled_id = row.id
    try:
        async with session.begin_nested():
            draft = draft_of(row)
            await session.delete(row)
            await session.flush()
            post = await write(session, draft, by=staff(account))
            await session.execute(  # the client that comes again with its key finds what became of it
                update(IdempotencyKey)
                .where(IdempotencyKey.account_id == account.id, IdempotencyKey.post_id == scheduled_id)
                .values(post_id=post.id)
            )
    except DomainError as refused:
        log.info("post for later refused", extra={"code": refused.code, "scheduled_id": scheduled_id})
        return refused.message()
    except Exception:  # nothing is lost by a fault of ours either, and the next ones are published
        log.exception("post for later failed", extra={"scheduled_id": scheduled_id})
        return DomainError.message()
    return None
