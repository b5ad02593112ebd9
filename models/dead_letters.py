"""Deliveries that were given up: they stay readable, until an admin takes them up again or drops them."""

from collections.abc import Collection
from datetime import timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, CursorResult, Select, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, contains_eager

from models import audit, breakers, policy
from models.base import now
from models.tables import Activity, Delivery, DeliveryState, Group, Post
from models.viewers import Staff

KEPT = timedelta(days=90)
RETRIED = "dead_letters_retried"
DROPPED = "dead_letters_dropped"
_TAKES_BACK = frozenset({"Delete", "Undo", "Reject", "Block", "Remove"})


class Retried(Struct, frozen=True):
    """How many are tried again, and how many must not be: taken back since, replaced, or their group was closed."""

    again: int = 0
    outdated: int = 0


def listed(viewer: Staff, *, host: str | None = None) -> Select[Delivery]:
    """The dead letters of a host or of all, the latest first, each with its activity. Raises NotAllowed."""
    policy.must_administer(viewer)
    found = (
        select(Delivery)
        .join(Activity, Activity.id == Delivery.activity_id)
        .options(contains_eager(Delivery.activity))
        .where(Delivery.state == DeliveryState.FAILED)
        .order_by(Delivery.turned_at.desc(), Delivery.id.desc())
    )
    return found.where(Delivery.host == host) if host is not None else found


async def retry(
    session: AsyncSession, host: str, *, by: Staff | None = None, ids: Collection[int] | None = None
) -> Retried:
    """Queue the dead letters of a host again, or those of `ids`, at their old places in the order.

    What says something that is true no longer is dropped instead: of a post that was deleted, or removed from its
    group, a change that another one followed, of a group that the host has no part in any more. `by` is None for the
    command line.

    Raises:
        NotAllowed: `by` is no admin.
    """
    policy.must_administer(by)
    dead = _of(host, ids)
    outdated = await _end(session, and_(dead, Delivery.activity_id.in_(await _outdated(session, host))))
    waits_again = await session.execute(
        update(Delivery)
        .where(dead)
        .values(
            state=DeliveryState.QUEUED,
            # whether it arrived unseen then is still unknown: it counts as tried once
            attempts=case((Delivery.attempts > 0, 1), else_=0),
            error="",
            status=None,
            turned_at=now(),
            next_attempt_at=now(),
        )
    )
    count = waits_again.rowcount if isinstance(waits_again, CursorResult) else 0
    audit.note(session, RETRIED, by=by, host=host, count=count, outdated=outdated)
    if count:
        await breakers.wake(session, host)
    return Retried(count, outdated)


async def drop(session: AsyncSession, host: str, *, by: Staff | None = None, ids: Collection[int] | None = None) -> int:
    """Give up for good what was given up; how many. Raises NotAllowed: `by` is no admin."""
    policy.must_administer(by)
    count = await _end(session, _of(host, ids))
    audit.note(session, DROPPED, by=by, host=host, count=count)
    return count


async def sweep(session: AsyncSession) -> int:
    """Drop what was given up three months ago; how many. That it was never delivered stays in the ledger."""
    given_up = func.coalesce(Delivery.turned_at, Delivery.next_attempt_at)  # earlier releases did not note when
    return await _end(session, and_(Delivery.state == DeliveryState.FAILED, given_up < now() - KEPT))


def _of(host: str, ids: Collection[int] | None) -> ColumnElement[bool]:
    dead = and_(Delivery.state == DeliveryState.FAILED, Delivery.host == host)
    return dead if ids is None else and_(dead, Delivery.id.in_(list(ids)))


async def _end(session: AsyncSession, which: ColumnElement[bool]) -> int:
    ended = await session.execute(update(Delivery).where(which).values(state=DeliveryState.CANCELLED))
    return ended.rowcount if isinstance(ended, CursorResult) else 0


async def _outdated(session: AsyncSession, host: str) -> Select[int]:
    """The activities that must not go to a host any more; what takes something back always may."""
    newer = aliased(Activity)
    replaced = exists().where(
        Activity.type == "Update",
        newer.object_uri == Activity.object_uri,
        newer.actor_id == Activity.actor_id,
        newer.type.in_(("Update", "Delete")),
        newer.id > Activity.id,
    )
    gone = or_(Post.deleted_at.is_not(None), Post.removed_at.is_not(None))
    withdrawn = exists().where(Post.id == Activity.post_id, gone)
    concerned = await session.scalars(
        select(Group)
        .join(Activity, Activity.group_id == Group.id)
        .join(Delivery, Delivery.activity_id == Activity.id)
        .where(Delivery.state == DeliveryState.FAILED, Delivery.host == host)
        .distinct()
    )
    closed = [group.id for group in concerned.all() if not await policy.may_follow_group(session, host, group)]
    return select(Activity.id).where(
        Activity.type.not_in(_TAKES_BACK), or_(withdrawn, replaced, Activity.group_id.in_(closed))
    )
