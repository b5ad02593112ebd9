"""Notifications of many things that happened in a row: each is told, and what is the same for all is asked once."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, select

from models import notifications
from models.database import Database
from models.tables import JournalEntry, Notification, NotificationType
from tests.world import World


@contextmanager
def _asked_of(database: Database) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_what_happened_in_a_row_is_told_in_its_order_and_asked_about_together(world: World) -> None:
    await notifications.CONSUMER.catch_up(world.database)
    posts = [await world.grace.writes(f"@ada number {number}") for number in range(4)]
    with _asked_of(world.database) as asked:
        await notifications.CONSUMER.catch_up(world.database)

    async with world.database.reading() as session:
        told = (
            await session.execute(
                select(Notification.id, Notification.post_id, Notification.type)
                .where(Notification.post_id.is_not(None))
                .order_by(Notification.id)
            )
        ).all()
        written = await session.scalars(
            select(JournalEntry).where(JournalEntry.kind == "Notified").order_by(JournalEntry.id)
        )
        journalled = [entry.facts["notification_id"] for entry in written]
    assert [(post_id, type) for _, post_id, type in told] == [(post.id, NotificationType.MENTION) for post in posts]
    assert journalled[-4:] == [row.id for row in told]
    loads = [one for one in asked if one.startswith("SELECT posts.id, posts.uri")]
    assert loads and all("posts.id IN" in one or "posts.id = ANY" in one for one in loads)


async def test_eight_posts_that_name_several_people_are_asked_about_as_two_are(world: World) -> None:
    await notifications.CONSUMER.catch_up(world.database)
    asked_for = []
    for count in (2, 8):
        for number in range(count):
            by, other = (world.grace, "joan") if number % 2 else (world.joan, "grace")
            await by.writes(f"@ada @{other} number {number}")
        with _asked_of(world.database) as asked:
            await notifications.CONSUMER.catch_up(world.database)
        asked_for.append([one.partition(" IN (")[0] for one in asked])

    async with world.database.reading() as session:
        rows = select(Notification.account_id, Notification.post_id, Notification.type)
        told = (await session.execute(rows)).all()
    assert len([row for row in told if row.type is NotificationType.MENTION]) == 2 * (2 + 8)
    assert asked_for[0] == asked_for[1]
