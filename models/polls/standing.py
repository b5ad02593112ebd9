"""How polls stand for whoever looks, in a fixed number of statements."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models import emoji, policy
from models.base import now
from models.errors import NotFound
from models.tables import Actor, Poll, PollOption, Post, PostKind, Revision, Vote
from models.viewers import Staff, Viewer


class Standing(Struct, frozen=True, kw_only=True):
    """A poll for one viewer: `own` are the positions they chose, None for who cannot vote at all."""

    poll: Poll
    author_id: int
    is_over: bool
    own: frozenset[int] | None = None
    is_own: bool = False
    emoji: tuple[str, ...] = ()
    """Shortcodes that the post knows; what they mean the server `home` says."""
    home: str = ""

    @property
    def votes(self) -> int:
        return sum(option.votes for option in self.poll.options)

    @property
    def shows_totals(self) -> bool:
        return self.is_over or not self.poll.hides_totals

    @property
    def has_voted(self) -> bool:
        return self.is_own or bool(self.own)

    @property
    def takes_votes(self) -> bool:
        return self.own is not None and not self.is_over and not self.has_voted


async def one(session: AsyncSession, viewer: Viewer, poll_id: int) -> Standing:
    """A poll as `viewer` may see it. Raises NotFound."""
    found = (await standings(session, viewer, [poll_id])).get(poll_id)
    if found is None or await session.scalar(_carrying(viewer).where(Revision.poll_id == poll_id)) is None:
        raise NotFound(poll_id=poll_id)
    return found


def _carrying(viewer: Viewer) -> Select[int]:
    shown = Post.revision if isinstance(viewer, Staff) else Post.published_revision
    return (
        policy.visible_posts(viewer)
        .join(Revision, (Revision.post_id == Post.id) & (Revision.number == shown))
        .with_only_columns(Revision.poll_id)
    )


async def standings(session: AsyncSession, viewer: Viewer, poll_ids: Iterable[int]) -> dict[int, Standing]:
    """How polls stand for `viewer`, by id; that they see the posts was asked before. In at most three statements."""
    wanted = list(dict.fromkeys(poll_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        select(Poll, Post.author_id, Post.emoji, Post.uri)
        .join(Post, Post.id == Poll.post_id)
        .where(Poll.id.in_(wanted))
        .options(selectinload(Poll.options))
    )
    me = viewer.actor_id if isinstance(viewer, Staff) else None
    own: dict[int, set[int]] = {}
    if me is not None:
        mine = select(Vote.poll_id, Vote.position).where(Vote.actor_id == me, Vote.poll_id.in_(wanted))
        for poll_id, position in await session.execute(mine):
            own.setdefault(poll_id, set()).add(position)
    moment = now()
    return {
        poll.id: Standing(
            poll=poll,
            author_id=author_id,
            is_over=poll.is_over(moment),
            own=None if me is None else frozenset(own.get(poll.id, ())),
            is_own=author_id == me,
            emoji=tuple(shortcodes),
            home=emoji.home_by(uri) if shortcodes else "",
        )
        for poll, author_id, shortcodes, uri in rows
    }


async def ids_of(session: AsyncSession, post_ids: Iterable[int], *, outside: bool) -> dict[int, int]:
    """The poll that each post carries now, by post; outside the one of the revision that left."""
    shown = Post.published_revision if outside else Post.revision
    rows = await session.execute(
        select(Post.id, Revision.poll_id)
        .join(Revision, (Revision.post_id == Post.id) & (Revision.number == shown))
        .where(Post.id.in_(list(post_ids)), Revision.poll_id.is_not(None))
    )
    return {post_id: poll_id for post_id, poll_id in rows if poll_id is not None}


async def of_posts(session: AsyncSession, viewer: Viewer, posts: Iterable[Post]) -> dict[int, Standing]:
    """The polls of posts that `viewer` sees, by post; asks nothing where no post has one."""
    asking = [post.id for post in posts if post.kind is PostKind.QUESTION]
    if not asking:
        return {}
    ids = await ids_of(session, asking, outside=not isinstance(viewer, Staff))
    found = await standings(session, viewer, ids.values())
    return {post_id: found[poll_id] for post_id, poll_id in ids.items() if poll_id in found}


async def of_revisions(session: AsyncSession, revisions: Iterable[Revision]) -> Mapping[int, Poll]:
    """The polls that some revisions carry, by poll."""
    wanted = {revision.poll_id for revision in revisions if revision.poll_id is not None}
    if not wanted:
        return {}
    found = await session.scalars(select(Poll).where(Poll.id.in_(wanted)).options(selectinload(Poll.options)))
    return {poll.id: poll for poll in found}


async def voters_here(session: AsyncSession, poll_id: int) -> Sequence[int]:
    """The people of ours who voted, to tell them that it is over; shown to nobody."""
    found = await session.scalars(
        select(Vote.actor_id).join(Actor, Actor.id == Vote.actor_id).where(Vote.poll_id == poll_id, Actor.host == "")
    )
    return sorted(set(found.all()))


async def choices_of(session: AsyncSession, poll_id: int, actor_id: int) -> list[str]:
    """What somebody chose, spelled as the poll's home wants it."""
    found = await session.scalars(
        select(PollOption.name)
        .join(Vote, (Vote.poll_id == PollOption.poll_id) & (Vote.position == PollOption.position))
        .where(Vote.poll_id == poll_id, Vote.actor_id == actor_id)
        .order_by(PollOption.position)
    )
    return list(found)


async def post_of(session: AsyncSession, poll_id: int) -> tuple[Poll | None, Post | None]:
    """A poll by its id with its post, whoever may see them: for those who carry news of it."""
    poll = await session.get(Poll, poll_id)
    return (poll, await session.get(Post, poll.post_id)) if poll is not None else (None, None)
