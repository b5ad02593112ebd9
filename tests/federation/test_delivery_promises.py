"""Promises 3 to 6 of the sender: it is ended at every point where that could hurt, and what was queued arrives."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest

from federation import outbox
from federation.delivery import Sender
from federation.delivery.courier import deliver
from federation.fetch import Answer, Fetcher
from models import lanes, partners
from models.database import Database
from models.tables import Access, DeliveryState, Level, Reach
from tests.federation.mailroom import Post, post_of
from tests.federation.office import outsider
from tests.federation.receiver import Receiver, Taken
from tests.time import Clock
from tests.world import Outsider, World

QUEUED, DELIVERED, FAILED = DeliveryState.QUEUED, DeliveryState.DELIVERED, DeliveryState.FAILED


class Killed(Exception):
    """The process is no more."""


class Fate:
    """Counts the points that a run passes, and ends it at one of them: from there on it can do nothing any more."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.passed: list[str] = []

    def point(self, name: str) -> None:
        if self.at is not None and len(self.passed) >= self.at:
            raise Killed(name)
        self.passed.append(name)

    @contextmanager
    def rules(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Let it end the run around each COMMIT, before each request and between each answer and its note."""
        writing: Callable[[Database], Any] = Database.writing
        post: Callable[..., Any] = Fetcher.post

        @asynccontextmanager
        async def fated_writing(database: Database) -> AsyncIterator[Any]:
            async with writing(database) as session:
                yield session
                self.point("before COMMIT")
            self.point("after COMMIT")

        async def fated_post(fetcher: Fetcher, *args: Any, **more: Any) -> Answer:
            self.point("before sending")
            answer: Answer = await post(fetcher, *args, **more)
            self.point("after the answer")
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(Database, "writing", fated_writing)
            patched.setattr(Fetcher, "post", fated_post)
            yield


async def run(post: Post, fate: Fate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send with a sender of its own until it rests or is ended."""
    found = Sender(post.wire, looks=False)
    with fate.rules(monkeypatch), suppress(Killed):
        await found.drain()
    await found.close()


async def test_promise_3_whenever_the_sender_is_ended_everything_arrives_in_order_and_once_in_effect(
    post: Post, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receivers = [await post.receiver("northwind"), await post.receiver("southwind")]
    whole = Fate(None)
    expected = await post.queue(*receivers, count=2)
    await run(post, whole, monkeypatch)
    assert set(whole.passed) == {"before COMMIT", "after COMMIT", "before sending", "after the answer"}
    assert whole.passed.count("before sending") == 4

    for at in range(len(whole.passed)):
        for receiver in receivers:
            receiver.taken.clear()
            receiver.accepted.clear()
        expected = await post.queue(*receivers, count=2)

        await run(post, Fate(at), monkeypatch)
        clock.advance(minutes=2)
        await run(post, Fate(None), monkeypatch)

        for receiver in receivers:
            assert receiver.ids == expected, (at, whole.passed[at])
            assert len(receiver.taken) <= 2 * len(expected)
            _same_bytes(receiver)
        assert set(await post.states()) == {DELIVERED}, (at, whole.passed[at])


def _same_bytes(receiver: Receiver) -> None:
    """Promise 3: what is sent again is the same activity to the byte, signed anew."""
    bodies: dict[str, bytes] = {}
    signatures = set()
    for taken in receiver.taken:
        assert bodies.setdefault(taken.id, taken.body) == taken.body
        signatures.add(taken.headers["Signature"])
    assert len(signatures) == len(receiver.taken)


async def test_promise_3_an_answer_that_is_lost_on_its_way_means_the_same_again(post: Post, clock: Clock) -> None:
    northwind = await post.receiver()

    async def cut(taken: Any) -> Any:
        northwind.accepted.append(taken)
        raise ConnectionResetError

    northwind.answers.append(cut)
    ids = await post.queue(northwind, count=2)
    await post.sender.drain()
    clock.advance(minutes=2)
    await post.sender.drain()

    assert northwind.ids == ids
    assert [one.id for one in northwind.taken] == [ids[0], *ids]
    _same_bytes(northwind)


async def test_promise_4_who_was_too_slow_changes_nothing_any_more(post: Post, clock: Clock) -> None:
    northwind = await post.receiver()
    await post.queue(northwind)
    async with post.database.writing() as session:
        (slow,) = await lanes.claim(session, limit=1)
    clock.advance(minutes=2)
    await post.sender.drain()
    assert await post.states() == [DELIVERED]

    async with post.database.writing() as session:
        late = lanes.Result(claimed=slow.deliveries[0], ending=lanes.Ending.REFUSED, error="late")
        await lanes.note(session, [late])

    assert await post.states() == [DELIVERED]


async def test_promise_6_what_meets_a_fault_of_ours_is_parked_and_its_neighbours_go_on(
    post: Post, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    northwind, southwind = await post.receiver("northwind"), await post.receiver("southwind")
    (poison,) = await post.queue(northwind, text="poison")
    ids = await post.queue(northwind, southwind)

    async def faulty(wire: Any, signing: Any, lane: Any, claimed: Any, parcel: Any) -> Any:
        if b"poison" in parcel.body:
            raise ZeroDivisionError
        return await deliver(wire, signing, lane, claimed, parcel)

    monkeypatch.setattr("federation.delivery.sender.deliver", faulty)
    for _ in range(5):
        await post.sender.drain()
        assert southwind.ids == ids
        clock.advance(hours=2)

    assert poison not in northwind.ids
    assert northwind.ids == ids
    row = (await post.rows(northwind))[0]
    assert (row.state, row.error, row.turned_at is not None) == (FAILED, "fault here: ZeroDivisionError", True)


async def test_promise_6_what_ends_the_process_each_time_is_parked_and_its_neighbours_go_on(
    post: Post, clock: Clock
) -> None:
    northwind = await post.receiver()
    (poison,) = await post.queue(northwind)
    for _ in range(5):
        async with post.database.writing() as session:
            assert await lanes.claim(session, limit=1)
        clock.advance(hours=2)
    ids = await post.queue(northwind)

    await post.sender.drain()

    assert northwind.ids == ids
    row = (await post.rows())[0]
    assert (row.state, row.error) == (FAILED, "never came to an end here")
    assert poison not in [one.id for one in northwind.taken]


# The story of an hour


@pytest.fixture
async def rounds(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    """The post of the company in which the whole cast works."""
    async with post_of(world.ada, monkeypatch) as made:
        yield made


async def test_promise_5_whoever_was_away_for_an_hour_gets_every_group_in_order_and_nothing_that_was_taken_back(
    world: World, rounds: Post, clock: Clock
) -> None:
    """Conformance 4; what the board says meanwhile: tests/server/web/test_federation.py."""
    away = await rounds.receiver("away")
    pumps = await world.ada.founds("pumps", reach=Reach.PARTNERS, access=Access.OPEN)
    valves = await world.ada.founds("valves", reach=Reach.PARTNERS, access=Access.OPEN)
    reader = await outsider(world.database, away.host, "reader")
    async with world.database.writing() as session:
        await partners.admit(session, away.host, levels={"pumps": Level.READ, "valves": Level.READ})
    for group in (pumps, valves):
        await Outsider(world.database, away.host).joins(group, as_=reader)
    told = outbox.consumer(rounds.wire.keys)
    await told.catch_up(world.database)
    await away.__aexit__()

    for number in (1, 2):
        edited = await world.ada.writes(f"pump {number}", group=pumps)
        await world.ada.writes(f"valve {number}", group=valves)
        withdrawn = await world.ada.writes(f"slip {number}", group=valves)
        await told.catch_up(world.database)
        await rounds.sender.drain()
        for text in (f"pump {number} once more", f"pump {number} at last"):
            await world.ada.edits(edited, text)
            await told.catch_up(world.database)
        await world.ada.deletes(withdrawn)
        await told.catch_up(world.database)
        clock.advance(minutes=30)
    await rounds.sender.drain()
    assert away.taken == []

    await away.__aenter__()
    clock.advance(hours=1)
    await rounds.sender.drain()

    assert len({one.id for one in away.taken}) == len(away.taken)
    said = [_said(one) for one in away.taken]
    assert [line for line in said if "pump" in line] == [
        line for n in (1, 2) for line in (f"Create pump {n}", f"Update pump {n} at last")
    ]
    assert [line for line in said if "valve" in line] == ["Create valve 1", "Create valve 2"]
    assert not any("slip" in line for line in said)


def _said(taken: Taken) -> str:
    """What an activity does, and to which text; those of groups hold the author's."""
    document = taken.document
    while isinstance(document.get("object"), dict) and document["object"].get("type") in ("Create", "Update", "Delete"):
        document = document["object"]
    inner = document.get("object")
    text = re.sub(r"<[^>]+>", "", str(inner.get("content", ""))) if isinstance(inner, dict) else ""
    return f"{document['type']} {text}"
