"""How far somebody has read what was written to them."""

from sqlalchemy import text

from models import conversations, migrations
from tests.world import Person, World

_AS_BEFORE = (
    "DROP TABLE conversations",
    "ALTER TABLE accounts DROP COLUMN posts_for",
    "ALTER TABLE accounts DROP COLUMN posts_sensitive",
    "ALTER TABLE accounts DROP COLUMN posts_language",
    "DROP INDEX ix_posts_of_author",
    "DROP INDEX ix_posts_of_group",
    "UPDATE alembic_version SET version_num = '0010'",
)


async def unread(person: Person, *message_ids: int) -> list[int]:
    async with person.database.reading() as session:
        talks = await conversations.told_by(session, person.staff, message_ids)
    return [message_id for message_id in message_ids if talks[message_id].is_unread]


async def test_what_was_written_before_it_was_noted_counts_as_read(world: World) -> None:
    old = await world.ada.tells(world.grace)
    assert await unread(world.grace, old.id) == [old.id]
    async with world.database.engine.begin() as connection:
        for step in _AS_BEFORE:
            await connection.execute(text(step))

    assert await migrations.upgrade(world.database) == ["0011", "0012"]

    new = await world.ada.replies(old, "And then? @grace")
    assert await unread(world.grace, old.id, new.id) == [new.id]
