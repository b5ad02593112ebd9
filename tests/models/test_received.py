"""The queue of what came in: kept once, in order for each host, never losing its neighbours to one that is poison."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models import received
from models.received import Arrived, Claimed
from models.tables import Received, ReceivedState
from tests.time import Clock
from tests.world import EASTWIND, NORTHWIND, SOUTHWIND, World


async def _store(world: World, uri: str, *, host: str = NORTHWIND) -> int | None:
    async with world.database.writing() as session:
        [number] = await received.store(session, [_arrived(uri, host=host)])
        return number


def _arrived(uri: str, *, host: str = NORTHWIND, **more: Any) -> Arrived:
    return Arrived(
        **{"uri": uri, "host": host, "type": "Create", "actor_uri": f"http://{host}/u", "body": uri.encode(), **more}
    )


async def _waiting(session: AsyncSession, **more: Any) -> received.Waiting:
    return await received.waiting(session, **{"types": ["Create"], "limit": 100, "per_host": 10, **more})


async def _claim(world: World, host: str = NORTHWIND, *, limit: int = 10) -> list[Claimed]:
    async with world.database.writing() as session:
        return await received.claim(session, host, limit=limit)


async def _finish(world: World, claimed: Claimed, state: ReceivedState = ReceivedState.DONE) -> None:
    async with world.database.writing() as session:
        await received.finish(session, claimed, state)


async def _states(world: World) -> dict[str, str]:
    async with world.database.reading() as session:
        return {row.uri: str(row.state) for row in await session.scalars(select(Received).order_by(Received.id))}


async def _uris(world: World) -> list[str]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(Received.uri).order_by(Received.uri)))


async def test_R_60_an_activity_that_comes_twice_is_kept_once(world: World) -> None:
    assert await _store(world, "a") is not None
    assert await _store(world, "a") is None
    assert await _store(world, "a", host=SOUTHWIND) is not None


async def test_R_60_an_activity_that_comes_many_times_at_once_is_kept_once(world: World) -> None:
    kept = await asyncio.gather(*(_store(world, "a") for _ in range(8)))
    assert sum(number is not None for number in kept) == 1


async def test_R_60_what_comes_together_is_kept_once_each_and_takes_no_neighbour_along(world: World) -> None:
    await _store(world, "b")
    together = [_arrived("a"), _arrived("b"), _arrived("a"), _arrived("a", host=SOUTHWIND), _arrived("c")]
    async with world.database.writing() as session:
        numbers = await received.store(session, together)
    assert [number is not None for number in numbers] == [True, False, False, True, True]
    assert await _uris(world) == ["a", "a", "b", "c"]


async def test_R_60_who_passes_on_what_its_actor_brought_brings_nothing_new(world: World) -> None:
    await _store(world, "a")
    async with world.database.writing() as session:
        passed_on = [_arrived(uri, host=SOUTHWIND, home=NORTHWIND) for uri in ("a", "b")]
        numbers = await received.store(session, passed_on)
    assert [number is not None for number in numbers] == [False, True]


async def test_what_came_first_is_dealt_with_first(world: World) -> None:
    for uri in ("a", "b", "c"):
        await _store(world, uri)
    assert [claimed.uri for claimed in await _claim(world, limit=2)] == ["a", "b"]


async def test_each_host_has_a_queue_of_its_own(world: World) -> None:
    await _store(world, "a")
    await _store(world, "b", host=SOUTHWIND)
    async with world.database.reading() as session:
        assert (await _waiting(session, types=["Like"])).hosts == [NORTHWIND, SOUTHWIND]
        assert (await _waiting(session, types=["Like"], busy=[NORTHWIND])).hosts == [SOUTHWIND]
    assert [claimed.uri for claimed in await _claim(world, SOUTHWIND)] == ["b"]


async def test_a_number_that_is_taken_already_loses_nothing_as_if_it_were_a_repetition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, "new_id", lambda: 77)
    await _store(world, "first")
    with pytest.raises(IntegrityError):  # its sender is told to come again
        await _store(world, "second")
    assert list(await _states(world)) == ["first"]


async def test_what_may_be_taken_together_begins_the_queue_of_its_server_and_servers_take_turns(world: World) -> None:
    for uri in ("a", "b", "c"):
        await _store(world, uri)
    async with world.database.writing() as session:
        liked = [_arrived("like", host=EASTWIND, type="Like"), _arrived("after", host=EASTWIND)]
        await received.store(session, [_arrived("d", host=SOUTHWIND), _arrived("e", host=SOUTHWIND), *liked])
    async with world.database.reading() as session:
        numbers = {row.id: row.uri for row in await session.scalars(select(Received))}
        found = await _waiting(session)
        assert [numbers[number] for number in found.together] == ["a", "d", "b", "e", "c"]
        assert (found.hosts, found.is_all) == ([EASTWIND], True)
        two = await _waiting(session, per_host=2, busy=[EASTWIND], limit=3)
        assert ([numbers[number] for number in two.together], two.is_all) == (["a", "d", "b"], False)
    async with world.database.writing() as session:
        taken = await received.claim_together(session, found.together)
        assert [(one.uri, one.attempt) for one in taken] == [(uri, 1) for uri in "abcde"]
        assert await received.claim_together(session, found.together) == []


async def test_what_was_tried_before_is_not_taken_together(world: World, clock: Clock) -> None:
    await _store(world, "a")
    await _store(world, "b")
    await _claim(world, limit=1)
    clock.advance(minutes=3)
    async with world.database.reading() as session:
        assert await _waiting(session) == received.Waiting([], [NORTHWIND], True)


async def test_what_somebody_has_in_hand_is_not_given_to_another(world: World) -> None:
    await _store(world, "a")
    assert len(await _claim(world)) == 1
    assert await _claim(world) == []


async def test_what_a_crash_left_in_hand_returns_when_its_lease_is_over(world: World, clock: Clock) -> None:
    await _store(world, "a")
    (lost,) = await _claim(world)
    clock.now += received.LEASE
    clock.advance(seconds=1)
    (again,) = await _claim(world)
    assert again.attempt == 2
    async with world.database.writing() as session:
        assert await received.holds(session, lost) is False
        assert await received.holds(session, again) is True


async def test_a_late_end_of_a_lease_that_was_taken_over_changes_nothing(world: World, clock: Clock) -> None:
    await _store(world, "a")
    (late,) = await _claim(world)
    clock.advance(minutes=5)
    (current,) = await _claim(world)
    await _finish(world, late, ReceivedState.REFUSED)
    assert await _states(world) == {"a": "waiting"}
    await _finish(world, current)
    assert await _states(world) == {"a": "done"}


async def test_what_kills_the_process_each_time_is_parked_and_its_neighbours_go_on(world: World, clock: Clock) -> None:
    await _store(world, "poison")
    await _store(world, "b")
    alone = []
    for _ in range(received.TRIES + 1):
        alone.append([claimed.uri for claimed in await _claim(world)])
        clock.advance(hours=2)
    for claimed in await _claim(world):
        await _finish(world, claimed)
    assert ["poison"] in alone  # after its first death it is tried alone
    states = await _states(world)
    assert states["poison"] == "parked"
    for _ in range(2):
        for claimed in await _claim(world):
            await _finish(world, claimed)
    assert (await _states(world))["b"] == "done"


async def test_what_fails_for_now_waits_longer_each_time_and_is_parked_in_the_end(world: World, clock: Clock) -> None:
    await _store(world, "a")
    for _ in range(received.TRIES):
        (claimed,) = await _claim(world)
        async with world.database.writing() as session:
            await received.again(session, claimed, "its actor cannot be fetched")
        clock.advance(hours=2)
    assert await _claim(world) == []
    async with world.database.reading() as session:
        row = (await session.scalars(select(Received))).one()
    assert (row.state, row.outcome) == (ReceivedState.PARKED, "its actor cannot be fetched")


async def test_two_processes_deal_with_what_a_server_sent_in_its_order(world: World) -> None:
    database = world.database
    if database.is_sqlite:
        pytest.skip("SQLite serves one process")
    numbers = [await _store(world, uri) for uri in "abcd"]
    await _store(world, "x", host=SOUTHWIND)

    async with database.writing() as first, database.writing() as second:
        [taken] = await received.claim(first, NORTHWIND, limit=1)
        assert await received.claim(second, NORTHWIND, limit=9) == []
        assert [one.uri for one in await received.claim_together(second, numbers[1:])] == []
        assert [one.uri for one in await received.claim(second, SOUTHWIND, limit=9)] == ["x"]

    assert await _claim(world) == []  # what was claimed is in hand
    async with database.writing() as session:
        assert await received.claim_together(session, numbers[1:]) == []
        assert await _waiting(session) == received.Waiting([], [], True)
    await _finish(world, taken)
    async with database.writing() as session:
        assert (await _waiting(session)).together == numbers[1:]
        assert [one.uri for one in await received.claim_together(session, numbers[1:])] == ["b", "c", "d"]


async def test_what_is_tried_again_later_holds_up_nobody(world: World) -> None:
    await _store(world, "a")
    await _store(world, "b")
    [first] = await _claim(world, limit=1)
    async with world.database.writing() as session:
        await received.again(session, first, "its server does not answer")

    assert [one.uri for one in await _claim(world)] == ["b"]


async def test_with_several_processes_one_leaves_half_of_the_hosts_to_another_when_much_waits(world: World) -> None:
    for number in range(6):
        for host in (NORTHWIND, SOUTHWIND, EASTWIND, "h.test"):
            await _store(world, f"{host}-{number}", host=host)
    async with world.database.reading() as session:
        waiting = await _waiting(session)
    async with world.database.writing() as session:
        claimed = await received.claim_together(session, waiting.together)
        rest = await received.claim_together(session, (await _waiting(session)).together)
    shared = not world.database.is_sqlite
    assert waiting.is_all is not shared
    assert len({one.host for one in claimed}) == (2 if shared else 4)
    assert len(claimed) == (12 if shared else 24)
    assert len({one.host for one in [*claimed, *rest]}) == 4
