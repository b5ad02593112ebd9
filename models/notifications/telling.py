"""Adding one notification: whether somebody wants to be told, and whether it waits until its sender is let in."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal, policy, threads
from models.base import insert_into, new_id, now
from models.tables import (
    Account,
    Actor,
    Attitude,
    Follow,
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationType,
    Post,
    Role,
    Visibility,
)

TOGETHER = (NotificationType.FAVOURITE, NotificationType.REBLOG, NotificationType.FOLLOW)
"""What clients show in one line when many did it."""

OF_OTHERS = frozenset(
    {
        NotificationType.MENTION,
        NotificationType.FAVOURITE,
        NotificationType.REBLOG,
        NotificationType.FOLLOW,
        NotificationType.FOLLOW_REQUEST,
        NotificationType.STATUS,
        NotificationType.UPDATE,
        NotificationType.POLL,
        NotificationType.QUOTE,
        NotificationType.QUOTED_UPDATE,
    }
)
"""What somebody else did and asks nothing of one's office: a mute keeps it away."""

_FILTERED = frozenset(
    {
        NotificationType.MENTION,
        NotificationType.FAVOURITE,
        NotificationType.REBLOG,
        NotificationType.FOLLOW,
        NotificationType.FOLLOW_REQUEST,
        NotificationType.QUOTE,
    }
)
"""What one's policy is asked about; the rest comes from those one follows, or from the house."""

_OF_THREADS = OF_OTHERS - {NotificationType.FOLLOW, NotificationType.FOLLOW_REQUEST}
"""What is about a post and nothing that has to be done: whoever muted its thread is not told."""

_ALWAYS = (NotificationType.REPORT, NotificationType.SEVERED, NotificationType.NOT_PUBLISHED)
_WAITING = "told, not in the journal yet"
_TOGETHER_FOR = timedelta(hours=12)
_NEW_FOLLOWER = timedelta(days=3)
_NEW_ACCOUNT = timedelta(days=30)


async def tell(
    session: AsyncSession,
    account_id: int,
    type: NotificationType,
    *,
    from_id: int,
    post_id: int | None = None,
    group_id: int | None = None,
    subject_id: int | None = None,
    key: str = "",
) -> None:
    """Add a notification unless that thing was told already; the unique key decides, not a look before.

    Who blocks somebody is not told what they do (R-79), nor who muted them, or wants nothing from their server.
    """
    is_filtered = False
    if type not in _ALWAYS:
        attitude = await _attitude(session, account_id, type, from_id, post_id)
        if attitude is Attitude.DROP:
            return
        is_filtered = attitude is Attitude.FILTER
    notification_id, moment = new_id(), now()
    made = await session.scalar(
        insert_into(session, Notification)
        .values(
            id=notification_id,
            account_id=account_id,
            type=type,
            from_id=from_id,
            post_id=post_id,
            group_id=group_id,
            subject_id=subject_id,
            key=f"{type}:{key or f'{from_id}:{post_id or group_id or 0}'}",
            group_key=_group_key(type, post_id, moment),
            is_filtered=is_filtered,
            created_at=moment,
        )
        .on_conflict_do_nothing(index_elements=[Notification.account_id, Notification.key])
        .returning(Notification.id)
    )
    if made is not None and not is_filtered:
        told = journal.Notified(notification_id, account_id)
        waiting = session.info.get(_WAITING)
        if waiting is None:
            journal.record(session, told)
        else:
            waiting.append(told)


@asynccontextmanager
async def together(session: AsyncSession) -> AsyncIterator[None]:
    """What is told inside is written into the journal at once, at the end."""
    waiting: list[journal.Notified] = []
    session.info[_WAITING] = waiting
    try:
        yield
    finally:
        del session.info[_WAITING]
    await journal.record_all(session, waiting)


def _group_key(type: NotificationType, post_id: int | None, moment: datetime) -> str:
    """The same for what is shown together: of one sort, about one post, within some hours."""
    if type not in TOGETHER:
        return ""
    hours = int(moment.timestamp() // _TOGETHER_FOR.total_seconds())
    return f"{type}-{hours}" if type is NotificationType.FOLLOW else f"{type}-{post_id}-{hours}"


async def _attitude(
    session: AsyncSession, account_id: int, type: NotificationType, from_id: int, post_id: int | None
) -> Attitude:
    """What becomes of it. One statement for those who have no policy."""
    is_of_others, is_of_thread = type in OF_OTHERS, type in _OF_THREADS and post_id is not None
    values = {"told": account_id, "sender": from_id, "about": post_id}
    row = (await session.execute(_standing(is_of_others, is_of_thread), values)).first()
    if row is None or row.is_kept_away:
        return Attitude.DROP
    if row.has_policy is None or type not in _FILTERED:
        return Attitude.ACCEPT
    chosen = await session.get_one(NotificationPolicy, account_id)
    facts = _Facts(*(await session.execute(_facts(), values)).one())
    return _judged(chosen, facts, is_mention=type is NotificationType.MENTION)


_TOLD: Any = bindparam("told", type_=BigInteger)
_SENDER: Any = bindparam("sender", type_=BigInteger)
_ABOUT: Any = bindparam("about", type_=BigInteger)


@functools.cache
def _standing(is_of_others: bool, is_of_thread: bool) -> Select[Any]:
    kept_away = [policy.is_apart(_SENDER, Account.actor_id)]
    if is_of_others:
        kept_away.append(policy.is_untold(Account.id, _SENDER))
    if is_of_thread:
        kept_away.append(threads.is_muted(Account.id, _ABOUT))
    return (
        select(
            case((or_(*kept_away), 1), else_=0).label("is_kept_away"),
            NotificationPolicy.account_id.label("has_policy"),
        )
        .select_from(Account)
        .outerjoin(NotificationPolicy, NotificationPolicy.account_id == Account.id)
        .where(Account.id == _TOLD)
    )


class _Facts(NamedTuple):
    """What a policy asks about a sender, and about the post."""

    is_let_in: int
    is_followed: int
    follows_since: datetime | None
    sender_since: datetime | None
    role: Role | None
    is_private: int
    answers_own: int


@functools.cache
def _facts() -> Select[Any]:
    mine = select(Account.actor_id).where(Account.id == _TOLD).scalar_subquery()
    answered = select(Post.id).where(Post.author_id == mine)

    def flag(condition: Any) -> Any:
        return func.coalesce(select(literal(1, Integer)).where(condition).scalar_subquery(), 0)

    follows = select(Follow.created_at).where(
        Follow.follower_id == _SENDER, Follow.followee_id == mine, Follow.accepted_at.is_not(None)
    )
    permission = (NotificationPermission.account_id == _TOLD, NotificationPermission.from_id == _SENDER)
    followed = (Follow.follower_id == mine, Follow.followee_id == _SENDER, Follow.accepted_at.is_not(None))
    return select(
        flag(exists().where(*permission)),
        flag(exists().where(*followed)),
        follows.scalar_subquery(),
        select(Actor.created_at).where(Actor.id == _SENDER).scalar_subquery(),
        select(Account.role).where(Account.actor_id == _SENDER).scalar_subquery(),
        flag(exists().where(Post.id == _ABOUT, Post.visibility == Visibility.DIRECT)),
        flag(exists().where(Post.id == _ABOUT, Post.reply_to_id.in_(answered))),
    )


def _judged(chosen: NotificationPolicy, facts: _Facts, *, is_mention: bool) -> Attitude:
    """The strictest of what was chosen for the sorts that a sender belongs to. Who was let in is never filtered."""
    if facts.is_let_in or (is_mention and facts.role is Role.ADMIN):
        return Attitude.ACCEPT
    moment = now()
    follows_long = facts.follows_since is not None and facts.follows_since < moment - _NEW_FOLLOWER
    is_new = facts.sender_since is not None and facts.sender_since > moment - _NEW_ACCOUNT
    applying = [
        attitude
        for applies, attitude in (
            (not facts.is_followed, chosen.not_following),
            (not follows_long, chosen.not_followers),
            (is_new and not facts.is_followed, chosen.new_accounts),
            (
                is_mention and bool(facts.is_private) and not facts.is_followed and not facts.answers_own,
                chosen.private_mentions,
            ),
        )
        if applies
    ]
    return max(applying, key=list(Attitude).index, default=Attitude.ACCEPT)
