"""Whose notifications somebody wants only after asking: their policy, who waits, and letting them in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import journal
from models.base import insert_into, now
from models.notifications.reading import of_account
from models.paging import Page, rows_of
from models.tables import Attitude, Notification, NotificationPermission, NotificationPolicy
from models.viewers import Staff

SORTS = ("not_following", "not_followers", "new_accounts", "private_mentions", "limited_accounts")


async def policy_of(session: AsyncSession, viewer: Staff) -> dict[str, Attitude]:
    """What `viewer` chose for each of `SORTS`."""
    found = await session.get(NotificationPolicy, viewer.account_id)
    return {sort: getattr(found, sort) if found is not None else Attitude.ACCEPT for sort in SORTS}


async def choose(session: AsyncSession, chosen: Mapping[str, Attitude], *, by: Staff) -> None:
    """Change what becomes of notifications of some `SORTS`; what was told already stays as it is."""
    found = await session.get(NotificationPolicy, by.account_id)
    if found is None:
        found = NotificationPolicy(account_id=by.account_id, **dict.fromkeys(SORTS, Attitude.ACCEPT))
        session.add(found)
    for sort, attitude in chosen.items():
        setattr(found, sort, attitude)
    if all(getattr(found, sort) is Attitude.ACCEPT for sort in SORTS):
        await session.flush()
        await session.delete(found)  # who accepts everything costs nothing
    await session.flush()


class Request(NamedTuple):
    """Somebody whose notifications wait. `id` is that of the first of them, `last_id` that of the newest."""

    id: int
    from_id: int
    last_id: int
    told: int


def _waiting(viewer: Staff) -> Any:
    return (
        of_account(viewer, filtered=True)
        .order_by(None)
        .where(Notification.is_filtered)
        .with_only_columns(
            func.min(Notification.id).label("id"),
            Notification.from_id.label("from_id"),
            func.max(Notification.id).label("last_id"),
            func.count().label("told"),
        )
        .group_by(Notification.from_id)
        .subquery()
    )


async def waiting(session: AsyncSession, viewer: Staff, page: Page) -> list[Request]:
    """Who waits to be let in, the latest to begin first; page by `Request.id`."""
    found = _waiting(viewer)
    return [Request(*row) for row in await rows_of(session, select(found), found.c.id, page)]


async def one_waiting(session: AsyncSession, viewer: Staff, request_ids: Iterable[int]) -> list[Request]:
    """Those of some requests that are there."""
    found = _waiting(viewer)
    rows = await session.execute(select(found).where(found.c.id.in_(list(request_ids))))
    return [Request(*row) for row in rows]


async def counts(session: AsyncSession, viewer: Staff) -> tuple[int, int]:
    """How many people wait, and how many notifications of theirs."""
    found = _waiting(viewer)
    row = (
        await session.execute(select(func.count(), func.coalesce(func.sum(found.c.told), 0)).select_from(found))
    ).one()
    return int(row[0]), int(row[1])


async def accept(session: AsyncSession, requests: Sequence[Request], *, by: Staff) -> None:
    """Let people in: what waits is told, and what comes from them is not filtered again."""
    if not requests:
        return
    rows = [{"account_id": by.account_id, "from_id": each.from_id, "created_at": now()} for each in requests]
    await session.execute(insert_into(session, NotificationPermission).values(rows).on_conflict_do_nothing())
    await session.execute(update(Notification).where(*_of(by, requests)).values(is_filtered=False))
    journal.record(session, journal.NotificationsMerged(by.account_id))


async def turn_away(session: AsyncSession, requests: Sequence[Request], *, by: Staff) -> None:
    """Throw away what waits from some people. They may ask again, and do not learn of it."""
    await session.execute(delete(Notification).where(*_of(by, requests)))


def _of(by: Staff, requests: Sequence[Request]) -> tuple[Any, ...]:
    senders = [each.from_id for each in requests]
    return Notification.account_id == by.account_id, Notification.is_filtered, Notification.from_id.in_(senders)
