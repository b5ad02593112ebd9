"""Makes notifications from the journal, once per thing, for those it concerns and who may see it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy, polls, relations
from models.accounts import staff
from models.base import now
from models.database import Database
from models.facts import Fact
from models.notifications import of_posts
from models.notifications.of_posts import account_of
from models.notifications.telling import tell, together
from models.tables import (
    Account,
    Actor,
    Approval,
    Consent,
    ConsentKind,
    ConsentState,
    Follow,
    Group,
    MemberRole,
    Membership,
    MemberState,
    Mention,
    Notification,
    NotificationType,
    Post,
    Report,
    Role,
    ScheduledPost,
    Severance,
    Verdict,
)


async def _may_see(session: AsyncSession, account: Account, post_id: int) -> bool:
    return await policy.may_see(session, staff(account), post_id)


async def _written(session: AsyncSession, entry: journal.PostWritten) -> None:
    await of_posts.written(session, [entry])


async def _mention(session: AsyncSession, post: Post, actor_ids: Iterable[int]) -> None:
    for actor_id in sorted(actor_ids):
        account = await account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await tell(session, account.id, NotificationType.MENTION, from_id=post.author_id, post_id=post.id)


async def _edited(session: AsyncSession, entry: journal.PostEdited) -> None:
    post = await session.get(Post, entry.post_id)
    if post is None or post.deleted_at is not None:
        return
    named = set(await session.scalars(select(Mention.actor_id).where(Mention.post_id == post.id)))
    await _mention(session, post, named - {post.author_id})
    boosters = await session.scalars(
        select(Post.author_id).where(Post.boost_of_id == post.id, Post.deleted_at.is_(None))
    )
    for actor_id in sorted(set(boosters) - {post.author_id}):
        account = await account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await tell(
                session,
                account.id,
                NotificationType.UPDATE,
                from_id=post.author_id,
                post_id=post.id,
                key=f"{post.id}:{entry.revision}",
            )

    await _tell_quoting(session, post, entry.revision)


async def _tell_quoting(session: AsyncSession, post: Post, revision: int) -> None:
    """Whoever quoted a post learns that it says something else now; the notification is about their own post."""
    quotes = await session.scalars(
        select(Post)
        .join(Consent, Consent.post_id == Post.id)
        .where(
            Consent.target_id == post.id,
            Consent.kind == ConsentKind.QUOTE,
            Consent.state == ConsentState.ACCEPTED,
            Post.author_id != post.author_id,
            Post.deleted_at.is_(None),
        )
    )
    for quote in quotes.all():
        account = await account_of(session, quote.author_id)
        if account is not None and await _may_see(session, account, post.id):
            key = f"{quote.id}:{revision}"
            type = NotificationType.QUOTED_UPDATE
            await tell(session, account.id, type, from_id=post.author_id, post_id=quote.id, key=key)


async def _liked(session: AsyncSession, entry: journal.Liked) -> None:
    post = await session.get(Post, entry.post_id)
    if post is None or post.author_id == entry.actor_id:
        return
    author = await account_of(session, post.author_id)
    if author is not None:
        await tell(session, author.id, NotificationType.FAVOURITE, from_id=entry.actor_id, post_id=post.id)


async def _follow_asked(session: AsyncSession, entry: journal.FollowAsked) -> None:
    follow = await session.get(Follow, entry.follow_id)
    account = await account_of(session, follow.followee_id) if follow else None
    followee = await session.get(Actor, follow.followee_id) if follow else None
    if follow is None or account is None or followee is None:
        return
    asks = followee.is_locked and follow.accepted_at is None
    type = NotificationType.FOLLOW_REQUEST if asks else NotificationType.FOLLOW
    await tell(session, account.id, type, from_id=follow.follower_id, key=f"{follow.id}")


async def _invited(session: AsyncSession, entry: journal.Invited) -> None:
    found = await session.get(Membership, entry.membership_id)
    account = await account_of(session, found.actor_id) if found else None
    if found is not None and account is not None:
        by = found.invited_by_id or found.group_id
        await tell(
            session, account.id, NotificationType.INVITED, from_id=by, group_id=found.group_id, key=f"{found.id}"
        )


async def _join_asked(session: AsyncSession, entry: journal.JoinAsked) -> None:
    """GRP-2: somebody elsewhere waits to be let into a group of ours; its owner decides."""
    found = await session.get(Membership, entry.membership_id)
    group = await session.get(Group, found.group_id) if found else None
    if found is None or group is None or not found.host or found.state is not MemberState.ASKED:
        return
    owner = await account_of(session, group.owner_id) if group.owner_id is not None else None
    if owner is not None:
        type = NotificationType.FOLLOW_REQUEST
        await tell(session, owner.id, type, from_id=found.actor_id, group_id=group.id, key=f"join:{found.id}")


async def _reported(session: AsyncSession, entry: journal.Reported) -> None:
    """The admins, and those who keep the group that it was addressed to; never whom it is about, nor who reported."""
    report = await session.get(Report, entry.report_id)
    if report is None:
        return
    keepers = select(Membership.actor_id).where(
        Membership.group_id == report.group_id,
        Membership.role.in_((MemberRole.OWNER, MemberRole.MODERATOR)),
        Membership.state == MemberState.MEMBER,
    )
    told = await session.scalars(
        select(Account).where(
            (Account.role == Role.ADMIN) | Account.actor_id.in_(keepers),
            Account.disabled_at.is_(None),
            Account.actor_id.not_in([report.about_id, report.by_id or 0]),
        )
    )
    for account in told.all():
        await tell(
            session,
            account.id,
            NotificationType.REPORT,
            from_id=report.about_id,
            group_id=report.group_id,
            subject_id=report.id,
            key=f"{report.id}",
        )


async def _settle(session: AsyncSession, post_id: int) -> None:
    """Nobody needs to look at an earlier submission of a post any more: it was decided, or there is a newer one."""
    await session.execute(
        update(Notification)
        .where(
            Notification.post_id == post_id,
            Notification.type == NotificationType.APPROVAL_ASKED,
            Notification.read_at.is_(None),
        )
        .values(read_at=now())
    )


async def _submitted(session: AsyncSession, entry: journal.PostSubmitted) -> None:
    post = await session.get(Post, entry.post_id)
    if post is None or post.group_id is None:
        return
    await _settle(session, post.id)
    named = select(Membership.actor_id).where(
        Membership.group_id == post.group_id,
        Membership.role == MemberRole.GATEKEEPER,
        Membership.state == MemberState.MEMBER,
    )
    keepers = await session.scalars(
        select(Account).where(
            (Account.role == Role.GATEKEEPER) | Account.actor_id.in_(named),
            Account.disabled_at.is_(None),
            Account.actor_id != post.author_id,
        )
    )
    for account in keepers.all():
        await tell(
            session,
            account.id,
            NotificationType.APPROVAL_ASKED,
            from_id=post.author_id,
            post_id=post.id,
            group_id=post.group_id,
            key=f"{post.id}:{entry.revision}",
        )


async def _decided(session: AsyncSession, entry: journal.PostDecided) -> None:
    approval = await session.get(
        Approval,
        entry.approval_id,
        options=[joinedload(Approval.post), joinedload(Approval.decided_by)],
    )
    if approval is None or approval.decided_by is None:
        return
    await _settle(session, approval.post_id)
    author = await account_of(session, approval.post.author_id)
    if author is None:
        return
    type = NotificationType.APPROVED if approval.verdict is Verdict.APPROVED else NotificationType.RETURNED
    await tell(
        session,
        author.id,
        type,
        from_id=approval.decided_by.actor_id,
        post_id=approval.post_id,
        group_id=approval.post.group_id,
        key=f"{approval.id}",
    )


async def _quoted(session: AsyncSession, entry: journal.Quoted) -> None:
    consent = await session.get(Consent, entry.consent_id, options=[joinedload(Consent.post)])
    target = await session.get(Post, consent.target_id) if consent is not None and consent.target_id else None
    if consent is None or consent.post is None or target is None or consent.state is not ConsentState.ACCEPTED:
        return
    author = await account_of(session, target.author_id)
    if author is None or target.author_id == consent.post.author_id:
        return
    if await _may_see(session, author, consent.post.id):
        await tell(session, author.id, NotificationType.QUOTE, from_id=consent.post.author_id, post_id=consent.post.id)


async def _over(session: AsyncSession, entry: journal.PollOver) -> None:
    """Who answered a poll, and who asked, learn that its result is there."""
    poll, post = await polls.post_of(session, entry.poll_id)
    if poll is None or post is None or post.deleted_at is not None:
        return
    for actor_id in (post.author_id, *await polls.voters_here(session, poll.id)):
        account = await account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await tell(
                session, account.id, NotificationType.POLL, from_id=post.author_id, post_id=post.id, key=f"{poll.id}"
            )


async def _moderated(session: AsyncSession, entry: journal.Moderated) -> None:
    """Whoever wrote what was removed or brought back is told, and whoever was banned."""
    post = await session.get(Post, entry.post_id) if entry.post_id is not None else None
    types = {"remove": NotificationType.RESTORED if entry.is_undone else NotificationType.REMOVED}
    if not entry.is_undone:
        types["ban"] = NotificationType.BANNED
    concerned = post.author_id if post is not None else entry.actor_id
    if entry.act not in types or concerned is None or concerned == entry.by_id:
        return
    account = await account_of(session, concerned)
    if account is not None:
        await tell(
            session,
            account.id,
            types[entry.act],
            from_id=entry.by_id,
            post_id=entry.post_id,
            group_id=entry.group_id,
            key=entry.uri,
        )


async def _not_published(session: AsyncSession, entry: journal.SchedulingFailed) -> None:
    """Whoever wanted to post something later has to decide what becomes of it."""
    row = await session.get(ScheduledPost, entry.scheduled_id)
    account = await session.get(Account, row.account_id) if row is not None and row.failure is not None else None
    if row is not None and account is not None:
        key = f"{row.id}:{row.at.timestamp():.0f}"
        await tell(session, account.id, NotificationType.NOT_PUBLISHED, from_id=account.actor_id, key=key)


async def _severed(session: AsyncSession, entry: journal.Severed) -> None:
    found = await session.get(Severance, entry.severance_id)
    account = await session.get(Account, found.account_id) if found is not None else None
    if found is not None and account is not None:
        type, key = NotificationType.SEVERED, f"{found.id}"
        await tell(session, account.id, type, from_id=account.actor_id, subject_id=found.id, key=key)


async def _of_interest(database: Database, entries: list[journal.Entry]) -> list[journal.Entry]:
    """Most posts name nobody, answer nothing, and nobody wants to be told of each: nobody is told of those."""
    written = [entry for entry in entries if isinstance(entry, journal.PostWritten)]
    quiet = {entry.post_id: entry.author_id for entry in written if entry.is_quiet and entry.author_id is not None}
    awaited = await _AWAITED_OF.among(database, quiet.values())
    found = {post_id for post_id, author_id in quiet.items() if author_id in awaited}
    others = {entry.post_id for entry in written} - quiet.keys()
    if others:
        async with database.reading() as session:
            found.update(await session.scalars(_CONCERNING, {"post_ids": list(others)}))
            if others - found:
                found.update(await session.scalars(_AWAITED, {"post_ids": list(others - found)}))
    return [entry for entry in entries if not isinstance(entry, journal.PostWritten) or entry.post_id in found]


_POST_IDS = bindparam("post_ids", expanding=True, type_=BigInteger)
_CONCERNING = select(Post.id).where(
    Post.id.in_(_POST_IDS),
    or_(Post.boost_of_id.is_not(None), Post.reply_to_id.is_not(None), exists().where(Mention.post_id == Post.id)),
)
_AWAITED_OF = Fact(
    select(Follow.followee_id).where(
        Follow.followee_id.in_(bindparam("ids", expanding=True, type_=BigInteger)), Follow.notifies
    )
)
_AWAITED = select(Post.id).where(
    Post.id.in_(_POST_IDS), exists().where(Follow.followee_id == Post.author_id, Follow.notifies)
)


async def _many_written(session: AsyncSession, entries: Sequence[journal.PostWritten]) -> None:
    async with together(session):
        await of_posts.written(session, entries)


async def _many(session: AsyncSession, entries: Sequence[journal.Entry]) -> None:
    """Several in their order. What they are about is read for all of them: whoever asks for it by its number has it."""
    posts = [entry.post_id for entry in entries if isinstance(entry, journal.Liked)]
    follows = [entry.follow_id for entry in entries if isinstance(entry, journal.FollowAsked)]
    held: list[object] = []  # the session lets go of what nobody holds
    if posts:
        held += await session.scalars(_POSTS, {"post_ids": posts})
    if follows:
        held += await relations.by_numbers(session, follows)
    async with together(session):
        for entry in entries:
            await _HANDLERS[type(entry)](session, entry)


_POSTS = select(Post).where(Post.id.in_(_POST_IDS))
_HANDLERS: dict[type[journal.Entry], Callable[[AsyncSession, Any], Awaitable[None]]] = {
    journal.PostWritten: _written,
    journal.PostEdited: _edited,
    journal.Liked: _liked,
    journal.FollowAsked: _follow_asked,
    journal.Invited: _invited,
    journal.JoinAsked: _join_asked,
    journal.Reported: _reported,
    journal.PostSubmitted: _submitted,
    journal.PostDecided: _decided,
    journal.Moderated: _moderated,
    journal.PollOver: _over,
    journal.Quoted: _quoted,
    journal.SchedulingFailed: _not_published,
    journal.Severed: _severed,
}
CONSUMER = journal.consumer(
    "notifications",
    _HANDLERS,
    sieve=_of_interest,
    together={journal.PostWritten: _many_written, journal.Liked: _many, journal.FollowAsked: _many},
)
