"""Timelines: which posts a list shows to whom. Every one begins at the policy; paging is `models.paging`."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy
from models.base import UtcDateTime, sifts
from models.paging import Page, rows_of
from models.posts.reading import loaded
from models.prepared import padded, prepare
from models.tables import (
    Actor,
    ActorType,
    Attachment,
    Bookmark,
    Follow,
    FollowedTag,
    Group,
    Like,
    ListMember,
    Membership,
    MemberState,
    OwnList,
    Post,
    PostTag,
    RepliesPolicy,
    Visibility,
)
from models.text.clean import fold_tag
from models.viewers import Staff, Viewer

GROUP_ID: Any = bindparam("group_id", type_=BigInteger)
ACTOR_ID: Any = bindparam("actor_id", type_=BigInteger)


# made once; see models.policy
_PARENT = aliased(Post)
_ROOM = aliased(Group)


def home(viewer: Staff) -> Select[Post]:
    """What the company, one's groups and those one follows wrote, and what names one."""
    return _home(viewer, _usual(viewer))


def sorted_home(viewer: Staff) -> Select[Post]:
    """The same for who follows tags or keeps lists apart: with what carries one of the tags, without whom is in one of
    the lists."""
    tags = select(FollowedTag.name).where(FollowedTag.account_id == viewer.account_id)
    tagged = and_(
        Post.boost_of_id.is_(None),
        Post.visibility.in_((Visibility.GROUP, Visibility.PUBLIC, Visibility.UNLISTED)),
        exists().where(PostTag.post_id == Post.id, PostTag.name.in_(tags)),
    )
    apart = (
        select(ListMember.actor_id)
        .join(OwnList, OwnList.id == ListMember.list_id)
        .where(OwnList.account_id == viewer.account_id, OwnList.is_exclusive)
    )
    is_left = and_(Post.author_id.not_in(apart), or_(Post.group_id.is_(None), Post.group_id.not_in(apart)))
    return _home(viewer, or_(Post.author_id == viewer.actor_id, and_(is_left, _usual(viewer)), tagged))


def home_of(viewer: Staff) -> Callable[[Staff], Select[Post]]:
    """The home timeline that is `viewer`'s."""
    return sorted_home if viewer.sorts_home else home


def _usual(viewer: Staff) -> ColumnElement[bool]:
    groups = select(Membership.group_id).where(
        Membership.actor_id == viewer.actor_id, Membership.state == MemberState.MEMBER
    )
    return or_(
        Post.author_id == viewer.actor_id,
        and_(Post.group_id.in_(groups), Post.boost_of_id.is_(None)),
        and_(Post.visibility == Visibility.COMPANY, Post.boost_of_id.is_(None)),
        and_(Post.visibility != Visibility.DIRECT, policy.is_followed(viewer)),
    )


def _home(viewer: Staff, wanted: ColumnElement[bool]) -> Select[Post]:
    # asked of one post after the other from the newest on, until the page is full; never a way to collect them all
    return loaded(policy.visible_posts(viewer)).where(sifts(wanted), policy.is_heard(viewer))


def of_company(viewer: Viewer) -> Select[Post]:
    """What was written here (a client's "local"), without boosts."""
    return loaded(policy.visible_posts(viewer)).where(
        Post.is_local,
        Post.boost_of_id.is_(None),
        Post.visibility.not_in((Visibility.DIRECT, Visibility.FOLLOWERS)),
        policy.is_heard(viewer),
    )


def everything(viewer: Viewer) -> Select[Post]:
    """All there is to see, from here and elsewhere (a client's "federated"), without boosts."""
    return loaded(policy.visible_posts(viewer)).where(
        Post.boost_of_id.is_(None),
        Post.visibility.not_in((Visibility.DIRECT, Visibility.FOLLOWERS)),
        policy.is_heard(viewer),
    )


def elsewhere(viewer: Viewer) -> Select[Post]:
    """What came from other companies, without boosts."""
    return everything(viewer).where(~Post.is_local)


def narrowed(
    posts: Select[Post],
    viewer: Viewer,
    *,
    replies: bool = True,
    boosts: bool = True,
    only_files: bool = False,
    tags: Iterable[str] = (),
    without_tags: Iterable[str] = (),
    is_local: bool | None = None,
) -> Select[Post]:
    """`posts` without some sorts of them, or only those with files, or with all of `tags`."""
    tags, without_tags = list(tags), list(without_tags)
    if only_files or tags or without_tags:
        posts = told_by(posts, viewer)
    if not replies:
        posts = posts.where(Post.reply_to_id.is_(None))
    if not boosts:
        posts = posts.where(Post.boost_of_id.is_(None))
    if only_files:
        carries = exists().where(Attachment.post_id == Post.id, Attachment.revision == Post.revision)
        posts = posts.where(carries)
    for tag in tags:
        posts = posts.where(_tagged(tag))
    for tag in without_tags:
        posts = posts.where(~_tagged(tag))
    return posts if is_local is None else posts.where(Post.is_local == is_local)


def of_group(viewer: Viewer, group_id: Any = GROUP_ID) -> Select[Post]:
    """What is in a group; without its id with a parameter for it, called `group_id`."""
    return loaded(policy.visible_posts(viewer)).where(Post.group_id == group_id, Post.boost_of_id.is_(None))


def of_own_group(viewer: Staff, group_id: int) -> Select[Post]:
    """What is in a group while `viewer` belongs to it, without what they do not want to hear."""
    posts = loaded(policy.visible_posts(viewer)).where(Post.group_id == group_id, Post.boost_of_id.is_(None))
    return posts.where(policy.belongs_to(viewer, group_id), policy.is_heard(viewer, in_groups=False))


def of_own_list(viewer: Staff, list_id: int) -> Select[Post]:
    """What those in a list of `viewer`'s wrote and boosted, with the answers that the list wants, and what is in its
    groups; nothing for the list of somebody else."""
    return loaded(policy.visible_posts(viewer)).where(_in_own_list(viewer, list_id), policy.is_heard(viewer))


def of_group_or_list(viewer: Staff, list_id: int) -> Select[Post]:
    """What is on the stream of a list, which is one's own or a group."""
    in_group = and_(Post.group_id == list_id, Post.boost_of_id.is_(None), policy.belongs_to(viewer, list_id))
    in_list = and_(_in_own_list(viewer, list_id), policy.is_heard(viewer))
    return loaded(policy.visible_posts(viewer)).where(sifts(or_(in_group, in_list)))


def _in_own_list(viewer: Staff, list_id: int) -> ColumnElement[bool]:
    own = select(OwnList.id).where(OwnList.id == list_id, OwnList.account_id == viewer.account_id)
    members = select(ListMember.actor_id).where(ListMember.list_id.in_(own))

    def wants(policy: RepliesPolicy) -> ColumnElement[bool]:
        return exists().where(OwnList.id == list_id, OwnList.replies_policy == policy)

    follows = select(Follow.followee_id).where(Follow.follower_id == viewer.actor_id, Follow.accepted_at.is_not(None))
    answers_whom = exists().where(
        _PARENT.id == Post.reply_to_id,
        or_(
            _PARENT.author_id.in_((Post.author_id, viewer.actor_id)),
            and_(_PARENT.author_id.in_(members), wants(RepliesPolicy.LIST)),
            and_(or_(_PARENT.is_local, _PARENT.author_id.in_(follows)), wants(RepliesPolicy.FOLLOWED)),
        ),
    )
    wrote = and_(
        Post.author_id.in_(members),
        Post.visibility != Visibility.DIRECT,
        or_(and_(Post.reply_to_id.is_(None), Post.reply_to_uri.is_(None)), answers_whom),
    )
    in_group = and_(Post.group_id.in_(members), Post.boost_of_id.is_(None))
    # as for home: asked of one post after the other from the newest on
    return sifts(or_(wrote, in_group))


def of_person(viewer: Viewer, actor_id: Any = ACTOR_ID) -> Select[Post]:
    """What somebody wrote and boosted; without their id with a parameter for it, called `actor_id`."""
    return loaded(policy.visible_posts(viewer)).where(_wrote(actor_id))


def _wrote(actor_id: Any) -> ColumnElement[bool]:
    return and_(Post.author_id == actor_id, Post.visibility != Visibility.DIRECT)


def of_actor(viewer: Viewer, actor: Actor) -> Select[Post]:
    """What somebody wrote and boosted, as far as `viewer` may see it; for a group what is in it."""
    if actor.type is not ActorType.GROUP:
        return of_person(viewer, actor.id)
    in_it = and_(Post.group_id == actor.id, Post.boost_of_id.is_(None))
    return loaded(policy.visible_posts(viewer)).where(or_(_wrote(actor.id), in_it))


def of_tag(viewer: Viewer, *tags: str) -> Select[Post]:
    """What carries one of `tags`."""
    return told_by(everything(viewer), viewer).where(or_(*(_tagged(tag) for tag in tags)))


def told_by(posts: Select[Post], viewer: Viewer) -> Select[Post]:
    """For outside only posts whose newest revision left: tags and files of one that waits at the gate betray it."""
    return posts if isinstance(viewer, Staff) else posts.where(Post.published_revision == Post.revision)


def _tagged(tag: str) -> ColumnElement[bool]:
    return exists().where(PostTag.post_id == Post.id, PostTag.name == fold_tag(tag))


def bookmarked(viewer: Staff) -> Select[Post]:
    """Kept posts; page by `Bookmark.id`."""
    return (
        loaded(policy.visible_posts(viewer))
        .join(Bookmark, Bookmark.post_id == Post.id)
        .where(Bookmark.account_id == viewer.account_id)
    )


async def bookmarked_page(session: AsyncSession, viewer: Staff, page: Page) -> tuple[list[Post], list[int]]:
    """A page of kept posts, the latest kept first, and the numbers to page by."""
    kept: Any = bookmarked(viewer)
    rows = await rows_of(session, kept.add_columns(Bookmark.id), Bookmark.id, page)
    return [row[0] for row in rows], [row[1] for row in rows]


def liked(viewer: Staff) -> Select[Post]:
    """Posts one gave thanks for; page by `Like.id`."""
    return (
        loaded(policy.visible_posts(viewer)).join(Like, Like.post_id == Post.id).where(Like.actor_id == viewer.actor_id)
    )


def direct(viewer: Staff) -> Select[Post]:
    """Messages for the people named, to and from `viewer`."""
    return loaded(policy.visible_posts(viewer)).where(Post.visibility == Visibility.DIRECT)


async def last_written(session: AsyncSession, viewer: Viewer, group_ids: Iterable[int]) -> dict[int, datetime]:
    """When something that `viewer` may read was last written in each of some groups."""
    statement, values = prepare(viewer, _newest_in)
    rows = await session.execute(statement, {**values, "group_ids": padded(group_ids)})
    return {group_id: moment for group_id, moment in rows if moment is not None}


def _newest_in(viewer: Viewer) -> Select[int, datetime | None]:
    newest = (  # one look from the newest on for each group; to group them all would read every post
        policy.visible_posts(viewer)
        .where(Post.group_id == _ROOM.id, Post.boost_of_id.is_(None))
        .order_by(Post.id.desc())
        .limit(1)
        .with_only_columns(Post.created_at)
        .correlate(_ROOM)
        .scalar_subquery()
    )
    ids = bindparam("group_ids", expanding=True, type_=BigInteger)
    return select(_ROOM.id, type_coerce(newest, UtcDateTime)).where(_ROOM.id.in_(ids))


async def count_in(session: AsyncSession, viewer: Viewer, group: Group) -> int:
    """How many posts of a group `viewer` may read."""
    posts = policy.visible_posts(viewer).where(Post.group_id == group.id, Post.boost_of_id.is_(None))
    return await session.scalar(posts.with_only_columns(func.count())) or 0
