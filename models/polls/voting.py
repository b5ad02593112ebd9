"""Answering a poll, here and from elsewhere, and closing one's own."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models import journal, policy
from models.base import now
from models.errors import Invalid, NotAllowed, NotFound
from models.polls.asking import at_revision
from models.polls.clock import set_clock
from models.tables import Actor, Poll, Post, Revision, Vote
from models.viewers import Staff, Viewer


class PollEnded(Invalid):
    """This poll has ended."""

    code = "poll_ended"


class AlreadyVoted(Invalid):
    """You have voted in this poll already."""

    code = "already_voted"


class OwnPoll(Invalid):
    """Nobody votes in a poll of their own."""

    code = "own_poll"


class BadChoice(Invalid):
    """Choose from the answers of this poll; where it takes one only, choose one."""

    code = "bad_choice"


async def vote(session: AsyncSession, poll_id: int, choices: Iterable[int], *, by: Staff) -> Poll:
    """Answer a poll, once and for all.

    Raises:
        NotFound: `by` does not see it, or its post asks something else by now. PollEnded, OwnPoll, AlreadyVoted.
        BadChoice: no such answer, none, or several where one is asked for.
    """
    poll, author_id = await _poll_for(session, by, poll_id)
    wanted = sorted(set(choices))
    if poll.is_over(now()):
        raise PollEnded(poll_id=poll_id)
    if author_id == by.actor_id:
        raise OwnPoll(poll_id=poll_id)
    if await _voted(session, poll.id, by.actor_id):
        raise AlreadyVoted(poll_id=poll_id)
    if not wanted or (len(wanted) > 1 and not poll.is_multiple):
        raise BadChoice(field="choices")
    if not set(wanted) <= {option.position for option in poll.options}:
        raise BadChoice(field="choices")
    await _count(session, poll, by.actor_id, wanted, is_first=True)
    journal.record(session, journal.Voted(poll.id, by.actor_id))
    return poll


async def _poll_for(session: AsyncSession, viewer: Viewer, poll_id: int) -> tuple[Poll, int]:
    """The poll with its row held, and who asks, as long as its post carries it for `viewer`. Raises NotFound."""
    shown = Post.revision if isinstance(viewer, Staff) else Post.published_revision
    found = (
        await session.execute(
            policy.visible_posts(viewer)
            .join(Poll, Poll.post_id == Post.id)
            .join(Revision, (Revision.post_id == Post.id) & (Revision.number == shown) & (Revision.poll_id == Poll.id))
            .where(Poll.id == poll_id)
            .with_only_columns(Post.author_id)
        )
    ).first()
    if found is None:
        raise NotFound(poll_id=poll_id)
    return await _held(session, poll_id), found[0]


async def _held(session: AsyncSession, poll_id: int) -> Poll:
    """Whoever votes in a poll waits for whoever votes in it now: counts and "once" need it on PostgreSQL."""
    return (
        await session.scalars(
            select(Poll).where(Poll.id == poll_id).options(selectinload(Poll.options)).with_for_update(of=Poll)
        )
    ).one()


async def _voted(session: AsyncSession, poll_id: int, actor_id: int) -> frozenset[int]:
    found = await session.scalars(select(Vote.position).where(Vote.poll_id == poll_id, Vote.actor_id == actor_id))
    return frozenset(found)


async def _count(session: AsyncSession, poll: Poll, actor_id: int, positions: Iterable[int], *, is_first: bool) -> None:
    wanted = set(positions)
    session.add_all([Vote(poll_id=poll.id, actor_id=actor_id, position=position) for position in wanted])
    for option in poll.options:
        if option.position in wanted:
            option.votes += 1
    poll.voters += 1 if is_first else 0
    poll.is_untold = True
    set_clock(poll)
    await session.flush()


async def close(session: AsyncSession, poll_id: int, *, by: Staff) -> Poll:
    """End a poll of one's own before its time; a second time changes nothing. Raises NotFound, NotAllowed."""
    poll, author_id = await _poll_for(session, by, poll_id)
    if author_id != by.actor_id:
        raise NotAllowed(poll_id=poll_id)
    if not poll.is_over(now()):
        poll.ends_at = now()
        set_clock(poll)
        await session.flush()
    return poll


async def receive_vote(session: AsyncSession, post: Post, names: Sequence[str], *, by: Actor) -> bool:
    """Somebody elsewhere answers a poll of ours, in the revision that left; False when nothing is counted.

    What is no answer of it, comes late, or comes again counts nothing; a further answer counts where several may be
    given, because others send each answer by itself. Whether `by` may know of the post was asked before.
    """
    number = post.published_revision
    found = await at_revision(session, post.id, number) if number is not None and post.is_local else None
    if found is None:
        return False
    poll = await _held(session, found.id)
    if poll.is_over(now()):
        return False
    before = await _voted(session, poll.id, by.id)
    wanted = {option.position for option in poll.options if option.name in names} - before
    if not wanted or (not poll.is_multiple and (before or len(wanted) > 1)):
        return False
    await _count(session, poll, by.id, wanted, is_first=not before)
    return True
