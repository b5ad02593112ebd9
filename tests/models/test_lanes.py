"""The queue of deliveries: order for each host, back-off written before the attempt, nothing lost and nothing twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy
from sqlalchemy import select

from models import actors, deliveries, egress, lanes
from models.base import now
from models.lanes import Claimed, Ending, Result, claiming
from models.tables import (
    Activity,
    Actor,
    ActorType,
    Delivery,
    DeliveryState,
    Group,
    LedgerLine,
    Membership,
    MemberState,
    Outcome,
    Peer,
)
from tests.time import Clock
from tests.world import EASTWIND, MALLORY, NORTHWIND, SOUTHWIND, World


def _inbox(host: str) -> tuple[str, str]:
    return f"http://{host}/inbox", host


async def _queue(world: World, text: str, *hosts: str, type: str = "Create", object_uri: str = "") -> Activity | None:
    async with world.database.writing() as session:
        return await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri=f"http://lovelace/x/{text}",
                type=type,
                actor=await session.get_one(Actor, world.ada.id),
                body=text.encode(),
                digest=f"digest of {text}",
                inboxes=[_inbox(host) for host in hosts],
                rule="agreement",
                object_uri=object_uri,
            ),
        )


async def _take(world: World, *, busy: Sequence[str] = (), per_lane: int = 1) -> list[Claimed]:
    """What a worker takes now; by default one delivery of each host."""
    async with world.database.writing() as session:
        found = await lanes.claim(session, limit=10, busy=busy, per_lane=per_lane)
    return [claimed for lane in found for claimed in lane.deliveries]


async def _texts(world: World, claimed: Sequence[Claimed]) -> list[tuple[str, str]]:
    async with world.database.reading() as session:
        bodies = await lanes.bodies(session, {each.activity_id for each in claimed})
    return [(each.host, bodies[each.activity_id].decode()) for each in claimed]


async def _taken(world: World, *, busy: Sequence[str] = (), per_lane: int = 1) -> list[tuple[str, str]]:
    return await _texts(world, await _take(world, busy=busy, per_lane=per_lane))


async def _note(
    world: World,
    ending: Ending,
    *claimed: Claimed,
    retry_after: timedelta | None = None,
    status: int | None = None,
) -> None:
    error = "" if ending in (Ending.DELIVERED, Ending.UNTRIED) else "busy"
    status = status or {Ending.DELIVERED: 202, Ending.AGAIN: 429}.get(ending)
    async with world.database.writing() as session:
        results = [
            Result(claimed=each, ending=ending, status=status, error=error, retry_after=retry_after) for each in claimed
        ]
        await lanes.note(session, results)


async def _row(world: World, claimed: Claimed) -> Delivery:
    async with world.database.reading() as session:
        return await session.get_one(Delivery, claimed.id)


# Order


async def test_a_lane_is_taken_from_its_oldest_delivery_on(world: World) -> None:
    for text in ("a", "b", "c"):
        await _queue(world, text, NORTHWIND)
    await _queue(world, "d", SOUTHWIND)
    assert await _taken(world, per_lane=2) == [(NORTHWIND, "a"), (NORTHWIND, "b"), (SOUTHWIND, "d")]


async def test_a_lane_that_somebody_has_in_hand_is_closed_to_others(world: World) -> None:
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    await _queue(world, "b", NORTHWIND)
    first, _ = await _take(world)
    assert await _taken(world) == []

    await _note(world, Ending.DELIVERED, first)

    assert await _taken(world) == [(NORTHWIND, "b")]


async def test_a_host_that_is_busy_is_left_alone(world: World) -> None:
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    assert await _taken(world, busy=[NORTHWIND]) == [(SOUTHWIND, "a")]


async def test_two_workers_never_take_the_same(world: World) -> None:
    for number in range(4):
        await _queue(world, str(number), NORTHWIND, SOUTHWIND)
    hands = await asyncio.gather(_take(world), _take(world), _take(world))
    taken = [claimed.id for hand in hands for claimed in hand]
    assert len(taken) == len(set(taken)) == 2


async def test_a_failed_delivery_holds_back_those_behind_it_and_no_other_host(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    await _queue(world, "b", NORTHWIND, SOUTHWIND)
    north, south = await _take(world)
    await _note(world, Ending.AGAIN, north)
    await _note(world, Ending.DELIVERED, south)
    assert await _taken(world) == []

    clock.advance(minutes=2)

    assert await _taken(world) == [(NORTHWIND, "a")]


async def test_what_was_not_tried_is_given_back_as_it_was(world: World) -> None:
    await _queue(world, "a", NORTHWIND)
    await _queue(world, "b", NORTHWIND)
    first, second = await _take(world, per_lane=2)
    await _note(world, Ending.DELIVERED, first)
    await _note(world, Ending.UNTRIED, second)
    (again,) = await _take(world)
    assert (again.id, again.attempt) == (second.id, 1)


# Crashes


async def test_the_next_attempt_is_written_before_the_request_is_made(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    (claimed,) = await _take(world)
    row = await _row(world, claimed)
    assert (row.attempts, row.state) == (1, DeliveryState.QUEUED)
    assert row.next_attempt_at - clock.now >= lanes.LEASE


async def test_what_a_crash_left_in_hand_is_tried_again_when_its_lease_is_over(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    await _take(world)  # and the worker dies
    assert await _taken(world) == []

    clock.advance(minutes=2)

    (again,) = await _take(world)
    assert again.attempt == 2


async def test_the_only_worker_goes_on_at_once_after_a_crash(world: World) -> None:
    await _queue(world, "a", NORTHWIND)
    await _queue(world, "b", SOUTHWIND)
    await _note(world, Ending.AGAIN, (await _take(world, busy=[SOUTHWIND]))[0])
    await _take(world)  # and the worker dies
    async with world.database.writing() as session:
        assert await lanes.recover(session) == 1
    assert await _taken(world) == [(SOUTHWIND, "b")]  # what had failed keeps its place in time


async def test_what_keeps_killing_the_worker_is_not_tried_at_once_for_ever(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    recovered = []
    for _ in range(6):
        await _take(world)
        async with world.database.writing() as session:
            recovered.append(await lanes.recover(session))
    assert recovered[0] == 1
    assert recovered[-1] == 0


@pytest.mark.parametrize("late_ending", [Ending.DELIVERED, Ending.REFUSED, Ending.AGAIN, Ending.UNTRIED, Ending.GONE])
async def test_a_late_answer_to_a_lease_that_was_taken_over_changes_nothing(
    world: World, clock: Clock, late_ending: Ending
) -> None:
    await _queue(world, "a", NORTHWIND)
    (late,) = await _take(world)
    clock.advance(minutes=2)
    (current,) = await _take(world)
    before = await _row(world, current)

    await _note(world, late_ending, late)

    after = await _row(world, current)
    assert (after.state, after.attempts, after.next_attempt_at) == (before.state, 2, before.next_attempt_at)


# Back-off


async def test_waiting_grows_with_every_failure_up_to_half_a_day(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND, type="Delete")
    waits = []
    for _ in range(11):
        (claimed,) = await _take(world)
        await _note(world, Ending.AGAIN, claimed)
        row = await _row(world, claimed)
        waits.append((row.next_attempt_at - clock.now) / lanes.BACK_OFF[min(row.attempts, len(lanes.BACK_OFF)) - 1])
        clock.now = row.next_attempt_at
    assert all(0.79 < wait < 1.21 for wait in waits)
    assert lanes.BACK_OFF[-1] == timedelta(hours=12)


async def test_two_hosts_that_fail_together_do_not_come_back_together(world: World) -> None:
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    claimed = await _take(world)
    await _note(world, Ending.AGAIN, *claimed)
    assert len({(await _row(world, each)).next_attempt_at for each in claimed}) == 2


async def test_a_host_that_asks_for_patience_gets_it_but_no_more_than_a_day(world: World, clock: Clock) -> None:
    """DLV-6: Retry-After."""
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    north, south = await _take(world)
    await _note(world, Ending.AGAIN, north, retry_after=timedelta(hours=3))
    await _note(world, Ending.AGAIN, south, retry_after=timedelta(days=30))
    assert (await _row(world, north)).next_attempt_at == clock.now + timedelta(hours=3)
    assert (await _row(world, south)).next_attempt_at == clock.now + timedelta(days=1)


@pytest.mark.parametrize(
    ("type", "days", "state"),
    [
        ("Create", 6, DeliveryState.QUEUED),
        ("Create", 8, DeliveryState.FAILED),
        ("Delete", 8, DeliveryState.QUEUED),
        ("Undo", 13, DeliveryState.QUEUED),
        ("Delete", 15, DeliveryState.FAILED),
    ],
)
async def test_what_nobody_takes_is_given_up_after_a_while(
    world: World, clock: Clock, type: str, days: int, state: DeliveryState
) -> None:
    await _queue(world, "a", NORTHWIND, type=type)
    clock.advance(days=days)
    (claimed,) = await _take(world)
    await _note(world, Ending.AGAIN, claimed)
    assert (await _row(world, claimed)).state is state


async def test_a_message_refused_for_good_is_parked_and_the_next_goes(world: World) -> None:
    await _queue(world, "a", NORTHWIND)
    await _queue(world, "b", NORTHWIND)
    (refused,) = await _take(world)
    await _note(world, Ending.REFUSED, refused)
    assert (await _row(world, refused)).state is DeliveryState.FAILED
    assert await _taken(world) == [(NORTHWIND, "b")]


async def test_an_inbox_that_is_gone_ends_everything_that_waits_for_it(world: World) -> None:
    for text in ("a", "b"):
        await _queue(world, text, NORTHWIND, SOUTHWIND)
    north, south = await _take(world)
    await _note(world, Ending.GONE, north)
    await _note(world, Ending.DELIVERED, south)
    assert await _taken(world) == [(SOUTHWIND, "b")]


async def test_a_sign_of_life_opens_a_lane_that_failed(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    for _ in range(3):
        (claimed,) = await _take(world)
        await _note(world, Ending.AGAIN, claimed)
        clock.now = (await _row(world, claimed)).next_attempt_at
    (claimed,) = await _take(world)
    await _note(world, Ending.AGAIN, claimed)
    clock.advance(minutes=2)
    assert await _taken(world) == []

    async with world.database.writing() as session:
        await deliveries.wake(session, NORTHWIND)

    assert await _taken(world) == [(NORTHWIND, "a")]


async def test_the_next_look_is_due_when_the_first_lane_opens(world: World, clock: Clock) -> None:
    async with world.database.reading() as session:
        assert await lanes.next_due(session) is None
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    north, south = await _take(world)
    await _note(world, Ending.AGAIN, north, retry_after=timedelta(hours=2))
    await _note(world, Ending.AGAIN, south, retry_after=timedelta(hours=1))
    async with world.database.reading() as session:
        assert await lanes.next_due(session) == clock.now + timedelta(hours=1)
        assert await lanes.next_due(session, busy=[SOUTHWIND]) == clock.now + timedelta(hours=2)


# Who gets nothing


async def test_nothing_is_queued_for_companies_that_may_not_get_it_and_the_ledger_says_so(world: World) -> None:
    await _queue(world, "a", NORTHWIND, EASTWIND, MALLORY)
    assert await _taken(world) == [(NORTHWIND, "a")]
    async with world.database.reading() as session:
        lines = (await session.scalars(select(LedgerLine).order_by(LedgerLine.id.desc()).limit(2))).all()
    assert {line.outcome: line.hosts for line in lines} == {
        Outcome.SENT: [NORTHWIND],
        Outcome.STOPPED: [EASTWIND, MALLORY],
    }


async def test_an_activity_that_nobody_may_get_is_not_made(world: World) -> None:
    assert await _queue(world, "a", MALLORY) is None
    async with world.database.reading() as session:
        assert (await session.scalars(select(Activity))).all() == []


async def test_a_suspension_cancels_what_is_queued(world: World) -> None:
    """L20: nothing goes on for a partner that is out."""
    await _queue(world, "a", NORTHWIND, SOUTHWIND)
    await world.suspends(NORTHWIND)
    assert await _taken(world) == [(SOUTHWIND, "a")]
    async with world.database.reading() as session:
        health = await deliveries.health(session, [NORTHWIND])
    assert health[NORTHWIND].queued == 0


async def test_what_nobody_has_heard_of_yet_is_cancelled_instead_of_withdrawn(world: World) -> None:
    """DLV-5: an inbox that never got the Create must not get the Delete either; who may have got it does."""
    activity = await _queue(world, "a", NORTHWIND, SOUTHWIND, object_uri="o")
    assert activity is not None
    await _take(world, busy=[SOUTHWIND])
    async with world.database.writing() as session:
        never = await deliveries.cancel_unsent(session, "o", ["Create"])
    assert never == {_inbox(SOUTHWIND)[0]}
    async with world.database.reading() as session:
        states = {row.host: row.state for row in await session.scalars(select(Delivery))}
        assert await deliveries.sent_to(session, activity) == [_inbox(NORTHWIND)]
    assert states == {NORTHWIND: DeliveryState.CANCELLED, SOUTHWIND: DeliveryState.CANCELLED}


async def test_DLV_1_one_inbox_gets_an_activity_once_however_often_it_is_named(world: World) -> None:
    await _queue(world, "a", NORTHWIND, NORTHWIND, NORTHWIND)
    async with world.database.reading() as session:
        assert len((await session.scalars(select(Delivery))).all()) == 1


# What is known of a host


async def test_failures_of_a_host_are_counted_until_it_answers(world: World, clock: Clock) -> None:
    await _queue(world, "a", NORTHWIND)
    for _ in range(2):
        (claimed,) = await _take(world)
        await _note(world, Ending.AGAIN, claimed, status=503)
        clock.advance(days=1)
    async with world.database.reading() as session:
        peer = await session.get_one(Peer, NORTHWIND)
    assert (peer.failures, peer.last_error) == (2, "busy")

    (claimed,) = await _take(world)
    await _note(world, Ending.DELIVERED, claimed)

    async with world.database.reading() as session:
        health = (await deliveries.health(session, [NORTHWIND]))[NORTHWIND]
    assert (health.delivered, health.queued, health.peer and health.peer.failures) == (1, 0, 0)


async def test_the_ledger_page_learns_how_many_inboxes_have_it(world: World) -> None:
    activity = await _queue(world, "a", NORTHWIND, SOUTHWIND)
    assert activity is not None
    north, _ = await _take(world)
    await _note(world, Ending.DELIVERED, north)
    async with world.database.reading() as session:
        arrival = (await deliveries.arrivals(session, [activity.id]))[activity.id]
    assert (arrival.sent, arrival.arrived, arrival.last is not None) == (2, 1, True)


async def test_DLV_10_members_at_one_company_share_one_delivery(world: World) -> None:
    async with world.database.writing() as session:
        for name in ("one", "two", "three"):
            host = NORTHWIND
            told = actors.RemoteActor(
                uri=f"http://{host}/u/{name}",
                type=ActorType.PERSON,
                host=host,
                username=name,
                url=f"http://{host}/u/{name}",
                inbox=f"http://{host}/u/{name}/inbox",
                shared_inbox=f"http://{host}/inbox",
                followers_uri=None,
            )
            actor = await actors.keep(session, told)
            session.add(Membership(group_id=world.alpine.id, actor_id=actor.id, host=host, state=MemberState.MEMBER))
        await session.flush()
        inboxes = await egress.inboxes_in(session, await session.get_one(Group, world.alpine.id))

    assert [inbox for inbox, host in inboxes if host == NORTHWIND] == [f"http://{NORTHWIND}/inbox"]


async def test_what_was_tried_in_vain_leaves_room_for_what_was_not(world: World, clock: Clock) -> None:
    await _queue(world, "lost", NORTHWIND)
    await _note(world, Ending.AGAIN, *await _take(world), status=429)
    clock.advance(minutes=10)
    await _queue(world, "new", SOUTHWIND)
    async with world.database.reading() as session:
        due = await lanes.next_due(session)
        assert due is not None and due < clock.now
        assert await lanes.next_due(session, retries=False) == clock.now

    async with world.database.writing() as session:
        taken = await lanes.claim(session, limit=10, retried=0)
        assert [(lane.host, lane.is_retried) for lane in taken] == [(SOUTHWIND, False)]
        taken = await lanes.claim(session, limit=10, retried=1)
        assert [(lane.host, lane.is_retried) for lane in taken] == [(NORTHWIND, True)]


async def test_what_waits_behind_a_host_that_is_down_is_not_walked_through_to_find_who_is_due(world: World):
    """A hundred thousand deliveries behind twenty hosts cost as much as twenty: the index leads from host to host."""
    if not world.database.is_sqlite:
        pytest.skip("PostgreSQL plans by what its tables hold, and here they hold nothing")
    async with world.database.reading() as session:
        for statement in (claiming._due().statement, claiming._next_due().statement):
            values = {"busy": [NORTHWIND], "moment": now(), "most": 1, "most_retried": 1, "retries": True}
            built = statement.params(**values).compile(
                session.get_bind(), compile_kwargs={"render_postcompile": True, "literal_binds": True}
            )
            rows = await session.execute(sqlalchemy.text("EXPLAIN QUERY PLAN " + str(built).replace(":", r"\:")))
            plan = [row.detail for row in rows if "deliveries" in row.detail]
            assert plan
            for step in plan:
                assert step.startswith("SEARCH"), step
                assert "next_attempt_at" not in step, step


async def test_with_several_processes_one_that_has_nothing_in_hand_leaves_half_of_many_lanes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "_SHARED_FROM", 19)
    activity = await _queue(world, "Hello", NORTHWIND)
    assert activity is not None
    hosts = sorted([NORTHWIND, *(f"h{number}.test" for number in range(19))])
    async with world.database.writing() as session:
        for host in set(hosts) - {NORTHWIND}:
            session.add(Delivery(activity_id=activity.id, inbox=f"http://{host}/inbox", host=host))
    async with world.database.writing() as session:
        first = [lane.host for lane in await lanes.claim(session, limit=50)]
        second = [lane.host for lane in await lanes.claim(session, limit=50, busy=first)]
    assert len(first) == (20 if world.database.is_sqlite else 10)
    assert sorted([*first, *second]) == hosts
