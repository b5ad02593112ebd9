"""Notifications as lines that stand for many: thanks for one post, boosts of one, those who follow one now.

The newest notification of a line stands for it, so that a page of lines is a page of notifications that have no newer
one beside them, and no line comes twice however one pages.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import policy
from models.notifications.reading import of_account
from models.prepared import prepare
from models.tables import Actor, Notification, NotificationType
from models.viewers import Staff

SAMPLED = 8
_NEWER = aliased(Notification)
_KEYS: Any = bindparam("group_keys", expanding=True)


def is_head(viewer: Staff, together: Iterable[NotificationType], *, filtered: bool = False) -> ColumnElement[bool]:
    """Condition on a notification: it stands for its line, when those of the types `together` share lines."""
    newer = [
        _NEWER.account_id == viewer.account_id,
        _NEWER.group_key == Notification.group_key,
        _NEWER.group_key != "",
        _NEWER.id > Notification.id,
        _NEWER.from_id.not_in(policy.unheard(viewer, notifications=True)),
    ]
    if not filtered:
        newer.append(~_NEWER.is_filtered)
    stands_alone = or_(Notification.group_key == "", Notification.type.not_in(list(together)))
    return or_(stands_alone, ~exists().where(*newer))


class Gathered(NamedTuple):
    """What a line stands for: how many, from when to when, and who, the newest first."""

    told: int
    first_id: int
    latest_at: datetime
    people: list[tuple[int, int]]
    """Ids and versions of at most `SAMPLED` actors."""


async def gathered(session: AsyncSession, viewer: Staff, keys: Iterable[str]) -> dict[str, Gathered]:
    """What some lines stand for, by key; in one statement."""
    wanted = list(keys)
    found: dict[str, Gathered] = {}
    if not wanted:
        return found
    statement, values = prepare(viewer, _gathered)
    for key, told, first_id, latest_at, from_id, version in await session.execute(
        statement, {**values, "group_keys": wanted}
    ):
        line = found.setdefault(key, Gathered(told, first_id, latest_at, []))
        if (from_id, version) not in line.people:
            line.people.append((from_id, version))
    return found


def _gathered(viewer: Staff) -> Any:
    own = Notification.group_key
    told = (
        _of_lines(viewer)
        .join(Actor, Actor.id == Notification.from_id)
        .with_only_columns(
            Notification.group_key.label("key"),
            func.count().over(partition_by=own).label("told"),
            func.min(Notification.id).over(partition_by=own).label("first_id"),
            func.max(Notification.created_at).over(partition_by=own).label("latest_at"),
            Notification.from_id.label("from_id"),
            Actor.version.label("version"),
            Notification.id.label("id"),
            func.row_number().over(partition_by=own, order_by=Notification.id.desc()).label("place"),
        )
        .subquery()
    )
    columns = (told.c.key, told.c.told, told.c.first_id, told.c.latest_at, told.c.from_id, told.c.version)
    return select(*columns).where(told.c.place <= SAMPLED).order_by(told.c.id.desc())


def _of_lines(viewer: Staff) -> Select[Any]:
    lines: Select[Any] = of_account(viewer).order_by(None).where(Notification.group_key.in_(_KEYS))
    return lines.where(Notification.group_key != "")


async def people_of(session: AsyncSession, viewer: Staff, key: str, *, most: int) -> list[tuple[int, int]]:
    """Everybody a line stands for, the newest first: ids and versions of actors."""
    statement, values = prepare(viewer, _people_of)
    rows = await session.execute(statement.limit(most), {**values, "group_keys": [key]})
    return [(from_id, version) for from_id, version, _ in rows]


def _people_of(viewer: Staff) -> Any:
    newest = func.max(Notification.id)
    people = _of_lines(viewer).join(Actor, Actor.id == Notification.from_id)
    return (
        people.with_only_columns(Notification.from_id, Actor.version, newest)
        .group_by(Notification.from_id, Actor.version)
        .order_by(newest.desc())
    )


async def dismiss_line(session: AsyncSession, key: str, *, by: Staff) -> None:
    """Throw away all that a line stands for."""
    mine = (Notification.account_id == by.account_id, Notification.group_key == key, Notification.group_key != "")
    await session.execute(delete(Notification).where(*mine))
