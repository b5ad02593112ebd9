"""What happens to the queue of a server that is down, asleep or gone (DLV-7, DLV-8)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from federation.delivery import Sender
from models import breakers, deliveries
from models.base import now
from models.breakers import Condition
from models.tables import Actor, DeliveryState, Peer
from tests.federation.office import outsider

QUEUED, DELIVERED = DeliveryState.QUEUED, DeliveryState.DELIVERED
FAILED = DeliveryState.FAILED


async def condition(post, receiver):
    return breakers.condition(await post.peer(receiver), at=now())


async def opened(post, clock, receiver, *, count=1, **more):
    """Queue something for a server that is down, and try until its circuit opens; the ids."""
    await receiver.__aexit__()
    ids = await post.queue(receiver, count=count, **more)
    for _ in range(breakers.OPENS_AT):
        await post.sender.drain()
        clock.advance(minutes=40)
    clock.advance(minutes=-40)
    assert await condition(post, receiver) is Condition.HELD
    return ids


async def test_DLV_7_five_failures_hold_the_queue_and_the_first_of_it_is_the_probe(post, clock):
    northwind = await post.receiver()
    ids = await opened(post, clock, northwind, count=3)
    await northwind.__aenter__()

    clock.advance(minutes=29)
    ids += await post.queue(northwind)
    await post.sender.drain()
    assert northwind.taken == []
    assert [row.attempts for row in await post.rows()] == [5, 0, 0, 0]

    clock.advance(minutes=2)
    await post.sender.drain()
    assert northwind.ids == ids
    assert set(await post.states()) == {DELIVERED}
    assert await condition(post, northwind) is Condition.WORKING


async def test_DLV_7_another_process_and_a_restart_know_that_a_circuit_is_open(post, clock):
    northwind = await post.receiver()
    await opened(post, clock, northwind)
    await northwind.__aenter__()
    again = Sender(post.wire, looks=False)

    await again.drain()
    await again.close()

    assert northwind.taken == []


async def test_DLV_7_a_refusal_closes_the_circuit_because_somebody_is_there(post, clock):
    northwind = await post.receiver()
    await opened(post, clock, northwind)
    await northwind.__aenter__()
    northwind.answers.extend([429])
    clock.advance(minutes=31)

    await post.sender.drain()

    assert (await post.peer(northwind)).failures == 0
    assert await post.states() == [QUEUED]


async def test_DLV_7_refusals_never_open_a_circuit(post):
    northwind = await post.receiver()
    northwind.answers.extend([404, 422, 413, 406, 404, 409])
    await post.queue(northwind, count=6)

    await post.sender.drain()

    assert await post.states() == [FAILED] * 6
    assert (await post.peer(northwind)).failures == 0


async def test_DLV_7_a_sign_of_life_ends_the_hold_but_not_the_count(post, clock):
    northwind = await post.receiver()
    ids = await opened(post, clock, northwind)
    clock.advance(minutes=2)

    async with post.database.writing() as session:
        await deliveries.wake(session, northwind.host)
    assert (await post.peer(northwind)).failures == breakers.OPENS_AT
    await post.sender.drain()
    assert (await post.peer(northwind)).failures == breakers.OPENS_AT + 1
    assert await condition(post, northwind) is Condition.HELD

    await northwind.__aenter__()
    clock.advance(minutes=2)
    async with post.database.writing() as session:
        await deliveries.wake(session, northwind.host)
    await post.sender.drain()
    assert northwind.ids == ids


async def test_DLV_7_for_a_server_that_sleeps_only_memberships_and_withdrawals_are_kept(post, clock):
    northwind = await post.receiver()
    await opened(post, clock, northwind)
    clock.advance(days=7)
    types = ("Create", "Follow", "Undo", "Delete", "Like", "Accept")
    for type in types:
        await post.queue(northwind, type=type)

    await post.sender.drain()

    assert await condition(post, northwind) is Condition.SLEEPING
    assert await post.states() == [FAILED, FAILED, QUEUED, QUEUED, QUEUED, FAILED, QUEUED]
    assert {row.error for row in await post.rows() if row.state is FAILED and row.attempts == 0} == {
        "the server sleeps"
    }


async def test_DLV_5_what_was_held_too_long_is_given_up_at_once_and_with_its_reason(post, clock):
    northwind = await post.receiver()
    await opened(post, clock, northwind, count=30)
    clock.advance(days=7)

    await post.sender.drain()

    rows = await post.rows()
    assert {row.state for row in rows} == {FAILED}
    assert all(row.error and row.turned_at == clock.now for row in rows)


async def test_DLV_8_a_gone_shared_inbox_ends_the_whole_host(post, clock):
    northwind = await post.receiver()
    async with post.database.writing() as session:
        session.add(Peer(host=northwind.host, shared_inbox=northwind.inbox))
    northwind.answers.append(410)
    await post.queue(northwind, count=2)
    await post.queue(northwind, inbox=f"http://{northwind.host}/u/nora/inbox")

    await post.sender.drain()

    assert await post.states() == [FAILED] * 3
    assert await condition(post, northwind) is Condition.GONE
    assert len(northwind.taken) == 1


async def test_DLV_8_three_gone_inboxes_end_the_whole_host_and_two_do_not(post):
    northwind = await post.receiver()
    northwind.answers.extend([410, 410, 202, 410, 410, 410])
    for name in ("a", "b", "c"):
        await post.queue(northwind, inbox=f"http://{northwind.host}/u/{name}/inbox")
    await post.sender.drain()
    assert await condition(post, northwind) is Condition.WORKING

    for name in ("a", "b", "d", "e"):
        await post.queue(northwind, inbox=f"http://{northwind.host}/u/{name}/inbox")
    await post.sender.drain()

    assert await condition(post, northwind) is Condition.GONE
    assert (await post.states())[-1] is FAILED
    assert len(northwind.taken) == 6


async def test_DLV_8_a_server_that_was_gone_and_writes_to_us_is_written_to_again(post, clock):
    northwind = await post.receiver()
    async with post.database.writing() as session:
        session.add(Peer(host=northwind.host, shared_inbox=northwind.inbox))
    northwind.answers.append(410)
    await post.queue(northwind)
    await post.sender.drain()
    (uri,) = await post.queue(northwind)
    clock.advance(days=30)
    await post.sender.drain()
    assert len(northwind.taken) == 1

    async with post.database.writing() as session:
        await deliveries.wake(session, northwind.host)
    await post.sender.drain()

    assert northwind.ids == [uri]
    assert await condition(post, northwind) is Condition.WORKING


async def test_the_latency_of_a_server_is_kept(post):
    northwind = await post.receiver()
    await post.queue(northwind, count=2)

    await post.sender.drain()

    latency = (await post.peer(northwind)).latency
    assert latency is not None
    assert 0 < latency < 10


@pytest.mark.parametrize("absence", [timedelta(hours=6), timedelta(days=6)], ids=["hours", "days"])
async def test_promise_5_whoever_was_away_gets_everything_once_and_in_order_soon_after_the_return(post, clock, absence):
    northwind = await post.receiver()
    ids = await opened(post, clock, northwind, count=5)
    left = clock.now + absence
    while clock.now < left:
        await post.sender.drain()
        clock.now = min(max((await post.peer(northwind)).held_until, clock.now + timedelta(minutes=1)), left)
    await northwind.__aenter__()
    ids += await post.queue(northwind, count=3)

    back = clock.now
    while set(await post.states()) != {DELIVERED}:
        clock.advance(minutes=30)
        await post.sender.drain()

    assert [one.id for one in northwind.taken] == ids
    assert clock.now - back <= max(absence / 6, timedelta(hours=1))
    assert clock.now - back <= timedelta(hours=13)


async def test_a_held_host_costs_the_others_nothing(post, clock):
    northwind, southwind = await post.receiver("northwind"), await post.receiver("southwind")
    await opened(post, clock, northwind, count=2)
    async with post.database.writing() as session:
        await session.execute(update(Peer).where(Peer.host == southwind.host).values(failures=0))
    ids = await post.queue(southwind, count=2)

    await post.sender.drain()

    assert southwind.ids == ids


# Inboxes that are not where they were


async def known(post, receiver, name, **more):
    """Somebody at a server, as we know them; served there with `more`."""
    actor = await outsider(post.database, receiver.host, name, shared=False)
    receiver.pages[f"/u/{name}"] = {
        "id": actor.uri,
        "type": "Person",
        "preferredUsername": name,
        "inbox": actor.inbox,
        **more,
    }
    return actor


async def again(post, clock):
    await post.sender.drain()
    clock.advance(minutes=2)
    await post.sender.drain()


async def test_DLV_3_a_delivery_that_is_sent_elsewhere_goes_where_the_actor_says_the_inbox_is(post, clock):
    northwind = await post.receiver()
    nora = await known(post, northwind, "nora", inbox=f"http://{northwind.host}/new/inbox")
    northwind.answers.append((308, {"Location": f"http://{northwind.host}/new/inbox"}))
    (uri,) = await post.queue(northwind, inbox=nora.inbox)

    await again(post, clock)

    assert [(one.path, one.id) for one in northwind.taken][1:] == [("/new/inbox", uri)]
    assert await post.states() == [DELIVERED]


async def test_DLV_8_somebody_whose_inbox_and_actor_are_gone_is_forgotten(post, clock):
    northwind = await post.receiver()
    nora = await known(post, northwind, "nora")
    del northwind.pages["/u/nora"]
    northwind.gone.add("/u/nora")
    northwind.answers.append(410)
    await post.queue(northwind, inbox=nora.inbox)

    await again(post, clock)

    async with post.database.reading() as session:
        assert (await session.get_one(Actor, nora.id)).deleted_at is not None
    assert await post.states() == [FAILED]
    assert await condition(post, northwind) is not Condition.GONE


async def test_DLV_8_somebody_whose_inbox_is_gone_and_who_is_there_stays_known(post, clock):
    northwind = await post.receiver()
    nora = await known(post, northwind, "nora")
    northwind.answers.append(410)
    await post.queue(northwind, inbox=nora.inbox)

    await again(post, clock)

    async with post.database.reading() as session:
        assert (await session.get_one(Actor, nora.id)).deleted_at is None
    assert northwind.asked == ["/u/nora"]


# What replaces what


async def test_DLV_5_a_newer_update_replaces_one_that_failed_and_waits(post, clock):
    northwind = await post.receiver()
    northwind.answers.append(503)
    await post.queue(northwind, type="Update", object_uri="o")
    await post.sender.drain()

    async with post.database.writing() as session:
        assert await deliveries.cancel_unsent(session, "o", ("Update",)) == set()
    (newer,) = await post.queue(northwind, type="Update", object_uri="o")
    clock.advance(minutes=2)
    await post.sender.drain()

    assert northwind.ids == [newer]


async def test_DLV_5_what_is_deleted_is_not_sent_again_and_who_never_heard_of_it_does_not_now(post, clock):
    northwind, southwind = await post.receiver("northwind"), await post.receiver("southwind")
    northwind.answers.append(503)
    await post.queue(northwind)
    await post.queue(northwind, southwind, object_uri="o")
    await post.queue(southwind, object_uri="p")
    await post.sender.drain()

    async with post.database.writing() as session:
        never = await deliveries.cancel_unsent(session, "o", ("Create", "Update"))

    assert never == {northwind.inbox}
    clock.advance(minutes=2)
    await post.sender.drain()
    assert len(northwind.ids) == 1


async def test_DLV_7_a_signed_question_of_a_server_ends_its_hold(home, northwind, nora):
    async with home.database.writing() as session:
        until = now() + timedelta(hours=1)
        session.add(Peer(host=northwind.host, failures=9, failing_since=now(), held_until=until))

    await nora.gets(home, "/ap/o/whatever")

    async with home.database.reading() as session:
        peer = await session.get_one(Peer, northwind.host)
    assert (peer.held_until, peer.failures) == (None, 9)
