"""The sender, against real servers on this machine: order, faults, suspension, crashes."""

import asyncio
import signal
import sys
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import update

from federation.delivery import Sender, courier
from federation.keys import public_key
from federation.signatures import parse, verify
from federation.signatures.clock import format_http_date
from models import journal, lanes, partners
from models.base import now
from models.tables import Delivery, DeliveryState, Peer
from tests.federation.receiver import Taken, silence, wire_of

QUEUED, DELIVERED = DeliveryState.QUEUED, DeliveryState.DELIVERED
FAILED, CANCELLED = DeliveryState.FAILED, DeliveryState.CANCELLED


# What arrives


async def test_a_delivery_arrives_with_a_signature_that_holds(post):
    """An unknown server is asked in the older form first (SIG-23), by the actor of the activity (SIG-4)."""
    northwind = await post.receiver()
    await post.queue(northwind)

    await post.sender.drain()

    (taken,) = northwind.taken
    keys = await post.wire.keys.ensure(post.database, post.ada.id)
    parsed = parse(taken.request(northwind.host), hosts={northwind.host}, now=datetime.now(UTC))
    verify(parsed, public_key(keys.rsa_public_pem), now=datetime.now(UTC))
    assert (parsed.form, parsed.key_id) == ("cavage", keys.rsa_id)
    assert taken.headers["Content-Type"] == "application/activity+json"
    assert taken.headers["Host"] == northwind.host
    assert "Kontor/" in taken.headers["User-Agent"]
    assert await post.states() == [DELIVERED]
    assert (await post.peer(northwind)).delivered_at is not None


async def test_the_bytes_of_an_activity_are_the_same_for_everybody_and_hashed_once(post, monkeypatch):
    """Promise 3: what was stored is what is sent."""
    hashed = []
    monkeypatch.setattr(
        courier, "sha256_base64", lambda body, real=courier.sha256_base64: hashed.append(1) or real(body)
    )
    receivers = [await post.receiver(f"company{n}") for n in range(4)]
    await post.queue(*receivers)

    await post.sender.drain()

    assert {receiver.taken[0].body for receiver in receivers} == {receivers[0].taken[0].body}
    assert len(hashed) == 1


async def test_everything_for_a_host_arrives_in_order_and_one_at_a_time(post):
    """Promise 5, and stricter than DLV-2: one request at a time for each server."""
    northwind = await post.receiver()
    ids = await post.queue(northwind, count=50)

    await post.sender.drain()

    assert northwind.ids == ids
    assert northwind.most_at_once == 1
    assert set(await post.states()) == {DELIVERED}


async def test_hosts_are_served_side_by_side(post):
    receivers = [await post.receiver(f"company{n}") for n in range(5)]
    together = asyncio.Barrier(5)

    async def meet(_: Taken) -> web.Response:
        await together.wait()
        return web.Response(status=202)

    for receiver in receivers:
        receiver.answers.append(meet)
    await post.queue(*receivers)

    await asyncio.wait_for(post.sender.drain(), 20)

    assert all(len(receiver.taken) == 1 for receiver in receivers)


async def test_no_more_hosts_are_served_at_once_than_the_configuration_allows(database, post):
    receivers = [await post.receiver(f"company{n}") for n in range(6)]
    counts = {"now": 0, "most": 0}

    async def count(_: Taken) -> web.Response:
        counts["now"] += 1
        counts["most"] = max(counts["most"], counts["now"])
        await asyncio.sleep(0.01)
        counts["now"] -= 1
        return web.Response(status=202)

    for receiver in receivers:
        receiver.answers.append(count)
    await post.queue(*receivers)
    sender = Sender(wire_of(database, post.wire.fetcher, deliveries_at_once=2), looks=False)

    await sender.drain()
    await sender.close()

    assert counts["most"] == 2
    assert set(await post.states()) == {DELIVERED}


# Faults that pass


async def test_DLV_11_a_host_that_fails_delays_nobody_else_and_keeps_its_order(post, clock):
    northwind, southwind = await post.receiver("northwind"), await post.receiver("southwind")
    northwind.answers.append(503)
    ids = await post.queue(northwind, southwind, count=3)

    await post.sender.drain()

    assert southwind.ids == ids
    assert len(northwind.taken) == 1
    assert await post.states(northwind) == [QUEUED, QUEUED, QUEUED]
    assert [row.attempts for row in await post.rows(northwind)] == [1, 0, 0]

    clock.advance(minutes=2)
    await post.sender.drain()
    assert northwind.ids == ids


async def test_SIG_5_each_attempt_is_signed_anew_at_its_own_time(post, clock):
    northwind = await post.receiver(answers=_answers(503))
    await post.queue(northwind)
    await post.sender.drain()
    clock.advance(minutes=2)
    await post.sender.drain()

    first, second = northwind.taken
    assert second.headers["Date"] == format_http_date(clock.now)
    assert first.headers["Date"] != second.headers["Date"]
    assert first.headers["Signature"] != second.headers["Signature"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_DLV_4_a_passing_fault_is_tried_again_later(post, clock, status):
    northwind = await post.receiver(answers=_answers(status))
    await post.queue(northwind)

    await post.sender.drain()
    (row,) = await post.rows()
    assert (row.state, row.status) == (QUEUED, status)
    assert timedelta(seconds=40) < row.next_attempt_at - clock.now < timedelta(seconds=80)

    clock.advance(minutes=2)
    await post.sender.drain()
    assert await post.states() == [DELIVERED]


def _answers(*found):
    return deque(found)


async def test_a_server_that_is_not_there_is_tried_again(post, clock):
    northwind = await post.receiver()
    await northwind.__aexit__()
    (uri,) = await post.queue(northwind)
    await post.sender.drain()
    (row,) = await post.rows()
    assert (row.state, row.status, row.attempts) == (QUEUED, None, 1)
    assert row.error.startswith("connect")

    clock.advance(minutes=2)
    await northwind.__aenter__()
    await post.sender.drain()
    assert northwind.ids == [uri]


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("3600", timedelta(hours=1)),
        ("date", timedelta(hours=2)),
        ("999999999", timedelta(days=1)),
        ("soon", timedelta(seconds=40)),
        ("0", timedelta(seconds=40)),
    ],
    ids=["seconds", "date", "too-long", "words", "zero"],
)
async def test_DLV_6_retry_after_is_honoured_up_to_a_day(post, clock, value, wait):
    given = format_http_date(datetime.now(UTC) + timedelta(hours=2, minutes=1)) if value == "date" else value
    northwind = await post.receiver(answers=_answers((503, {"Retry-After": given})))
    await post.queue(northwind)

    await post.sender.drain()

    (row,) = await post.rows()
    assert wait <= row.next_attempt_at - clock.now <= wait + timedelta(minutes=2)


async def test_DLV_5_the_waits_grow_and_content_is_given_up_after_a_week(post, clock):
    northwind = await post.receiver()
    await northwind.__aexit__()
    await post.queue(northwind)
    await post.queue(northwind, type="Delete")
    for _ in range(60):
        await post.sender.drain()
        rows = await post.rows()
        if rows[0].state is FAILED:
            break
        assert rows[1].attempts == 0
        clock.now = rows[0].next_attempt_at

    assert rows[0].state is FAILED
    assert rows[0].attempts > 15
    assert rows[1].state is QUEUED


# Faults that stay


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409, 413, 415, 422, 501])
async def test_DLV_4_a_lasting_fault_ends_that_message_alone(post, status):
    northwind = await post.receiver(answers=_answers(status, status if status in (400, 403) else 202))
    ids = await post.queue(northwind, count=2)

    await post.sender.drain()

    assert await post.states() == [FAILED, DELIVERED]
    assert northwind.ids[-1] == ids[1]
    assert (await post.rows())[0].status == status


async def test_DLV_8_a_gone_inbox_ends_everything_that_waits_for_it(post):
    northwind = await post.receiver(answers=_answers(410))
    await post.queue(northwind, count=lanes.PER_LANE + 5)
    await post.queue(northwind, inbox=f"http://{northwind.host}/u/nora/inbox")

    await post.sender.drain()

    assert await post.states() == [FAILED] * (lanes.PER_LANE + 5) + [DELIVERED]
    assert northwind.taken[-1].path == "/u/nora/inbox"


async def test_401_is_tried_three_times(post, clock):
    northwind = await post.receiver()
    await post.queue(northwind)
    for _ in range(3):
        northwind.answers.extend([401, 401])
        await post.sender.drain()
        clock.advance(hours=1)

    assert await post.states() == [FAILED]
    assert (await post.rows())[0].attempts == 3


async def test_a_424_holds_up_nothing_and_is_no_fault_of_the_server(post):
    """NodeBB says it of every announced activity that it cannot fetch; likes came minutes late behind one."""
    northwind = await post.receiver(answers=_answers(424))
    ids = await post.queue(northwind, count=2)

    await post.sender.drain()

    assert await post.states() == [FAILED, DELIVERED]
    assert northwind.ids == [ids[1]]
    assert (await post.peer(northwind)).failures == 0
    async with post.database.reading() as session:
        told = [entry for _at, entry in await journal.read(session, journal.Position(), limit=100)]
    refused = [entry for entry in told if isinstance(entry, journal.DependencyFailed)]
    assert [(entry.inbox, entry.host) for entry in refused] == [(northwind.inbox, northwind.host)]


async def test_R_31_a_delivery_follows_no_redirect(post):
    elsewhere = await post.receiver("elsewhere")
    northwind = await post.receiver(answers=_answers((308, {"Location": elsewhere.inbox})))
    await post.queue(northwind)

    await post.sender.drain()

    assert elsewhere.taken == []
    assert await post.states() == [QUEUED]


async def test_an_address_that_our_rules_forbid_is_never_tried_again(post):
    northwind = await post.receiver()
    await post.queue(northwind, inbox="http://10.0.0.1/inbox")

    await post.sender.drain()

    assert await post.states() == [FAILED]
    assert northwind.taken == []


async def test_what_an_angry_server_says_is_kept_short_and_harmless(post):
    async def angry(_: Taken) -> web.Response:
        return web.Response(status=422, text="<h1>No\x00</h1>" + "x" * 5000)

    northwind = await post.receiver(answers=_answers(angry))
    await post.queue(northwind)

    await post.sender.drain()

    error = (await post.rows())[0].error
    assert error.startswith("HTTP 422: No x")
    assert len(error) < 400
    assert (await post.peer(northwind)).last_error == error


# A server that says nothing


async def test_a_message_that_is_never_answered_holds_up_the_rest_only_until_it_is_plain(database, post, clock):
    northwind = await post.receiver(answers=_answers(silence))
    sender = Sender(wire_of(database, post.wire.fetcher, delivery_deadline=0.2), looks=False)
    ids = await post.queue(northwind, count=3)
    await sender.drain()
    assert await post.states() == [QUEUED, QUEUED, QUEUED]

    clock.advance(minutes=2)
    northwind.answers.append(silence)
    await sender.drain()
    await sender.close()

    assert await post.states() == [FAILED, DELIVERED, DELIVERED]
    assert northwind.ids == ids[1:]


async def test_a_server_that_answers_nothing_at_all_keeps_its_queue(database, post, clock):
    northwind = await post.receiver(answers=_answers(*[silence] * 3))
    sender = Sender(wire_of(database, post.wire.fetcher, delivery_deadline=0.2), looks=False)
    ids = await post.queue(northwind, count=3)
    for _ in range(2):
        await sender.drain()
        clock.advance(minutes=10)
    assert await post.states() == [QUEUED, QUEUED, QUEUED]

    await sender.drain()
    await sender.close()

    assert northwind.ids == ids


# Two forms of signature


def knows_only(form):
    """Accept requests signed in this form alone."""

    async def answer(taken: Taken) -> web.Response:
        is_new = "Signature-Input" in taken.headers
        return web.Response(status=202 if is_new == (form == "rfc9421") else 401)

    return answer


async def test_SIG_24_an_unknown_host_is_asked_in_the_other_form_and_it_is_remembered(post):
    northwind = await post.receiver(answers=_answers(*[knows_only("rfc9421")] * 3))
    await post.queue(northwind)
    await post.sender.drain()
    assert [("Signature-Input" in one.headers) for one in northwind.taken] == [False, True]
    assert await post.states() == [DELIVERED]
    assert (await post.peer(northwind)).signature_form == "rfc9421"

    await post.queue(northwind)
    await post.sender.drain()

    assert [("Signature-Input" in one.headers) for one in northwind.taken] == [False, True, True]


async def test_SIG_24_a_host_that_took_a_form_is_not_asked_twice(post):
    northwind = await post.receiver()
    await post.queue(northwind)
    await post.sender.drain()
    assert (await post.peer(northwind)).signature_form == "cavage"
    northwind.answers.append(403)
    await post.queue(northwind)

    await post.sender.drain()

    assert len(northwind.taken) == 2
    assert await post.states() == [DELIVERED, FAILED]


async def test_SIG_29_a_host_that_says_what_it_wants_signed_gets_it(post):
    northwind = await post.receiver()
    wish = {"Accept-Signature": 'a=("@method" "@path" "content-digest");created;keyid;tag="x"'}
    northwind.answers.extend([202, (401, wish)])
    await post.queue(northwind, count=2)

    await post.sender.drain()

    assert await post.states() == [DELIVERED, DELIVERED]
    assert northwind.taken[2].headers["Signature-Input"].startswith("a=(")
    assert 'tag="x"' in northwind.taken[2].headers["Signature-Input"]


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_a_host_that_unlearned_the_newer_form_is_asked_in_the_older(post, status):
    northwind = await post.receiver(answers=_answers(status))
    async with post.database.writing() as session:
        await lanes.meet(session, [northwind.host])
        await session.execute(update(Peer).values(signature_form="rfc9421", signature_form_at=now()))
    await post.queue(northwind)

    await post.sender.drain()

    assert await post.states() == [DELIVERED]
    assert (await post.peer(northwind)).signature_form == "cavage"


async def test_SIG_24_after_a_week_the_other_form_is_tried_again(post, clock):
    northwind = await post.receiver()
    async with post.database.writing() as session:
        await lanes.meet(session, [northwind.host])
        await session.execute(update(Peer).values(signature_form="cavage", signature_form_at=now() - timedelta(days=8)))
    northwind.answers.append(knows_only("rfc9421"))
    northwind.answers.append(knows_only("rfc9421"))
    await post.queue(northwind)

    await post.sender.drain()

    assert await post.states() == [DELIVERED]


# Suspension


async def test_what_waits_for_a_suspended_partner_is_never_sent(post):
    northwind = await post.receiver()
    await post.queue(northwind, count=3)
    async with post.database.writing() as session:
        await partners.suspend(session, northwind.host)

    await post.sender.drain()

    assert northwind.taken == []
    assert await post.states() == [CANCELLED] * 3


async def test_a_suspension_bites_in_the_middle_of_a_lane(post):
    northwind = await post.receiver()

    async def suspend(taken: Taken) -> web.Response:
        async with post.database.writing() as session:
            await partners.suspend(session, northwind.host)
        return web.Response(status=202)

    northwind.answers.append(suspend)
    await post.queue(northwind, count=5)

    await post.sender.drain()

    assert len(northwind.taken) == 1
    assert (await post.states()).count(CANCELLED) == 4


async def test_what_was_queued_for_a_host_that_is_no_partner_is_cancelled_at_send_time(post):
    stranger = await post.receiver("stranger", admitted=False)
    northwind = await post.receiver()
    await post.queue(northwind)
    async with post.database.writing() as session:
        await session.execute(update(Delivery).values(host=stranger.host, inbox=stranger.inbox))

    await post.sender.drain()

    assert stranger.taken == []
    assert await post.states() == [CANCELLED]


# Crashes (promises 3 to 5)


async def test_a_lane_taken_by_a_worker_that_died_is_sent_when_its_lease_is_over(post, clock):
    northwind = await post.receiver()
    ids = await post.queue(northwind, count=5)
    async with post.database.writing() as session:
        assert await lanes.claim(session, limit=10)
    await post.queue(northwind)

    await post.sender.drain()
    assert northwind.taken == []

    clock.advance(minutes=2)
    await post.sender.drain()
    assert northwind.ids[:5] == ids
    assert set(await post.states()) == {DELIVERED}


async def test_results_that_were_never_written_are_sent_again_with_the_same_id_in_the_same_order(
    post, clock, monkeypatch
):
    northwind = await post.receiver()
    ids = await post.queue(northwind, count=4)

    async def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        await post.sender._turn()
        await asyncio.wait(post.sender._active)
        patched.setattr(lanes, "note", crash)
        with pytest.raises(RuntimeError):
            await post.sender._turn()
    clock.advance(minutes=2)
    again = Sender(post.wire, looks=False)
    await again.drain()
    await again.close()

    assert [one.id for one in northwind.accepted] == ids + ids
    assert northwind.ids == ids
    assert set(await post.states()) == {DELIVERED}


async def test_killed_in_the_middle_everything_arrives_once_and_in_order(post, database_url):
    receivers = [await post.receiver(f"company{n}") for n in range(8)]
    ids = await post.queue(*receivers, count=25)
    enough = asyncio.Event()

    async def count(taken: Taken) -> web.Response:
        if sum(len(receiver.taken) for receiver in receivers) >= 60:
            enough.set()
        return web.Response(status=202)

    for receiver in receivers:
        receiver.answers.extend([_counted(receiver, count)] * 25)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.federation.sending_process", database_url, cwd=_root()
    )
    try:
        await asyncio.wait_for(enough.wait(), 60)
    finally:
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    assert QUEUED in await post.states()
    for receiver in receivers:
        receiver.answers.clear()

    async with post.database.writing() as session:
        await session.execute(update(Delivery).where(Delivery.state == QUEUED).values(next_attempt_at=now()))
    await post.sender.drain()

    for receiver in receivers:
        assert receiver.ids == ids
    assert set(await post.states()) == {DELIVERED}


def _counted(receiver, count):
    async def answer(taken: Taken) -> web.Response:
        receiver.accepted.append(taken)
        return await count(taken)

    return answer


def _root():
    return Path(__file__).parent.parent.parent


# Running


async def test_a_running_sender_is_woken_by_what_is_queued_and_stops_when_asked(post):
    northwind = await post.receiver()
    stop = asyncio.Event()
    running = asyncio.create_task(post.sender.run(stop))
    try:
        for _ in range(3):
            (uri,) = await post.queue(northwind)
            await _until(lambda uri=uri: uri in northwind.ids)
        await _until_delivered(post)
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)

    assert await post.states() == [DELIVERED] * 3


async def test_a_sender_that_is_stopped_gives_back_what_it_did_not_send(post):
    northwind = await post.receiver()
    stop, begun, release = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(taken: Taken) -> web.Response:
        begun.set()
        await release.wait()
        northwind.accepted.append(taken)
        return web.Response(status=202)

    northwind.answers.append(slow)
    await post.queue(northwind, count=5)
    running = asyncio.create_task(post.sender.run(stop))
    await asyncio.wait_for(begun.wait(), 20)
    stop.set()
    await _until(lambda: post.sender._is_stopping)
    release.set()
    await asyncio.wait_for(running, 20)

    rows = await post.rows()
    assert len(northwind.taken) == 1
    assert [row.state for row in rows] == [DELIVERED] + [QUEUED] * 4
    assert [row.attempts for row in rows[1:]] == [0] * 4
    assert all(row.next_attempt_at <= now() for row in rows[1:])


async def test_a_sender_that_is_stopped_does_not_wait_for_a_silent_server(post, monkeypatch):
    monkeypatch.setattr("federation.delivery.sender._PARTING_SECONDS", 0.05)
    northwind = await post.receiver(answers=_answers(silence))
    stop = asyncio.Event()
    await post.queue(northwind, count=3)
    running = asyncio.create_task(post.sender.run(stop))
    await _until(lambda: northwind.taken)
    stop.set()
    await asyncio.wait_for(running, 20)

    rows = await post.rows()
    assert [row.state for row in rows] == [QUEUED] * 3
    assert [row.attempts for row in rows] == [1, 0, 0]


async def test_a_sender_outlives_a_database_that_is_away_for_a_moment(post, monkeypatch):
    northwind = await post.receiver()
    (uri,) = await post.queue(northwind)
    calls = []
    real = lanes.next_due

    async def flaky(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise OSError("away")
        return await real(*args, **kwargs)

    monkeypatch.setattr(lanes, "next_due", flaky)
    monkeypatch.setattr("federation.delivery.sender._PAUSE_SECONDS", 0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(post.sender.run(stop))
    try:
        await _until(lambda: uri in northwind.ids)
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)

    assert len(calls) > 1


async def test_what_a_crashed_process_had_in_hand_is_sent_at_once_where_only_one_can_work(post, database_kind):
    northwind = await post.receiver()
    ids = await post.queue(northwind, count=3)
    async with post.database.writing() as session:
        await lanes.claim(session, limit=10)
    if database_kind != "sqlite":
        await post.sender.drain()
        assert northwind.taken == []
        return
    stop = asyncio.Event()
    running = asyncio.create_task(post.sender.run(stop))
    try:
        await _until(lambda: northwind.ids == ids)
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)

    assert northwind.ids == ids


async def test_two_senders_share_the_work_and_nothing_goes_twice(post):
    receivers = [await post.receiver(f"company{n}") for n in range(6)]
    ids = await post.queue(*receivers, count=6)
    other = Sender(post.wire, looks=False)

    await asyncio.gather(post.sender.drain(), other.drain())
    await other.close()

    for receiver in receivers:
        assert [one.id for one in receiver.taken] == ids
    assert set(await post.states()) == {DELIVERED}


async def test_whoever_took_something_is_looked_at(post):
    northwind = await post.receiver()
    sender = Sender(post.wire)
    await post.queue(northwind, count=2)

    await sender.drain()
    await sender.close()

    assert northwind.asked == ["/.well-known/nodeinfo"]


async def test_nobody_is_looked_at_while_something_was_sent_just_now(post, monkeypatch):
    northwind = await post.receiver()
    monkeypatch.setattr("federation.delivery.sender.QUIET_SECONDS", 3600.0)
    stop, sender = asyncio.Event(), Sender(post.wire)
    running = asyncio.create_task(sender.run(stop))
    try:
        await post.queue(northwind)
        await _until_delivered(post)
        post.wire.database.queued.set()
        await post.queue(northwind)
        await _until_delivered(post)
        assert northwind.asked == []

        monkeypatch.setattr("federation.delivery.sender.QUIET_SECONDS", 0.0)
        post.wire.database.queued.set()
        await _until(lambda: northwind.asked)
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)

    assert northwind.asked == ["/.well-known/nodeinfo"]


async def _until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what others do is seen only by looking
            await asyncio.sleep(0.005)


async def _until_delivered(post) -> None:
    async with asyncio.timeout(20):
        while set(await post.states()) != {DELIVERED}:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
