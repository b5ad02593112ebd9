"""What somebody was told: their own, as far as they may still see what it is about; and what they did with it."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import markers, policy
from models.base import now
from models.notifications.telling import OF_OTHERS
from models.prepared import prepare
from models.tables import Actor, Group, Notification, NotificationType, Post
from models.viewers import Staff


def of_account(viewer: Staff, *, filtered: bool = False) -> Select[Notification]:
    """One's own, newest first; what concerns a post only while one may see it, and of people while one hears them.

    What waits until its sender is let in is left out, unless `filtered`.
    """
    told = (
        select(Notification)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(
            Notification.account_id == viewer.account_id,
            Notification.post_id.is_(None) | policy.sees_post(viewer),
            _is_heard(viewer),
        )
    )
    return (
        (told if filtered else told.where(~Notification.is_filtered))
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


def _is_heard(viewer: Staff) -> ColumnElement[bool]:
    unheard = policy.unheard(viewer, notifications=True)
    return or_(policy.hears_all(viewer), Notification.type.not_in(OF_OTHERS), Notification.from_id.not_in(unheard))


async def count_unread(session: AsyncSession, viewer: Staff) -> int:
    statement, known = prepare(viewer, _count_of_unread)
    return await session.scalar(statement, known) or 0


def _count_of_unread(viewer: Staff) -> Select[int]:
    unread = of_account(viewer).options().order_by(None).where(Notification.read_at.is_(None))
    return select(func.count()).select_from(unread.with_only_columns(Notification.id).subquery())


async def mark_all_read(session: AsyncSession, *, by: Staff) -> None:
    """Mark all as read, also for one's clients, which count from their marker."""
    newest = await session.scalar(select(func.max(Notification.id)).where(Notification.account_id == by.account_id))
    if newest is not None:
        await mark_read(session, by=by, up_to=newest)
        await markers.move(session, {"notifications": newest}, by=by)


async def mark_read(session: AsyncSession, *, by: Staff, up_to: int) -> None:
    unread = update(Notification).where(Notification.account_id == by.account_id, Notification.read_at.is_(None))
    await session.execute(unread.where(Notification.id <= up_to).values(read_at=now()))


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
