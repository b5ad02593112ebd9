"""The chain of the ledger: nobody changes a byte of it unseen."""

import asyncio

import pytest
from sqlalchemy import delete, select, update

from models import ledger
from models.tables import LedgerLine, Outcome
from tests.world import NORTHWIND, World


async def _enter(world: World, number: int) -> None:
    async with world.database.writing() as session:
        await ledger.append(
            session,
            ledger.Fact(
                outcome=Outcome.SENT, what="Create", actor="ada", rule="gate", digest=f"d{number}", hosts=[NORTHWIND]
            ),
        )


async def _broken(world: World) -> list[int]:
    async with world.database.reading() as session:
        return list(await ledger.verify(session))


async def _lines(world: World) -> list[LedgerLine]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(LedgerLine).order_by(LedgerLine.id)))


async def test_a_chain_that_nobody_touched_holds(world: World) -> None:
    for number in range(5):
        await _enter(world, number)
    assert len(await _lines(world)) == 6  # and the line about Eastwind's suspension
    assert await _broken(world) == []


BY_HAND = [
    ("digest", "forged"),
    ("actor", "grace"),
    ("rule", "agreement"),
    ("approved_by", "grace"),
    ("object_uri", "http://elsewhere"),
    ("what", "Delete"),
    ("outcome", Outcome.HELD),
    ("hosts", ["mallory.localhost"]),
    ("post_id", 7),
    ("revision", 7),
    ("group_id", 7),
    ("previous", "0" * 64),
    ("hash", "f" * 64),
]


async def test_a_line_changed_by_hand_shows(world: World, subtests: pytest.Subtests) -> None:
    for number in range(3):
        await _enter(world, number)
    line = (await _lines(world))[2]
    assert await _broken(world) == []

    async def change(column: str, value: object) -> None:
        async with world.database.writing() as session:
            await session.execute(update(LedgerLine).where(LedgerLine.id == line.id).values({column: value}))

    for column, value in BY_HAND:
        with subtests.test(column):
            await change(column, value)
            assert line.id in await _broken(world)
        await change(column, getattr(line, column))
    assert await _broken(world) == []


async def test_a_line_taken_out_shows(world: World) -> None:
    for number in range(3):
        await _enter(world, number)
    lines = await _lines(world)
    async with world.database.writing() as session:
        await session.execute(delete(LedgerLine).where(LedgerLine.id == lines[1].id))
    assert await _broken(world) == [lines[2].id]


async def test_a_moment_changed_by_one_second_shows(world: World) -> None:
    await _enter(world, 1)
    line = (await _lines(world))[-1]
    moved = line.at.replace(second=(line.at.second + 1) % 60)
    async with world.database.writing() as session:
        await session.execute(update(LedgerLine).where(LedgerLine.id == line.id).values(at=moved))
    assert await _broken(world) == [line.id]


async def test_lines_written_at_the_same_time_stay_one_chain(world: World) -> None:
    await asyncio.gather(*(_enter(world, number) for number in range(12)))
    assert len(await _lines(world)) == 13
    assert await _broken(world) == []


async def test_a_line_of_a_transaction_that_failed_leaves_no_gap_in_the_chain(world: World) -> None:
    await _enter(world, 1)
    with pytest.raises(RuntimeError):
        async with world.database.writing() as session:
            await ledger.append(session, ledger.Fact(outcome=Outcome.SENT, what="Create", actor="ada", rule="gate"))
            raise RuntimeError("the verb failed after its line")
    await _enter(world, 2)
    assert await _broken(world) == []
    assert [line.digest for line in await _lines(world)] == ["", "d1", "d2"]


@pytest.mark.parametrize(("who", "reads"), [("alan", True), ("grace", True), ("ada", False), ("joan", False)])
async def test_only_those_who_answer_for_it_read_the_ledger(world: World, who: str, reads: bool) -> None:
    async with world.database.reading() as session:
        lines = (await session.scalars(ledger.lines(getattr(world, who).staff))).all()
    assert bool(lines) is reads


async def test_lines_are_found_by_company_outcome_and_word(world: World) -> None:
    await _enter(world, 1)
    post = await world.ada.writes("Figures", group=world.alpine)

    async def found(**wanted: object) -> list[str]:
        async with world.database.reading() as session:
            lines = await session.scalars(ledger.filtered(world.grace.staff, ledger.Filter(**wanted)))  # type: ignore[arg-type]
            return [str(line.outcome) for line in lines]

    assert await found(host=NORTHWIND) == ["held", "sent"]
    assert await found(outcomes=[Outcome.HELD]) == ["held"]
    assert await found(word=post.uri[-8:]) == ["held"]
    assert await found(word="%") == []
    assert await found(host="northwind") == []
