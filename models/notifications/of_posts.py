"""Who is told of a post when it was written: whom it names or answers, and who wants to hear of each of its author's.

Posts that follow one another are asked about together: who is named in which, whose accounts those are, what each may
see.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import BigInteger, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy
from models.accounts import staff
from models.notifications.telling import tell
from models.posts import audiences
from models.prepared import padded
from models.tables import Account, Follow, Mention, NotificationType, Post, Visibility

_ASKED = "accounts by actor"
_POST_IDS = bindparam("post_ids", expanding=True, type_=BigInteger)


async def account_of(session: AsyncSession, actor_id: int) -> Account | None:
    """Whose actor that is; asked once in a transaction, however many notifications are theirs."""
    return (await _accounts_of(session, [actor_id])).get(actor_id)


async def _accounts_of(session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, Account]:
    """Those who are still there, by actor."""
    wanted = set(actor_ids)
    known: dict[int, Account | None] = session.info.setdefault(_ASKED, {})
    missing = wanted - known.keys()
    if missing:
        known.update(dict.fromkeys(missing))
        found = await session.scalars(_ACCOUNTS_OF, {"actor_ids": padded(missing)})
        known.update({account.actor_id: account for account in found})
    accounts = ((actor_id, known[actor_id]) for actor_id in wanted)
    return {actor_id: account for actor_id, account in accounts if account is not None}


_ACCOUNTS_OF = (
    select(Account)
    .where(
        Account.actor_id.in_(bindparam("actor_ids", expanding=True, type_=BigInteger)), Account.disabled_at.is_(None)
    )
    .options(joinedload(Account.actor))
)


async def written(session: AsyncSession, entries: Sequence[journal.PostWritten]) -> None:
    """Tell of posts, in their order."""
    known = await _posts(session, {entry.post_id for entry in entries})
    others = {
        number for post in known.values() for number in (post.boost_of_id, post.reply_to_id) if number is not None
    }
    known |= await _posts(session, others - known.keys())
    posts = [known[entry.post_id] for entry in entries if entry.post_id in known]
    posts = [post for post in posts if post.deleted_at is None]
    own = [post for post in posts if post.boost_of_id is None]
    concerned = await _concerned(session, own, known)
    waiting = await _waiting(session, own, known)
    people = {actor_id for ids in (*concerned.values(), *waiting.values()) for actor_id in ids}
    people |= {known[post.boost_of_id].author_id for post in posts if post.boost_of_id in known}
    accounts = await _accounts_of(session, people)
    readers = await _readers(session, accounts, [post.id for post in own if concerned[post.id] or waiting[post.id]])
    for post in posts:
        if post.boost_of_id is not None:
            await _tell_of_boost(session, post, known.get(post.boost_of_id), accounts)
            continue
        named, others = concerned[post.id], waiting[post.id] - concerned[post.id]
        named -= {post.author_id}
        for type, actor_ids in ((NotificationType.MENTION, named), (NotificationType.STATUS, others)):
            for actor_id in sorted(actor_ids & accounts.keys()):
                account = accounts[actor_id]
                if post.id in readers.get(account.id, ()):
                    await tell(session, account.id, type, from_id=post.author_id, post_id=post.id)


async def _posts(session: AsyncSession, ids: Collection[int]) -> dict[int, Post]:
    found = await session.scalars(_POSTS, {"post_ids": padded(ids)}) if ids else ()
    return {post.id: post for post in found}


_POSTS = select(Post).where(Post.id.in_(_POST_IDS))


async def _tell_of_boost(
    session: AsyncSession, boost: Post, original: Post | None, accounts: dict[int, Account]
) -> None:
    author = accounts.get(original.author_id) if original is not None else None
    if author is not None and original is not None and original.author_id != boost.author_id:
        await tell(session, author.id, NotificationType.REBLOG, from_id=boost.author_id, post_id=original.id)


async def _concerned(session: AsyncSession, posts: Sequence[Post], known: dict[int, Post]) -> dict[int, set[int]]:
    """By post whom it names, and whom it answers."""
    found: dict[int, set[int]] = {post.id: set() for post in posts}
    if posts:
        for post_id, actor_id in await session.execute(_NAMED, {"post_ids": padded(found)}):
            found[post_id].add(actor_id)
    for post in posts:
        if post.reply_to_id in known:
            found[post.id].add(known[post.reply_to_id].author_id)
    return found


_NAMED = select(Mention.post_id, Mention.actor_id).where(Mention.post_id.in_(_POST_IDS))


def _begins_or_goes_on(post: Post, known: dict[int, Post]) -> bool:
    """Those who want to be told of each post hear of what begins a thread, or goes on with the author's own."""
    if post.visibility is Visibility.DIRECT:
        return False
    return post.reply_to_id is None or (
        post.reply_to_id in known and known[post.reply_to_id].author_id == post.author_id
    )


async def _waiting(session: AsyncSession, posts: Sequence[Post], known: dict[int, Post]) -> dict[int, set[int]]:
    """By post who wants to be told of each of its author's, in its language."""
    found: dict[int, set[int]] = {post.id: set() for post in posts}
    wanted = [post.id for post in posts if _begins_or_goes_on(post, known)]
    if wanted:
        for post_id, actor_id in await session.execute(_AWAITED_BY, {"post_ids": padded(wanted)}):
            found[post_id].add(actor_id)
    return found


_AWAITED_BY = (
    select(Post.id, Follow.follower_id)
    .join(Follow, Follow.followee_id == Post.author_id)
    .where(
        Post.id.in_(_POST_IDS),
        Follow.notifies,
        Follow.accepted_at.is_not(None),
        or_(Post.language.is_(None), Follow.languages.is_(None), policy.is_read_in(Post.language)),
    )
)


async def _readers(session: AsyncSession, accounts: dict[int, Account], ids: Sequence[int]) -> dict[int, set[int]]:
    """By account which of the posts exist for its person."""
    viewers = [staff(account) for account in accounts.values()]
    return await audiences.readers_among(session, viewers, policy.visible_posts, padded(ids))
