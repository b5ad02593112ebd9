"""What people should know: made from the journal, once per thing, for those it concerns and who may see it."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, Select, bindparam, exists, func, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal, policy, polls, threads
from models.accounts import staff
from models.base import new_id, now
from models.tables import (
    Account,
    Actor,
    Approval,
    Consent,
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
    Verdict,
)
from models.viewers import Staff


def of_account(viewer: Staff) -> Select[Notification]:
    """One's own, newest first; what concerns a post only while one may see it."""
    return (
        select(Notification)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(
            Notification.account_id == viewer.account_id,
            Notification.post_id.is_(None) | policy.sees_post(viewer),
        )
        .options(
            joinedload(Notification.by).joinedload(Actor.avatar),
            joinedload(Notification.post).options(
                joinedload(Post.author).joinedload(Actor.avatar),
                joinedload(Post.group).joinedload(Group.actor),
                joinedload(Post.boost_of).options(
                    joinedload(Post.author).joinedload(Actor.avatar), joinedload(Post.group).joinedload(Group.actor)
                ),
            ),
        )
        .order_by(Notification.id.desc())
    )


async def count_unread(session: AsyncSession, viewer: Staff) -> int:
    unread = of_account(viewer).options().order_by(None).where(Notification.read_at.is_(None))
    return (
        await session.scalar(select(func.count()).select_from(unread.with_only_columns(Notification.id).subquery()))
        or 0
    )


async def mark_read(session: AsyncSession, *, by: Staff, up_to: int | None = None) -> None:
    statement = update(Notification).where(Notification.account_id == by.account_id, Notification.read_at.is_(None))
    if up_to is not None:
        statement = statement.where(Notification.id <= up_to)
    await session.execute(statement.values(read_at=now()))


async def mark_pile_read(session: AsyncSession, notification_id: int, *, by: Staff) -> None:
    """Mark one as read, and with it those of its kind about the same post; silent about what is not one's own."""
    found = await session.get(Notification, notification_id)
    if found is None or found.account_id != by.account_id:
        return
    pile = update(Notification).where(
        Notification.account_id == by.account_id, Notification.type == found.type, Notification.read_at.is_(None)
    )
    same = Notification.id == found.id if found.post_id is None else Notification.post_id == found.post_id
    await session.execute(pile.where(same).values(read_at=now()))


async def mark_seen(session: AsyncSession, *, by: Staff, post_ids: Iterable[int]) -> None:
    """Mark as read what was told about some posts, because they were opened."""
    await session.execute(
        update(Notification)
        .where(
            Notification.account_id == by.account_id,
            Notification.read_at.is_(None),
            Notification.post_id.in_(list(post_ids)),
        )
        .values(read_at=now())
    )


async def has_unread_of(session: AsyncSession, viewer: Staff, post_ids: Iterable[int]) -> bool:
    """Whether anything about some posts is unread, so that reading alone needs no write."""
    found = select(Notification.id).where(
        Notification.account_id == viewer.account_id,
        Notification.read_at.is_(None),
        Notification.post_id.in_(list(post_ids)),
    )
    return await session.scalar(found.limit(1)) is not None


async def dismiss(
    session: AsyncSession, *, by: Staff, types: Iterable[NotificationType], only: int | None = None
) -> None:
    """Throw away one's own notifications of some types, or `only` one of them."""
    statement = sql_delete(Notification).where(
        Notification.account_id == by.account_id, Notification.type.in_(list(types))
    )
    if only is not None:
        statement = statement.where(Notification.id == only)
    await session.execute(statement)


# Made from the journal


async def _tell(
    session: AsyncSession,
    account_id: int,
    type: NotificationType,
    *,
    from_id: int,
    post_id: int | None = None,
    group_id: int | None = None,
    key: str = "",
) -> None:
    """Add a notification unless that thing was told already; the unique key decides, not a look before.

    Who blocks somebody is not told what they do (R-79).
    """
    of_thread = post_id if type in _OF_THREADS else None
    if type is not NotificationType.REPORT and await _is_kept_away(session, account_id, from_id, of_thread):
        return
    notification_id = new_id()
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    made = await session.scalar(
        insert(Notification)
        .values(
            id=notification_id,
            account_id=account_id,
            type=type,
            from_id=from_id,
            post_id=post_id,
            group_id=group_id,
            key=f"{type}:{key or f'{from_id}:{post_id or group_id or 0}'}",
            created_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(Notification.id)
    )
    if made is not None:
        journal.record(session, journal.Notified(notification_id, account_id))


_OF_THREADS = frozenset(
    {
        NotificationType.MENTION,
        NotificationType.FAVOURITE,
        NotificationType.REBLOG,
        NotificationType.STATUS,
        NotificationType.UPDATE,
        NotificationType.POLL,
        NotificationType.QUOTE,
    }
)
"""What is about a post and nothing that has to be done: whoever muted its thread is not told."""


async def _is_kept_away(session: AsyncSession, account_id: int, from_id: int, post_id: int | None) -> bool:
    kept_away = policy.is_apart(from_id, Account.actor_id)
    if post_id is not None:
        kept_away |= threads.is_muted(Account.id, post_id)
    return await session.scalar(select(Account.id).where(Account.id == account_id, kept_away)) is not None


async def _account_of(session: AsyncSession, actor_id: int) -> Account | None:
    return await session.scalar(
        select(Account)
        .where(Account.actor_id == actor_id, Account.disabled_at.is_(None))
        .options(joinedload(Account.actor))
    )


async def _may_see(session: AsyncSession, account: Account, post_id: int) -> bool:
    return await session.scalar(policy.visible_posts(staff(account)).where(Post.id == post_id)) is not None


async def _written(session: AsyncSession, entry: journal.PostWritten) -> None:
    post = await session.get(Post, entry.post_id)
    if post is None or post.deleted_at is not None:
        return
    if post.boost_of_id is not None:
        original = await session.get(Post, post.boost_of_id)
        author = await _account_of(session, original.author_id) if original else None
        if author is not None and original is not None and original.author_id != post.author_id:
            await _tell(session, author.id, NotificationType.REBLOG, from_id=post.author_id, post_id=original.id)
        return
    concerned = set(await session.scalars(select(Mention.actor_id).where(Mention.post_id == post.id)))
    if post.reply_to_id is not None:
        parent = await session.get(Post, post.reply_to_id)
        if parent is not None:
            concerned.add(parent.author_id)
    await _mention(session, post, concerned - {post.author_id})


async def _mention(session: AsyncSession, post: Post, actor_ids: Iterable[int]) -> None:
    for actor_id in sorted(actor_ids):
        account = await _account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await _tell(session, account.id, NotificationType.MENTION, from_id=post.author_id, post_id=post.id)


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
        account = await _account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await _tell(
                session,
                account.id,
                NotificationType.UPDATE,
                from_id=post.author_id,
                post_id=post.id,
                key=f"{post.id}:{entry.revision}",
            )


async def _liked(session: AsyncSession, entry: journal.Liked) -> None:
    post = await session.get(Post, entry.post_id)
    if post is None or post.author_id == entry.actor_id:
        return
    author = await _account_of(session, post.author_id)
    if author is not None:
        await _tell(session, author.id, NotificationType.FAVOURITE, from_id=entry.actor_id, post_id=post.id)


async def _follow_asked(session: AsyncSession, entry: journal.FollowAsked) -> None:
    follow = await session.get(Follow, entry.follow_id)
    account = await _account_of(session, follow.followee_id) if follow else None
    followee = await session.get(Actor, follow.followee_id) if follow else None
    if follow is None or account is None or followee is None:
        return
    asks = followee.is_locked and follow.accepted_at is None
    type = NotificationType.FOLLOW_REQUEST if asks else NotificationType.FOLLOW
    await _tell(session, account.id, type, from_id=follow.follower_id, key=f"{follow.id}")


async def _invited(session: AsyncSession, entry: journal.Invited) -> None:
    found = await session.get(Membership, entry.membership_id)
    account = await _account_of(session, found.actor_id) if found else None
    if found is not None and account is not None:
        by = found.invited_by_id or found.group_id
        await _tell(
            session, account.id, NotificationType.INVITED, from_id=by, group_id=found.group_id, key=f"{found.id}"
        )


async def _join_asked(session: AsyncSession, entry: journal.JoinAsked) -> None:
    """GRP-2: somebody elsewhere waits to be let into a group of ours; its owner decides."""
    found = await session.get(Membership, entry.membership_id)
    group = await session.get(Group, found.group_id) if found else None
    if found is None or group is None or not found.host or found.state is not MemberState.ASKED:
        return
    owner = await _account_of(session, group.owner_id) if group.owner_id is not None else None
    if owner is not None:
        type = NotificationType.FOLLOW_REQUEST
        await _tell(session, owner.id, type, from_id=found.actor_id, group_id=group.id, key=f"join:{found.id}")


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
        await _tell(
            session,
            account.id,
            NotificationType.REPORT,
            from_id=report.about_id,
            group_id=report.group_id,
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
        await _tell(
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
    author = await _account_of(session, approval.post.author_id)
    if author is None:
        return
    type = NotificationType.APPROVED if approval.verdict is Verdict.APPROVED else NotificationType.RETURNED
    await _tell(
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
    author = await _account_of(session, target.author_id)
    if author is None or target.author_id == consent.post.author_id:
        return
    if await _may_see(session, author, consent.post.id):
        await _tell(session, author.id, NotificationType.QUOTE, from_id=consent.post.author_id, post_id=consent.post.id)


async def _over(session: AsyncSession, entry: journal.PollOver) -> None:
    """Who answered a poll, and who asked, learn that its result is there."""
    poll, post = await polls.post_of(session, entry.poll_id)
    if poll is None or post is None or post.deleted_at is not None:
        return
    for actor_id in (post.author_id, *await polls.voters_here(session, poll.id)):
        account = await _account_of(session, actor_id)
        if account is not None and await _may_see(session, account, post.id):
            await _tell(
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
    account = await _account_of(session, concerned)
    if account is not None:
        await _tell(
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
        await _tell(session, account.id, NotificationType.NOT_PUBLISHED, from_id=account.actor_id, key=key)


async def _of_interest(session: AsyncSession, entries: list[journal.Entry]) -> list[journal.Entry]:
    """Most posts name nobody and answer nothing: nobody is told of those."""
    written = [entry.post_id for entry in entries if isinstance(entry, journal.PostWritten) and not entry.is_quiet]
    found = set(await session.scalars(_CONCERNING, {"post_ids": written})) if written else set()
    return [entry for entry in entries if not isinstance(entry, journal.PostWritten) or entry.post_id in found]


_CONCERNING = select(Post.id).where(
    Post.id.in_(bindparam("post_ids", expanding=True, type_=BigInteger)),
    or_(Post.boost_of_id.is_not(None), Post.reply_to_id.is_not(None), exists().where(Mention.post_id == Post.id)),
)


CONSUMER = journal.consumer(
    "notifications",
    {
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
    },
    sieve=_of_interest,
)
