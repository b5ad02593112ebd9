"""Asking: a poll in a new post, and what becomes of it when the post changes."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.base import new_id, now
from models.errors import Invalid
from models.polls.clock import set_clock
from models.tables import Poll, PollOption, Post, PostKind, Revision
from models.text.clean import clean_line

FEWEST_OPTIONS = 2
MOST_OPTIONS = 10
OPTION_CHARACTERS = 100
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(seconds=2_629_746)


class BadPoll(Invalid):
    """A poll takes two to ten different answers of at most 100 characters each."""

    code = "bad_poll"


class BadDuration(Invalid):
    """A poll is open for five minutes at least and for a month at most."""

    code = "bad_poll_duration"


class PollDraft(Struct, frozen=True, kw_only=True):
    """What somebody wants to ask. `lasts` is counted from now on; None keeps the end of the poll that is changed."""

    options: Sequence[str]
    lasts: timedelta | None
    is_multiple: bool = False
    hides_totals: bool = False


def check(draft: PollDraft) -> tuple[str, ...]:
    """The answers of a draft, clean. Raises BadPoll, BadDuration."""
    options = tuple(
        clean_line(option[: OPTION_CHARACTERS + 1], limit=OPTION_CHARACTERS * 2) for option in draft.options
    )
    options = tuple(option for option in options if option)
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS or len({each.casefold() for each in options}) < len(options):
        raise BadPoll(field="poll")
    if any(len(option) > OPTION_CHARACTERS for option in options):
        raise BadPoll(field="poll")
    if draft.lasts is not None and not SHORTEST <= draft.lasts <= LONGEST:
        raise BadDuration(field="poll")
    return options


async def ask(session: AsyncSession, post: Post, draft: PollDraft) -> Poll:
    """Put a poll into the revision that `post` is at. Raises BadPoll, BadDuration."""
    options = check(draft)
    if draft.lasts is None:
        raise BadDuration(field="poll")
    ends_at = now().replace(microsecond=0) + draft.lasts
    poll = Poll(
        id=new_id(),
        post_id=post.id,
        is_multiple=draft.is_multiple,
        hides_totals=draft.hides_totals,
        ends_at=ends_at,
        due_at=ends_at,
    )
    session.add(poll)
    await session.flush()
    session.add_all(
        [PollOption(poll_id=poll.id, position=at, title=title, name=title) for at, title in enumerate(options)]
    )
    await carry(session, post, poll.id)
    return poll


async def carry(session: AsyncSession, post: Post, poll_id: int | None) -> None:
    post.kind = PostKind.QUESTION if poll_id is not None else PostKind.NOTE
    await session.flush()
    await session.execute(
        update(Revision)
        .where(Revision.post_id == post.id, Revision.number == post.revision)
        .values(poll_id=poll_id)
        .execution_options(synchronize_session=False)
    )


async def revise(session: AsyncSession, post: Post, draft: PollDraft | None, *, keeps: bool) -> None:
    """What the newest revision of `post` asks: the same as before where it `keeps` that, else `draft`, else nothing.

    The same answers stay the same poll, with its votes and the new end; others begin from nothing.
    """
    before = await at_revision(session, post.id, post.revision - 1)
    if keeps:
        if before is not None:
            await carry(session, post, before.id)
        return
    if draft is None:
        if before is not None:
            await carry(session, post, None)
        return
    options = check(draft)
    same = (
        before is not None
        and [option.title for option in before.options] == list(options)
        and before.is_multiple == draft.is_multiple
        and not before.is_over(now())
    )
    if before is None or not same:
        rest = before.ends_at - now() if before is not None and before.ends_at is not None else SHORTEST
        await ask(session, post, draft if draft.lasts is not None else replace(draft, lasts=max(rest, SHORTEST)))
        return
    before.hides_totals = draft.hides_totals
    if draft.lasts is not None:
        before.ends_at = now().replace(microsecond=0) + draft.lasts
        set_clock(before)
    await carry(session, post, before.id)


async def at_revision(session: AsyncSession, post_id: int, number: int) -> Poll | None:
    return await session.scalar(
        select(Poll)
        .join(Revision, Revision.poll_id == Poll.id)
        .where(Revision.post_id == post_id, Revision.number == number)
        .options(selectinload(Poll.options))
    )


async def of_revision(session: AsyncSession, revision: Revision) -> Poll | None:
    """The poll that a revision carries, with its options."""
    return await at_revision(session, revision.post_id, revision.number) if revision.poll_id is not None else None


async def erase(session: AsyncSession, post_id: int) -> None:
    """Forget everything that a post asked, and the answers."""
    await session.execute(sql_delete(Poll).where(Poll.post_id == post_id))
