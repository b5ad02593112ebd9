"""Notifications of many things that happened in a row: each is told, and what is the same for all is asked once."""

from sqlalchemy import event, select

from models import notifications
from models.tables import JournalEntry, Notification, NotificationType
from tests.world import World


async def test_what_happened_in_a_row_is_told_in_its_order_and_asked_about_together(world: World) -> None:
    await notifications.CONSUMER.catch_up(world.database)
    posts = [await world.grace.writes(f"@ada number {number}") for number in range(4)]
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(world.database.engine.sync_engine, "before_cursor_execute", note)
    try:
        await notifications.CONSUMER.catch_up(world.database)
    finally:
        event.remove(world.database.engine.sync_engine, "before_cursor_execute", note)

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
    through = [one for one in asked if one.startswith("INSERT INTO journal")]
    assert len(through) == (0 if world.database.is_sqlite else 1)  # SQLite is told straight
    assert len([one for one in asked if "FROM accounts JOIN actors" in one or "WHERE accounts.actor_id" in one]) == 1
    assert not [one for one in asked if one.startswith("SELECT posts.id, posts.uri") and "posts.id IN" not in one]
