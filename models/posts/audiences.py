"""Many colleagues at once: who of them may hear of some posts, and for whom a post looks the same.

A stream asks for hundreds of people what everything else asks for one. The policy is the same, with a joined row of
`accounts` in the place of the viewer. Whoever was disabled or has another role by now is not in the answer.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy
from models.posts.outlines import Query
from models.prepared import LISTENER, prepare_for_many
from models.tables import (
    Bookmark,
    Consent,
    ConsentKind,
    ConsentState,
    Follow,
    Like,
    ListMember,
    Poll,
    Post,
    PostTag,
    Role,
    ThreadMute,
    Vote,
)
from models.viewers import Staff

Nuance = tuple[int, int, int]
"""One thing that makes a post look different: what it is, of which post (poll, author), and how often or which."""

_IDS: Any = bindparam("post_ids", expanding=True)
_ACCOUNTS: Any = bindparam("listeners", expanding=True)
_REPLY = aliased(Post)
_BOOST = aliased(Post)
_QUOTE = aliased(Post)
_REPLIES, _BOOSTS, _QUOTES, _LIKED, _BOOSTED, _BOOKMARKED, _VOTED, _FOLLOWS, _FOLLOWED, _WROTE, _SEES, _MUTED = range(
    12
)


async def readers_among(
    session: AsyncSession, viewers: Iterable[Staff], query: Query, ids: Iterable[int], *facts: Any
) -> dict[int, set[int]]:
    """By account which of `ids` are posts of `query(viewer, *facts)`; in one statement for each role."""
    found: dict[int, set[int]] = {}
    wanted = list(ids)
    if not wanted:
        return found
    for role, accounts in _by_role(viewers).items():
        statement = prepare_for_many(role, _readers_among, query, facts)
        for account_id, post_id in await session.execute(statement, {"listeners": accounts, "post_ids": wanted}):
            found.setdefault(account_id, set()).add(post_id)
    return found


def _readers_among(viewer: Staff, query: Query, facts: tuple[Any, ...]) -> Any:
    posts: Any = query(viewer, *facts)
    return posts.join(LISTENER, _listens(viewer)).where(Post.id.in_(_IDS)).with_only_columns(LISTENER.id, Post.id)


def _listens(viewer: Staff) -> ColumnElement[bool]:
    return and_(LISTENER.id.in_(_ACCOUNTS), LISTENER.role == viewer.role, LISTENER.disabled_at.is_(None))


def _by_role(viewers: Iterable[Staff]) -> dict[Role, list[int]]:
    accounts: dict[Role, list[int]] = {}
    for viewer in viewers:
        accounts.setdefault(viewer.role, []).append(viewer.account_id)
    return accounts


async def alike(session: AsyncSession, viewers: Sequence[Staff], ids: Iterable[int]) -> list[list[Staff]]:
    """`viewers` sorted into those for whom the posts `ids`, and what these quote, look the same.

    It knows what hangs on posts (counts, own marks, votes), who wrote them, who may quote them, who sees what they
    quote, and who has filters. Whatever else a status says to one person alone has to be added here.
    """
    shown = await _with_quoted(session, ids)
    nuances: dict[int, list[Nuance]] = {viewer.account_id: [] for viewer in viewers}
    hanging = False
    for account_id, kind, about, value in await session.execute(_own(), {"post_ids": list(shown)}):
        if account_id is None:
            hanging = True
        elif account_id in nuances:
            nuances[account_id].append((kind, about, value))
    if hanging:
        await _count(session, viewers, shown, nuances)
    quoted = [post_id for post_id, is_quoted in shown.items() if is_quoted]
    for account_id, seen in (await readers_among(session, viewers, policy.visible_posts, quoted)).items():
        nuances[account_id] += [(_SEES, post_id, 1) for post_id in seen]
    sorts: dict[tuple[Role, int, frozenset[Nuance]], list[Staff]] = {}
    for viewer in viewers:
        look = (viewer.role, viewer.filter_version, frozenset(nuances[viewer.account_id]))
        sorts.setdefault(look, []).append(viewer)
    return list(sorts.values())


async def _with_quoted(session: AsyncSession, ids: Iterable[int]) -> Mapping[int, bool]:
    """`ids` and what they boost and quote, and what that quotes in turn; whether each was quoted."""
    shown = dict.fromkeys(ids, False)
    shown |= dict.fromkeys(await _named(session, _boosted(), shown), False)
    fresh = list(shown)
    for _ in range(2):
        fresh = [post_id for post_id in await _named(session, _quoted(), fresh) if not shown.get(post_id)]
        if not fresh:
            break
        shown |= dict.fromkeys(fresh, True)
    return shown


async def _named(session: AsyncSession, statement: Select[int | None], ids: Iterable[int]) -> list[int]:
    found = await session.scalars(statement, {"post_ids": list(ids)})
    return [post_id for post_id in found if post_id is not None]


@functools.cache
def _boosted() -> Select[int | None]:
    return select(Post.boost_of_id).where(Post.id.in_(_IDS), Post.boost_of_id.is_not(None))


@functools.cache
def _quoted() -> Select[int | None]:
    return select(Consent.target_id).where(
        Consent.post_id.in_(_IDS), Consent.kind == ConsentKind.QUOTE, Consent.target_id.is_not(None)
    )


@functools.cache
def _own() -> Any:
    """What is somebody's own, with their account; and without an account, that there is something to count."""

    def by(kind: int, table: Any, actor: Any, about: Any, value: Any, *where: Any) -> Select[Any]:
        return (
            select(LISTENER.id, literal(kind), about, value)
            .select_from(table)
            .join(LISTENER, LISTENER.actor_id == actor)
            .where(*where)
        )

    one, nobody = literal(1), cast(null(), BigInteger)
    wary = and_(Post.id.in_(_IDS), Post.interaction.is_not(None))
    parts = [
        select(nobody, literal(_REPLIES), _REPLY.reply_to_id, one).distinct().where(_REPLY.reply_to_id.in_(_IDS)),
        select(nobody, literal(_BOOSTS), _BOOST.boost_of_id, one).distinct().where(_BOOST.boost_of_id.in_(_IDS)),
        select(nobody, literal(_QUOTES), Consent.target_id, one).distinct().where(Consent.target_id.in_(_IDS)),
        by(_LIKED, Like, Like.actor_id, Like.post_id, one, Like.post_id.in_(_IDS)),
        by(_BOOSTED, _BOOST, _BOOST.author_id, _BOOST.boost_of_id, one, _BOOST.boost_of_id.in_(_IDS)),
        select(Bookmark.account_id, literal(_BOOKMARKED), Bookmark.post_id, one).where(Bookmark.post_id.in_(_IDS)),
        select(ThreadMute.account_id, literal(_MUTED), Post.id, one)
        .select_from(Post)
        .join(ThreadMute, ThreadMute.thread_id == func.coalesce(Post.thread_id, Post.id))
        .where(Post.id.in_(_IDS)),
        by(_WROTE, Post, Post.author_id, Post.id, one, Post.id.in_(_IDS)),
        select(LISTENER.id, literal(_VOTED), Vote.poll_id, Vote.position)
        .select_from(Poll)
        .join(Vote, Vote.poll_id == Poll.id)
        .join(LISTENER, LISTENER.actor_id == Vote.actor_id)
        .where(Poll.post_id.in_(_IDS)),
        select(LISTENER.id, literal(_FOLLOWS), Follow.followee_id, one)
        .select_from(Post)
        .join(Follow, Follow.followee_id == Post.author_id)
        .join(LISTENER, LISTENER.actor_id == Follow.follower_id)
        .where(wary, Follow.accepted_at.is_not(None)),
        select(LISTENER.id, literal(_FOLLOWED), Follow.follower_id, one)
        .select_from(Post)
        .join(Follow, Follow.follower_id == Post.author_id)
        .join(LISTENER, LISTENER.actor_id == Follow.followee_id)
        .where(wary, Follow.accepted_at.is_not(None)),
    ]
    return union_all(*parts)


async def _count(
    session: AsyncSession, viewers: Iterable[Staff], ids: Iterable[int], nuances: dict[int, list[Nuance]]
) -> None:
    """Note how much hangs on posts for each of `viewers`, who see different parts of it (R-74)."""
    for role, accounts in _by_role(viewers).items():
        values = {"listeners": accounts, "post_ids": list(ids)}
        for account_id, *nuance in await session.execute(prepare_for_many(role, _counts), values):
            nuances[account_id].append(tuple(nuance))


def _counts(viewer: Staff) -> Any:
    def of(kind: int, post: Any, about: Any, *where: Any) -> Select[Any]:
        rows = select(LISTENER.id, literal(kind), about, func.count()).select_from(post)
        if about is Consent.target_id:
            rows = rows.join(Consent, Consent.post_id == post.id)
        listening = rows.join(LISTENER, _listens(viewer))
        return listening.where(about.in_(_IDS), policy.sees_post(viewer, post), *where).group_by(LISTENER.id, about)

    accepted = and_(Consent.kind == ConsentKind.QUOTE, Consent.state == ConsentState.ACCEPTED)
    return union_all(
        of(_REPLIES, _REPLY, _REPLY.reply_to_id),
        of(_BOOSTS, _BOOST, _BOOST.boost_of_id),
        of(_QUOTES, _QUOTE, Consent.target_id, accepted),
    )


class Facts:
    """What says without asking anybody that a stream has nothing to do with some posts: their tags, and the lists of
    somebody that they can be in, groups among them."""

    def __init__(self, tags: Iterable[str], lists: Iterable[int]) -> None:
        self.tags = frozenset(tags)
        self.lists = frozenset(lists)


async def facts_of(session: AsyncSession, ids: Iterable[int]) -> Facts:
    wanted = list(ids)
    tags = await session.scalars(select(PostTag.name).where(PostTag.post_id.in_(wanted)))
    groups = select(Post.group_id).where(Post.id.in_(wanted), Post.group_id.is_not(None))
    listed = (
        select(ListMember.list_id)
        .join(Post, or_(ListMember.actor_id == Post.author_id, ListMember.actor_id == Post.group_id))
        .where(Post.id.in_(wanted))
    )
    return Facts(tags, await session.scalars(groups.union_all(listed)))
