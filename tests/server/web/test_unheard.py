"""Whom somebody does not hear: muting on their page, the list of it, and unwanted servers."""

from datetime import timedelta

from sqlalchemy import select

from models import mutes
from models.base import now
from models.tables import Mute
from tests.server.web.browser import Browser
from tests.world import World

LIST = "/settings/unheard"


async def mute_of(world: World) -> Mute | None:
    async with world.database.reading() as session:
        return await session.scalar(select(Mute).where(Mute.account_id == world.ada.staff.account_id))


async def test_somebody_is_muted_for_a_while_and_heard_again(world: World, ada: Browser) -> None:
    await world.grace.writes("Good morning")
    assert "Good morning" in (await ada.get("/")).words

    page = await ada.follow(await ada.submit("/people/grace", "/people/grace/mute", lasts="3600", silent="on"))

    assert "You mute Grace until" in page.words
    assert "Good morning" in page.words
    assert "Good morning" not in (await ada.get("/")).words
    row = await mute_of(world)
    assert row is not None and row.ends_at is not None
    assert timedelta(minutes=59) < row.ends_at - now() <= timedelta(hours=1)
    assert row.hides_notifications
    listed = await ada.get(LIST)
    assert "@grace · until" in listed.words
    back = await ada.submit(LIST, "/people/grace/mute")
    assert back.location == LIST
    assert "Nobody. On the page of a person you can mute them" in (await ada.follow(back)).words
    assert await mute_of(world) is None


async def test_a_mute_for_good_may_let_notifications_through(world: World, ada: Browser, joan: Browser) -> None:
    token = (await ada.get("/settings")).token
    sent = {"csrf_token": token, "set": "yes", "lasts": "0"}
    await ada.send("/people/grace/mute", sent)
    row = await mute_of(world)
    assert row is not None
    assert (row.ends_at, row.hides_notifications) == (None, False)
    assert "with notifications" in (await ada.get(LIST)).words
    assert "@grace" not in (await joan.get(LIST)).words
    assert (await ada.send("/people/ada/mute", sent)).status == 422


async def test_blocks_and_servers_stand_on_the_same_page(world: World, ada: Browser) -> None:
    host, servers = world.nora.host, LIST + "/servers"
    token = (await ada.get("/settings")).token
    await ada.send("/people/grace/block", {"csrf_token": token, "set": "yes"})
    page = await ada.follow(await ada.submit(LIST, servers, host=host))
    assert "You hear nothing from that server now." in page.words
    assert (host in page.words, "@grace" in page.words) == (True, True)
    async with world.database.reading() as session:
        assert [row.host for row in await session.scalars(mutes.blocked_hosts(world.ada.staff))] == [host]
    refused = await ada.send(servers, {"csrf_token": token, "set": "yes", "host": "no server"})
    assert (refused.status, "no server" in refused.html) == (422, True)
    await ada.send(servers, {"csrf_token": token, "set": "no", "host": host})
    await ada.submit(LIST, "/people/grace/block")
    page = await ada.get(LIST)
    assert (host in page.words, "@grace" in page.words) == (False, False)
