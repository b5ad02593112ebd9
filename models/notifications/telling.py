"""Adding notifications, one or many: whether somebody wants to be told, and whether it waits for its sender."""

import functools
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    CursorResult,
    Insert,
    Integer,
    Select,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import journal, policy, threads
from models.base import insert_for, new_id, now
from models.prepared import padded
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
_WAITING = "to be told at the end"
_TOGETHER_FOR = timedelta(hours=12)
_NEW_FOLLOWER = timedelta(days=3)
_NEW_ACCOUNT = timedelta(days=30)


class Telling(NamedTuple):
    """Something to be told to an account; `key` makes a second telling of the same thing silent."""

    account_id: int
    type: NotificationType
    from_id: int
    post_id: int | None = None
    group_id: int | None = None
    subject_id: int | None = None
    key: str = ""


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
    telling = Telling(account_id, type, from_id, post_id, group_id, subject_id, key)
    waiting: list[Telling] | None = session.info.get(_WAITING)
    if waiting is None:
        await _tell(session, [telling])
    else:
        waiting.append(telling)


@asynccontextmanager
async def together(session: AsyncSession) -> AsyncIterator[None]:
    """What is told inside is told at once, at the end, in its order."""
    waiting: list[Telling] = []
    session.info[_WAITING] = waiting
    try:
        yield
    finally:
        del session.info[_WAITING]
    await _tell(session, waiting)


async def _tell(session: AsyncSession, tellings: Sequence[Telling]) -> None:
    rows: dict[int, dict[str, Any]] = {}
    attitudes = await _attitudes(session, tellings)
    for told, attitude in zip(tellings, attitudes, strict=True):
        if attitude is Attitude.DROP:
            continue
        number, moment = new_id.exact(), now()  # Mastodon writes the newest id of a group as a number
        key = told.key or f"{told.from_id}:{told.post_id or told.group_id or 0}"
        rows[number] = {
            "id": number,
            "account_id": told.account_id,
            "type": told.type,
            "from_id": told.from_id,
            "post_id": told.post_id,
            "group_id": told.group_id,
            "subject_id": told.subject_id,
            "key": f"{told.type}:{key}",
            "group_key": _group_key(told.type, told.post_id, moment),
            "is_filtered": attitude is Attitude.FILTER,
            "created_at": moment,
        }
    if not rows:
        return
    done = await session.execute(_inserting(session.get_bind().dialect.name), list(rows.values()))
    if not isinstance(done, CursorResult) or done.rowcount != len(rows):  # some were told before
        made = set(await session.scalars(_MADE, {"ids": padded(rows)}))
        rows = {number: row for number, row in rows.items() if number in made}
    journalled = [journal.Notified(row["id"], row["account_id"]) for row in rows.values() if not row["is_filtered"]]
    await journal.record_all(session, journalled)


@functools.cache
def _inserting(dialect: str) -> Insert:
    into = insert_for(dialect, cast(Table, Notification.__table__))  # no rows come back
    return into.on_conflict_do_nothing(index_elements=[Notification.account_id, Notification.key])


_MADE = select(Notification.id).where(Notification.id.in_(bindparam("ids", expanding=True)))


def _group_key(type: NotificationType, post_id: int | None, moment: datetime) -> str:
    """The same for what is shown together: of one sort, about one post, within some hours."""
    if type not in TOGETHER:
        return ""
    hours = int(moment.timestamp() // _TOGETHER_FOR.total_seconds())
    return f"{type}-{hours}" if type is NotificationType.FOLLOW else f"{type}-{post_id}-{hours}"


async def _attitudes(session: AsyncSession, tellings: Sequence[Telling]) -> list[Attitude]:
    """What becomes of each. Two statements for those who have no policy."""
    asked = [one for one in tellings if one.type not in _ALWAYS]
    heard = await _heard(session, {(one.account_id, one.from_id) for one in asked})
    about = {(one.account_id, one.post_id) for one in asked if one.type in _OF_THREADS and one.post_id is not None}
    muted = await threads.muted_among(session, about)
    return [await _attitude(session, one, heard, muted) for one in tellings]


async def _attitude(
    session: AsyncSession,
    told: Telling,
    heard: Mapping[tuple[int, int], "_Heard"],
    muted: Collection[tuple[int, int | None]],
) -> Attitude:
    if told.type in _ALWAYS:
        return Attitude.ACCEPT
    found = heard.get((told.account_id, told.from_id))
    if found is None or found.is_apart or (told.type in OF_OTHERS and found.is_untold):
        return Attitude.DROP
    if told.type in _OF_THREADS and (told.account_id, told.post_id) in muted:
        return Attitude.DROP
    if not found.has_policy or told.type not in _FILTERED:
        return Attitude.ACCEPT
    chosen = await session.get_one(NotificationPolicy, told.account_id)
    values = {"told": told.account_id, "sender": told.from_id, "about": told.post_id}
    facts = _Facts(*(await session.execute(_facts(), values)).one())
    return _judged(chosen, facts, is_mention=told.type is NotificationType.MENTION)


class _Heard(NamedTuple):
    """What keeps apart somebody and whom something comes from, and whether they chose what becomes of such things."""

    is_apart: bool
    is_untold: bool
    has_policy: bool


async def _heard(session: AsyncSession, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], _Heard]:
    """By account and sender."""
    if not pairs:
        return {}
    accounts, senders = {account for account, _ in pairs}, {sender for _, sender in pairs}
    rows = await session.execute(_hearing(), {"accounts": padded(accounts), "senders": padded(senders)})
    return {
        (row.account_id, row.sender_id): _Heard(bool(row.is_apart), bool(row.is_untold), row.has_policy is not None)
        for row in rows
    }


@functools.cache
def _hearing() -> Select[Any]:
    """For each of some accounts with each of some senders."""
    sending = aliased(Actor, name="sending")
    sender: Any = literal_column("sending.id", BigInteger)  # a bare name: no subquery may take the table for its own
    return (
        select(
            Account.id.label("account_id"),
            sending.id.label("sender_id"),
            case((policy.is_apart(sender, Account.actor_id), 1), else_=0).label("is_apart"),
            case((policy.is_untold(Account.id, sender), 1), else_=0).label("is_untold"),
            NotificationPolicy.account_id.label("has_policy"),
        )
        .select_from(Account)
        .join(sending, sending.id.in_(bindparam("senders", expanding=True)))
        .outerjoin(NotificationPolicy, NotificationPolicy.account_id == Account.id)
        .where(Account.id.in_(bindparam("accounts", expanding=True)))
    )


_TOLD: Any = bindparam("told", type_=BigInteger)
_SENDER: Any = bindparam("sender", type_=BigInteger)
_ABOUT: Any = bindparam("about", type_=BigInteger)


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
