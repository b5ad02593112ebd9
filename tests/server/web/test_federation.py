"""The federation board: what an admin reads while a partner's server is away, and what they can do."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import now
from models.breakers import OPENS_AT
from models.tables import Delivery, DeliveryState, Dialect, Peer
from tests.federation.mailroom import Post, post_of
from tests.server.web.browser import Browser
from tests.time import Clock
from tests.world import MALLORY, NORTHWIND, World


@pytest.fixture
async def post(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    """Ada's post in the company that the pages show."""
    async with post_of(world.ada, monkeypatch) as made:
        yield made


async def test_an_admin_halts_everything_and_lets_it_go_on(post: Post, alan: Browser, grace: Browser) -> None:
    northwind = await post.receiver("northwind")

    page = await alan.follow(await alan.submit("/federation", "/federation", action="halt"))
    sent = await post.queue(northwind)
    await post.sender.drain()

    assert "Nothing is sent to anybody All deliveries were halted" in page.words
    assert northwind.taken == []
    assert (
        await grace.send("/federation", {"csrf_token": (await grace.get("/")).token, "action": "resume"})
    ).status == 403
    page = await alan.follow(await alan.fill(page.form("/federation"), action="resume"))
    await post.sender.drain()
    assert "Deliveries go on." in page.words
    assert [one.id for one in northwind.taken] == sent


async def test_the_board_tells_the_story_of_a_server_that_is_away_for_an_hour_and_then_gets_everything(
    post: Post, alan: Browser, clock: Clock
) -> None:
    """Conformance 4: everything arrives once and in order, and the board says so at each stage."""
    away = await post.receiver("away")
    at = f"/federation/{away.host}"
    sent = await post.queue(away, count=2)
    await post.sender.drain()
    assert "Takes what we send. Nothing waits. last delivered" in (await alan.get(at)).words

    await away.__aexit__()
    sent += await post.queue(away, count=3)
    await post.sender.drain()
    page = await alan.get(at)
    assert "Does not answer at the moment. We try again by ourselves. 3 wait" in page.words
    assert "next attempt" in page.words
    assert "connect: " in page.words

    for minutes in (2, 7, 19, 37):  # a little more than the waits of DLV-5
        clock.advance(minutes=minutes)
        await post.sender.drain()
    sent += await post.queue(away, count=2)
    page = await alan.get(at)
    assert "Does not answer, which began" in page.words
    assert "Everything is kept and sent as soon as it is back. 5 wait" in page.words

    await away.__aenter__()
    clock.advance(minutes=31)
    await post.sender.drain()
    assert [one.id for one in away.taken] == sent
    page = await alan.get(at)
    assert "Takes what we send. Nothing waits." in page.words
    assert "Last fault" not in page.words


async def test_a_hold_can_be_ended_by_hand(post: Post, alan: Browser, clock: Clock) -> None:
    away = await post.receiver("away")
    await away.__aexit__()
    sent = await post.queue(away)
    for _ in range(OPENS_AT):
        await post.sender.drain()
        clock.advance(minutes=40)
    clock.advance(minutes=-39)
    await away.__aenter__()
    await post.sender.drain()
    assert away.taken == []

    done = await alan.submit("/federation", f"/federation/{away.host}/retry")
    page = await alan.follow(done)
    await post.sender.drain()

    assert "What waits is tried again now." in page.words
    assert away.ids == sent


async def test_a_server_that_sleeps_or_is_gone_is_said_to(world: World, alan: Browser) -> None:
    async with world.database.writing() as session:
        session.add(Peer(host=NORTHWIND, failures=9, failing_since=now() - timedelta(days=8), held_until=now()))
        session.add(Peer(host=MALLORY, failed_at=now(), gone_at=now()))

    assert (
        "Only memberships and withdrawals are still kept for it." in (await alan.get(f"/federation/{NORTHWIND}")).words
    )
    assert "Says that it is no more." in (await alan.get(f"/federation/{MALLORY}")).words


async def test_the_board_names_how_a_server_is_spoken_to(world: World, alan: Browser) -> None:
    async with world.database.writing() as session:
        peer = Peer(host=NORTHWIND, delivered_at=now(), software="kontor", software_version="1", latency=0.0421)
        peer.signature_form, peer.dialect = "rfc9421", Dialect.FORUM
        session.add(peer)

    page = await alan.get("/federation")

    assert "kontor 1 · understands groups · signs as in RFC 9421 · answers within 42 ms" in page.words


async def failed(post: Post) -> str:
    """A host whose server refused two messages for good."""
    strict = await post.receiver("strict")
    strict.answers.extend([422, 422])
    await post.queue(strict, object_uri="http://lovelace/o/figures")
    await post.queue(strict, type="Like")
    await post.sender.drain()
    return strict.host


async def states(world: World) -> list[DeliveryState]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(Delivery.state).order_by(Delivery.id)))


async def test_dead_letters_are_listed_with_their_reason_and_sent_again_one_by_one(
    post: Post, world: World, alan: Browser
) -> None:
    host = await failed(post)
    at = f"/federation/{host}"
    page = await alan.get(at)
    assert "2 undeliverable" in page.words
    assert "Answers, but would not take what we sent last." in page.words
    assert "Takes what we send." not in page.words
    assert "New post for strict.localhost" in page.words
    assert "HTTP 422" in page.words
    assert "http://lovelace/o/figures" in page.words

    letters = [form for form in page.forms if form.action == f"{at}/letters" and form.get("id")]
    again = await alan.follow(await alan.fill(letters[1], action="retry"))
    await post.sender.drain()

    assert "What was given up is on its way again." in again.words
    assert "Takes what we send." in (await alan.get(at)).words
    assert await states(world) == [DeliveryState.DELIVERED, DeliveryState.FAILED]


async def test_all_dead_letters_of_a_host_are_dropped_at_once(post: Post, world: World, alan: Browser) -> None:
    host = await failed(post)

    page = await alan.follow(await alan.submit(f"/federation/{host}", f"/federation/{host}/letters", action="drop"))

    assert "Dropped. It will not be sent." in page.words
    assert "Nothing was given up." in page.words
    assert await states(world) == [DeliveryState.CANCELLED] * 2


@pytest.mark.parametrize("path", ["/federation", f"/federation/{NORTHWIND}"])
async def test_the_board_is_for_admins(world: World, ada: Browser, path: str) -> None:
    assert (await ada.get(path)).status == 403


async def test_nobody_but_an_admin_retries_or_drops(post: Post, world: World, alan: Browser, ada: Browser) -> None:
    host = await failed(post)
    token = (await ada.get("/settings")).token
    for path, fields in ((f"/federation/{host}/letters", {"action": "drop"}), (f"/federation/{host}/retry", {})):
        assert (await ada.send(path, {"csrf_token": token, **fields})).status == 403
    assert await states(world) == [DeliveryState.FAILED] * 2


async def test_a_server_nobody_heard_of_has_no_page(world: World, alan: Browser) -> None:
    assert (await alan.get("/federation/nowhere.example")).status == 404


async def test_the_board_is_linked_from_the_partners_and_speaks_german(world: World, alan: Browser) -> None:
    assert "/federation" in (await alan.get("/partners")).links
    alan.language = "de"

    page = await alan.get("/federation")

    assert "Zustellungen" in page.words
