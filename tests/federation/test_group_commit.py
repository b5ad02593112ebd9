"""What many requests write or ask at the same moment: done together, told apart, and nobody suffers for a neighbour."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.group_commit import GroupCommit, GroupQuestions
from models import audit
from models.database import Database
from models.tables import AuditLine


async def test_who_asks_at_the_same_moment_is_answered_together_and_a_bad_question_alone(database: Database) -> None:
    together: list[Sequence[int]] = []

    async def halves(_session: AsyncSession, numbers: Sequence[int]) -> list[int]:
        together.append(list(numbers))
        if 7 in numbers:
            raise ValueError("odd")
        return [number // 2 for number in numbers]

    async def asks(number: int, rounds: int) -> int:
        for _ in range(rounds):  # its request is looked at a little later
            await asyncio.sleep(0)
        return await questions.add(database, halves, number)

    questions = GroupQuestions()
    assert await asyncio.gather(asks(2, 0), asks(4, 0), asks(6, 1), asks(8, 2)) == [1, 2, 3, 4]
    assert together == [[2, 4, 6, 8]]

    good, bad = await asyncio.gather(asks(2, 0), asks(7, 0), return_exceptions=True)
    assert good == 1
    assert isinstance(bad, ValueError)


async def test_a_write_that_fails_takes_no_neighbour_along(database: Database) -> None:
    async def notes(session: AsyncSession) -> None:
        audit.note(session, "kept", host="north.example")

    async def fails(_session: AsyncSession) -> None:
        raise ValueError("no")

    commits = GroupCommit()
    _, error = await asyncio.gather(
        commits.write(database, notes), commits.write(database, fails), return_exceptions=True
    )
    assert isinstance(error, ValueError)
    async with database.reading() as session:
        assert (await session.scalars(select(AuditLine.action).where(AuditLine.action == "kept"))).all() == ["kept"]


async def test_a_batch_waits_a_moment_for_those_who_are_on_their_way_but_not_for_long(database: Database) -> None:
    together: list[int] = []

    async def count(_session: AsyncSession, ones: Sequence[int]) -> list[int]:
        together.append(len(ones))
        return list(ones)

    coming = 2
    commits = GroupCommit(coming=lambda: coming)

    async def late() -> int:
        await asyncio.sleep(0.0015)
        return await commits.add(database, count, 2)

    assert await asyncio.gather(commits.add(database, count, 1), late()) == [1, 2]
    assert await commits.add(database, count, 3) == 3  # the other one never comes
    assert together == [2, 1]
