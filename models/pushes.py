"""Pushes: what apps of people here want to be told when they are not open, and what is on its way to them.

The journal's notifications become rows; a row is looked at again when it is sent. What its person may not see any
more, who may not be told any more, and what was read meanwhile is dropped then, so nothing has to be called back.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import egress, halts, journal, ledger, notifications
from models.accounts import staff
from models.base import insert_into, new_id, now
from models.database import QUEUED, Database
from models.instance import instance_of
from models.tables import (
    AccessToken,
    Account,
    Follow,
    Notification,
    NotificationType,
    Outcome,
    Push,
    PushSubscription,
    VapidKey,
)
from models.viewers import Staff

GIVE_UP_AFTER = timedelta(days=1)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
_KEY = 1
_NEXT = select(func.min(Push.next_attempt_at)).where(halts.none())


class Of(StrEnum):
    """Of whose doings an app wants to be told."""

    ALL = "all"
    FOLLOWED = "followed"
    FOLLOWER = "follower"
    NONE = "none"


# Subscriptions


async def of_token(session: AsyncSession, token_id: int) -> PushSubscription | None:
    return await session.scalar(select(PushSubscription).where(PushSubscription.token_id == token_id))


class Wish(Struct, frozen=True, kw_only=True):
    """Where an app wants to be told, and its keys, checked by whoever made this."""

    endpoint: str
    p256dh: str
    auth: str
    is_standard: bool


async def subscribe(
    session: AsyncSession, wish: Wish, *, by: Staff, token_id: int, alerts: Iterable[str], policy: Of
) -> PushSubscription:
    """Tell an app from now on; what it had wanted before is forgotten."""
    await unsubscribe(session, token_id)
    made = PushSubscription(
        token_id=token_id,
        account_id=by.account_id,
        endpoint=wish.endpoint,
        p256dh=wish.p256dh,
        auth=wish.auth,
        is_standard=wish.is_standard,
        alerts=sorted(set(alerts)),
        policy=policy,
        created_at=now(),
    )
    session.add(made)
    await session.flush()
    return made


async def unsubscribe(session: AsyncSession, token_id: int) -> None:
    """Tell an app no more; silent when it never was told."""
    await session.execute(delete(PushSubscription).where(PushSubscription.token_id == token_id))


async def key(session: AsyncSession) -> VapidKey | None:
    return await session.get(VapidKey, _KEY)


async def keep_key(session: AsyncSession, *, public: str, private: bytes) -> None:
    """Store our key, unless somebody was faster: theirs counts then."""
    row = {"id": _KEY, "public": public, "private": private, "created_at": now()}
    await session.execute(insert_into(session, VapidKey).values(row).on_conflict_do_nothing())


# Made from the journal


async def _notified(session: AsyncSession, entry: journal.Notified) -> None:
    told = await session.get(Notification, entry.notification_id)
    if told is None or not instance_of(session).push.enabled:
        return
    wanting = await session.scalars(
        select(PushSubscription)
        .join(AccessToken, AccessToken.id == PushSubscription.token_id)
        .where(
            PushSubscription.account_id == entry.account_id,
            PushSubscription.created_at <= told.created_at,
            AccessToken.revoked_at.is_(None),
        )
    )
    for subscription in wanting.all():
        if str(told.type) in subscription.alerts and await _is_of_interest(session, subscription, told):
            session.add(Push(id=new_id(), subscription_id=subscription.id, notification_id=told.id))
            session.info[QUEUED] = True


async def _is_of_interest(session: AsyncSession, subscription: PushSubscription, told: Notification) -> bool:
    if subscription.policy in (Of.ALL, Of.NONE):
        return subscription.policy == Of.ALL
    mine = (await session.get_one(Account, subscription.account_id)).actor_id
    pair = (mine, told.from_id) if subscription.policy == Of.FOLLOWED else (told.from_id, mine)
    follows = select(Follow.id).where(
        Follow.follower_id == pair[0], Follow.followee_id == pair[1], Follow.accepted_at.is_not(None)
    )
    return await session.scalar(follows) is not None


async def _of_interest(database: Database, entries: list[journal.Entry]) -> list[journal.Entry]:
    """Most people have no app that wants to be told."""
    accounts = {entry.account_id for entry in entries if isinstance(entry, journal.Notified)}
    wanting = select(PushSubscription.account_id).where(PushSubscription.account_id.in_(accounts))
    async with database.reading() as session:
        found = set(await session.scalars(wanting))
    return [entry for entry in entries if isinstance(entry, journal.Notified) and entry.account_id in found]


CONSUMER = journal.consumer("pushes", {journal.Notified: _notified}, sieve=_of_interest)


# Sending


class Notice(Struct, frozen=True, kw_only=True):
    """What a push is about. `name` and `text` are there only when both may be told through a push service."""

    notification_id: int
    type: NotificationType
    locale: str
    name: str | None = None
    html: str | None = None


class Claimed(Struct, frozen=True, kw_only=True):
    """A push in hand: to where, for whom, and what it says."""

    id: int
    subscription_id: int
    attempt: int
    created_at: datetime
    endpoint: str
    p256dh: str
    auth: str
    is_standard: bool
    message: bytes


class Ending(StrEnum):
    """What came of an attempt. AGAIN: it may yet succeed; REFUSED: this one never will; GONE: no app is there."""

    DELIVERED = "delivered"
    AGAIN = "again"
    REFUSED = "refused"
    GONE = "gone"


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next push may be tried; None while nothing waits, or nothing may leave at all."""
    return await session.scalar(_NEXT)


async def claim(
    session: AsyncSession, *, most: int, host_of: Callable[[str], str], write: Callable[[Notice], bytes]
) -> list[Claimed]:
    """Take what is due, decide about each anew, and enter what leaves in the ledger; the rest is dropped.

    The time of the next attempt is written with it, so that a crash cannot hammer a push service.
    """
    moment = now()
    due = select(Push).where(Push.next_attempt_at <= moment, halts.none()).order_by(Push.next_attempt_at).limit(most)
    taken: list[Claimed] = []
    for push in (await session.scalars(due.with_for_update(skip_locked=True))).all():
        made = await _prepared(session, push, host_of=host_of, write=write)
        if made is None:
            await session.execute(delete(Push).where(Push.id == push.id))
            continue
        push.attempts += 1
        push.next_attempt_at = moment + _wait(push.attempts)
        taken.append(made)
    await session.flush()
    return taken


async def _prepared(
    session: AsyncSession, push: Push, *, host_of: Callable[[str], str], write: Callable[[Notice], bytes]
) -> Claimed | None:
    row = (
        await session.execute(
            select(PushSubscription, Account)
            .join(AccessToken, AccessToken.id == PushSubscription.token_id)
            .join(Account, Account.id == PushSubscription.account_id)
            .where(
                PushSubscription.id == push.subscription_id,
                AccessToken.revoked_at.is_(None),
                Account.disabled_at.is_(None),
            )
            .options(joinedload(Account.actor))
        )
    ).first()
    if row is None:
        return None
    subscription, account = row
    own = notifications.of_account(staff(account)).where(
        Notification.id == push.notification_id, Notification.read_at.is_(None)
    )
    told = await session.scalar(own)
    if told is None:
        return None
    host = host_of(subscription.endpoint)
    decision = await egress.decide_push(session, told, host=host)
    notice = Notice(notification_id=told.id, type=told.type, locale=account.locale)
    if decision.rule == egress.PUSH_SAYS_ALL:
        html = (told.post.warning or told.post.html) if told.post is not None else None
        notice = Notice(
            notification_id=told.id, type=told.type, locale=account.locale, name=told.by.shown_name, html=html
        )
    message = write(notice)
    is_stopped = decision.answer is not egress.Answer.GO
    if is_stopped or push.attempts == 0:
        fact = ledger.Fact(
            outcome=Outcome.STOPPED if is_stopped else Outcome.SENT,
            what="Push",
            actor=account.actor.username,
            rule=decision.rule,
            post_id=told.post_id,
            hosts=(host,),
            digest="" if is_stopped else hashlib.sha256(message).hexdigest(),
        )
        await ledger.append(session, fact)
    if is_stopped:
        return None
    return Claimed(
        id=push.id,
        subscription_id=subscription.id,
        attempt=push.attempts + 1,
        created_at=push.created_at,
        endpoint=subscription.endpoint,
        p256dh=subscription.p256dh,
        auth=subscription.auth,
        is_standard=subscription.is_standard,
        message=message,
    )


def _wait(attempt: int) -> timedelta:
    return BACK_OFF[min(attempt, len(BACK_OFF)) - 1]


class Result(Struct, frozen=True, kw_only=True):
    """How an attempt ended; `wait` is what the service asked for."""

    claimed: Claimed
    ending: Ending
    wait: timedelta = timedelta(0)


async def note(session: AsyncSession, results: Sequence[Result]) -> None:
    """Write down how attempts ended; after a day a push is given up, and who is gone is told nothing any more."""
    moment = now()
    over: list[int] = []
    gone: set[int] = set()
    for result in results:
        claimed = result.claimed
        if result.ending is Ending.GONE:
            gone.add(claimed.subscription_id)
        elif result.ending is Ending.AGAIN:
            following = moment + max(_wait(claimed.attempt), result.wait)
            if following - claimed.created_at > GIVE_UP_AFTER:
                over.append(claimed.id)
            else:
                same: Any = (Push.id == claimed.id, Push.attempts == claimed.attempt)
                await session.execute(update(Push).where(*same).values(next_attempt_at=following))
        else:
            over.append(claimed.id)
    if over:
        await session.execute(delete(Push).where(Push.id.in_(over)))
    if gone:
        await session.execute(delete(Push).where(Push.subscription_id.in_(gone)))
        await session.execute(delete(PushSubscription).where(PushSubscription.id.in_(gone)))
