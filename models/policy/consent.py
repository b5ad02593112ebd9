"""What authors permit to be done with their posts, and how far a quote or a vote may go."""

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import interactions
from models.interactions import Asker, Interaction, NotPermitted, Verdict
from models.policy.companies import remote_viewer
from models.policy.groups import is_member
from models.policy.posts import may_see
from models.tables import Access, Actor, Follow, Group, Mention, Post, Reach, Recipient, Visibility
from models.viewers import ANONYMOUS, Staff


async def verdict(session: AsyncSession, actor: Actor, post: Post, interaction: Interaction) -> Verdict:
    """What the author of a post, which `actor` may see, says to their doing something with it (POL-2, POL-3).

    Where nothing is said about quoting a post of ours, colleagues may, within its audience (`may_quote_in`), and others
    may what the world may read.
    """
    rules = interactions.unpack(post.interaction)
    if interaction not in rules:
        if interaction is not Interaction.QUOTE:
            return Verdict.AUTOMATIC
        if post.is_local and post.author_id != actor.id and not actor.is_local:
            return Verdict.AUTOMATIC if await may_see(session, ANONYMOUS, post.id) else Verdict.DENIED
        if post.is_local:
            return Verdict.AUTOMATIC
    asker = Asker(uri=actor.uri, is_author=post.author_id == actor.id)
    if interaction is Interaction.REPLY and not asker.is_author:
        asker = replace(asker, is_named=await _is_named(session, actor.id, post))
    if interactions.needs_relations(rules, interaction):
        follows = select(Follow.id).where(Follow.accepted_at.is_not(None))
        there = follows.where(Follow.follower_id == actor.id, Follow.followee_id == post.author_id)
        back = follows.where(Follow.follower_id == post.author_id, Follow.followee_id == actor.id)
        asker = replace(
            asker,
            follows=await session.scalar(there) is not None,
            is_followed=await session.scalar(back) is not None,
        )
    return interactions.verdict(rules, interaction, asker)


async def must_permit(session: AsyncSession, staff: Staff, post: Post, interaction: Interaction) -> Verdict:
    """The same for one of the staff, asked before it happens (POL-3). Raises NotPermitted."""
    if post.interaction is None and interaction is not Interaction.QUOTE:
        return Verdict.AUTOMATIC
    found = await verdict(session, await session.get_one(Actor, staff.actor_id), post, interaction)
    if found is Verdict.DENIED:
        raise NotPermitted(post_id=post.id, interaction=str(interaction))
    return found


async def _is_named(session: AsyncSession, actor_id: int, post: Post) -> bool:
    """Whether a post names somebody, or answers them."""
    named = select(Mention.post_id).where(Mention.post_id == post.id, Mention.actor_id == actor_id)
    if await session.scalar(named) is not None:
        return True
    parent = await session.get(Post, post.reply_to_id) if post.reply_to_id is not None else None
    return parent is not None and parent.author_id == actor_id


async def may_quote_in(
    session: AsyncSession, post: Post, *, visibility: Visibility, reach: Reach, group_id: int | None
) -> bool:
    """Whether who reads a post written so may read `post` anyway: a quote never widens (POL-5, L13)."""
    if post.deleted_at is not None or post.boost_of_id is not None:
        return False
    is_out = not post.is_local or post.published_revision is not None
    match post.visibility:
        case Visibility.PUBLIC | Visibility.UNLISTED:
            return is_out or reach is Reach.INTERNAL
        case Visibility.COMPANY:
            return reach is Reach.INTERNAL
        case Visibility.GROUP:
            group = await session.get_one(Group, post.group_id)
            own = post.reach.narrowed(group.reach)
            if own is Reach.PUBLIC and is_out:
                return True
            if visibility is Visibility.GROUP and group_id == post.group_id:
                return reach.width <= own.width
            return group.access is Access.OPEN and reach is Reach.INTERNAL
        case _:
            return False


async def may_vote(session: AsyncSession, actor: Actor, post: Post) -> bool:
    """Whether somebody elsewhere may answer the poll of a post: who may see it, and in a closed place belongs there."""
    viewer = await remote_viewer(session, actor.host, actor.id)
    if not await may_see(session, viewer, post.id):
        return False
    match post.visibility:
        case Visibility.GROUP:
            group = await session.get(Group, post.group_id)
            is_public = group is not None and group.reach is Reach.PUBLIC and post.reach is Reach.PUBLIC
            return is_public or await is_member(session, actor.id, post.group_id or 0)
        case Visibility.DIRECT:
            named = select(Recipient.post_id).where(Recipient.post_id == post.id, Recipient.actor_id == actor.id)
            return await session.scalar(named) is not None
        case Visibility.FOLLOWERS:
            follows = select(Follow.id).where(
                Follow.follower_id == actor.id, Follow.followee_id == post.author_id, Follow.accepted_at.is_not(None)
            )
            return await session.scalar(follows) is not None
        case _:
            return True
