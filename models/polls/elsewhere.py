"""Polls of posts that came from elsewhere: their home counts, and tells."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import new_id
from models.polls.asking import OPTION_CHARACTERS, at_revision, carry
from models.polls.clock import set_clock
from models.tables import Poll, PollOption, Post
from models.text.clean import shorten_text

MOST_OPTIONS = 20
_MOST_VOTERS = 2**53


class RemotePoll(Struct, frozen=True, kw_only=True):
    """A poll elsewhere as its home tells it: the answers as spelled there, each with its count."""

    options: Sequence[tuple[str, int]]
    is_multiple: bool = False
    voters: int | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None


async def receive(session: AsyncSession, post: Post, told: RemotePoll) -> Poll:
    """The poll of a post that came from elsewhere, in the revision that it is at."""
    ends_at = told.ended_at or told.ends_at
    poll = Poll(
        id=new_id(), post_id=post.id, is_multiple=told.is_multiple, ends_at=ends_at, due_at=ends_at, is_untold=False
    )
    session.add(poll)
    await session.flush()
    options = [
        PollOption(poll_id=poll.id, position=at, title=_shown(name), name=name)
        for at, (name, _) in enumerate(told.options[:MOST_OPTIONS])
    ]
    session.add_all(options)
    _recount(poll, options, told)
    await carry(session, post, poll.id)
    return poll


def _shown(name: str) -> str:
    return " ".join(shorten_text(name, limit=OPTION_CHARACTERS * 2).split())


def _recount(poll: Poll, options: Sequence[PollOption], told: RemotePoll) -> bool:
    """Take over what its home counted; whether that is new."""
    before = (poll.voters, poll.ends_at, *(option.votes for option in options))
    for option, (_, votes) in zip(options, told.options, strict=False):
        option.votes = votes
    counted = sum(option.votes for option in options)
    poll.voters = min(told.voters if told.voters is not None else counted, _MOST_VOTERS)
    ends_at = told.ended_at or told.ends_at
    if ends_at != poll.ends_at and poll.ended_at is None:
        poll.ends_at = ends_at
        set_clock(poll)
    return before != (poll.voters, poll.ends_at, *(option.votes for option in options))


async def refresh(session: AsyncSession, post: Post, told: RemotePoll) -> bool:
    """New counts of the poll that a post from elsewhere carries; False when nothing is new, or it asks otherwise."""
    poll = await at_revision(session, post.id, post.revision)
    if poll is None or not _is_same(poll, told):
        return False
    return _recount(poll, poll.options, told)


async def receive_revision(session: AsyncSession, post: Post, told: RemotePoll | None) -> None:
    """What the newest revision of a post from elsewhere asks: the same poll while the answers are the same."""
    before = await at_revision(session, post.id, post.revision - 1)
    if told is None:
        if before is not None:
            await carry(session, post, None)
    elif before is not None and _is_same(before, told):
        _recount(before, before.options, told)
        await carry(session, post, before.id)
    else:
        await receive(session, post, told)


def _is_same(poll: Poll, told: RemotePoll) -> bool:
    names = [name for name, _ in told.options[:MOST_OPTIONS]]
    return poll.is_multiple == told.is_multiple and [option.name for option in poll.options] == names
