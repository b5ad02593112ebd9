"""What goes to the database straight belongs to the same transaction as everything else, and means the same."""

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from models import journal
from models.base import now
from models.database import CONNECTION, Database
from models.direct import Direct
from models.tables import Actor, IdempotencyKey, JournalEntry, Post, Visibility
from tests.world import World

KEYS = IdempotencyKey.__table__
ADD = Direct(insert(KEYS))  # type: ignore[arg-type]
FIND = Direct(
    select(IdempotencyKey.key, IdempotencyKey.created_at).where(
        IdempotencyKey.post_id == bindparam("post_id"), IdempotencyKey.key != "hidden"
    )
)


async def _keys(database: Database) -> list[str]:
    async with database.reading() as session:
        return sorted(await session.scalars(select(IdempotencyKey.key)))


def _row(world: World, key: str) -> dict[str, object]:
    return {"account_id": world.ada.staff.account_id, "key": key, "post_id": 7, "created_at": now()}


async def test_values_go_in_and_come_out_as_with_sqlalchemy(world: World) -> None:
    post = await world.ada.writes("Hello", visibility=Visibility.COMPANY)
    find = Direct(select(Post.kind, Post.created_at, Post.is_local, Post.emoji).where(Post.id == bindparam("id")))
    rows = []
    async with world.database.writing() as session:
        assert CONNECTION in session.info
        rows.append(list(map(tuple, await find(session, {"id": post.id}))))
    async with world.database.reading() as session:
        rows.append(list(map(tuple, await find(session, {"id": post.id}))))
    assert rows[0] == rows[1] == [(post.kind, post.created_at, True, [])]


async def test_it_sees_what_was_done_before_and_is_seen_after(world: World) -> None:
    row = _row(world, "one")
    async with world.database.writing() as session:
        session.add(IdempotencyKey(**row))
        await ADD(session, _row(world, "two"))
        await ADD(session, _row(world, "hidden"))
        assert sorted(key for key, _ in await FIND(session, {"post_id": 7})) == ["one", "two"]
        assert await session.scalar(select(IdempotencyKey.created_at).where(KEYS.c.key == "one")) == row["created_at"]
        session.add(IdempotencyKey(**_row(world, "three")))
    assert await _keys(world.database) == ["hidden", "one", "three", "two"]


async def test_it_is_taken_back_with_its_transaction_and_with_a_part_of_it(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with world.database.writing() as session:
            await ADD(session, _row(world, "one"))
            raise ZeroDivisionError
    with pytest.raises(IntegrityError):
        async with world.database.writing() as session:
            await ADD(session, _row(world, "two"))
            await ADD(session, _row(world, "two"))
    assert await _keys(world.database) == []

    async with world.database.writing() as session:
        await ADD(session, _row(world, "three"))
        with pytest.raises(ZeroDivisionError):
            async with session.begin_nested():
                await ADD(session, _row(world, "four"))
                raise ZeroDivisionError
    assert await _keys(world.database) == ["three"]


async def test_nothing_remains_of_a_transaction_that_only_began(world: World) -> None:
    async with world.database.writing():
        pass
    with pytest.raises(ZeroDivisionError):
        async with world.database.writing():
            raise ZeroDivisionError
    async with world.database.writing() as session:
        actor = await session.get_one(Actor, world.ada.id)
        actor.display_name = "Ada L."
        await ADD(session, _row(world, "one"))
    assert await _keys(world.database) == ["one"]
    async with world.database.reading() as session:
        assert (await session.get_one(Actor, world.ada.id)).display_name == "Ada L."


async def test_entries_of_the_journal_stand_in_the_order_in_which_they_were_told(world: World) -> None:
    async with world.database.writing() as session:
        journal.record(session, journal.ActorChanged(1))
        await journal.record_all(session, [journal.ActorChanged(2), journal.PartnerChanged(3, "a.test")])
        journal.record(session, journal.ActorChanged(4))
    async with world.database.reading() as session:
        rows = (await session.execute(select(JournalEntry.kind, JournalEntry.facts).order_by(JournalEntry.id))).all()
    assert [tuple(row) for row in rows[-4:]] == [
        ("ActorChanged", {"actor_id": 1}),
        ("ActorChanged", {"actor_id": 2}),
        ("PartnerChanged", {"partner_id": 3, "host": "a.test"}),
        ("ActorChanged", {"actor_id": 4}),
    ]
