"""News for open pages: what is told, to whom, and when a stream ends (R-78)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient

from models import accounts, groups, moderation
from models.base import now
from models.journal import Position, PostWritten, record
from models.tables import Group, Post
from server import tail
from server.tail import TAIL, FellBehind, Tail
from server.web import events as streams
from tests.server.web.browser import HOST, Browser
from tests.server.web.conftest import Open
from tests.world import World

PATIENCE = 20.0
Event = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Stream:
    """An open stream as a browser reads it."""

    response: Any
    place: str = ""

    async def next(self) -> Event | None:
        """The next event; None at the end of the stream."""
        async with asyncio.timeout(PATIENCE):
            facts: dict[str, str] = {}
            while True:
                line = (await self.response.content.readline()).decode()
                if not line:
                    return None
                line = line.rstrip("\n")
                if line.startswith(":"):
                    continue
                if not line and "event" in facts:
                    self.place = facts.get("id", self.place)
                    return facts["event"], json.loads(facts["data"])
                if line:
                    name, _, value = line.partition(": ")
                    facts[name] = value


Listen = Callable[..., Any]


@pytest.fixture
def listen(client: TestClient[Any, Any]) -> Listen:
    @asynccontextmanager
    async def opened(browser: Browser, path: str = "/events", **headers: str) -> AsyncIterator[Stream]:
        cookie = f"kontor={browser.cookies['kontor']}"
        sent = {"Host": HOST, "Cookie": cookie, "Accept": "text/event-stream", **headers}
        async with client.get(path, headers=sent) as response:
            assert response.status == 200, await response.text()
            stream = Stream(response)
            assert (await response.content.readline()).startswith(b"retry:")
            yield stream

    return opened


async def test_a_commit_itself_tells_of_a_post_nobody_has_to_look_for_it(
    world: World, ada: Browser, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "_LOOK_EVERY", 3600)
    async with listen(ada) as stream:
        await world.joan.writes("After this one the tail waits for an hour, or for a commit")
        await stream.next()
        post = await world.joan.writes("Lunch is ready")

        event = await stream.next()

    assert event == ("post", {"id": str(post.id), "fragment": f"/posts/{post.id}/item", "in_reply_to": None})


async def test_whoever_leaves_before_a_stream_begins_is_no_failure(
    ada: Browser, listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = streams._page

    async def leaves(session: Any, by: Any, request: web.Request) -> Any:
        assert request.transport is not None
        request.transport.close()
        return await found(session, by, request)

    monkeypatch.setattr(streams, "_page", leaves)

    with pytest.raises(ClientError):
        async with listen(ada):
            pass

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_R_78_a_post_is_told_only_to_those_who_see_it(world: World, joan: Browser, listen: Listen) -> None:
    async with listen(joan) as stream:
        await world.ada.writes("Milling begins", group=world.alpine)
        seen = await world.ada.writes("Lunch is ready")

        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(seen.id)


async def test_R_78_who_left_a_group_hears_nothing_of_it_any_more(world: World, ada: Browser, listen: Listen) -> None:
    async with listen(ada) as stream:
        first = await world.alan.writes("Milling begins", group=world.alpine)
        heard = await stream.next()
        await world.ada.leaves(world.alpine)
        await world.alan.writes("Secret", group=world.alpine)
        last = await world.alan.writes("For everybody")
        after = await stream.next()

    assert heard is not None and after is not None
    assert [heard[1]["id"], after[1]["id"]] == [str(first.id), str(last.id)]


async def test_the_page_of_a_group_hears_of_that_group_only(world: World, ada: Browser, listen: Listen) -> None:
    async with listen(ada, f"/events?group={world.alpine.id}") as stream:
        await world.joan.writes("Lunch is ready")
        post = await world.alan.writes("Milling begins", group=world.alpine)
        event = await stream.next()

    assert event == ("post", {"id": str(post.id), "fragment": f"/posts/{post.id}/item?group=1", "in_reply_to": None})


async def test_a_thread_hears_of_its_answers_only(world: World, ada: Browser, listen: Listen) -> None:
    root = await world.ada.writes("Root")
    async with listen(ada, f"/events?post={root.id}") as stream:
        await world.joan.writes("Something else")
        reply = await world.joan.replies(root, "An answer")

        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(reply.id)
    assert event[1]["in_reply_to"] == str(root.id)


async def test_edits_decisions_and_deletions_are_told(world: World, ada: Browser, listen: Listen) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    async with listen(ada) as stream:
        await world.grace.approves(post)
        approved = await stream.next()
        await world.ada.edits(post, "Milling began")
        edited = await stream.next()
        await world.ada.deletes(post)
        gone = await stream.next()

    changed = ("changed", {"id": str(post.id), "fragment": f"/posts/{post.id}/item"})
    assert approved == edited == changed
    assert gone == ("gone", {"id": str(post.id)})


async def test_R_71_the_end_of_a_post_is_told_to_nobody_who_did_not_see_it(
    world: World, joan: Browser, listen: Listen
) -> None:
    hidden = await world.ada.writes("Milling begins", group=world.alpine)
    async with listen(joan) as stream:
        await world.ada.deletes(hidden)
        seen = await world.ada.writes("Lunch is ready")

        event = await stream.next()

    assert event is not None
    assert (event[0], event[1]["id"]) == ("post", str(seen.id))


async def test_the_inbox_s_number_follows(world: World, joan: Browser, listen: Listen) -> None:
    async with listen(joan, f"/events?post={(await world.joan.writes('x')).id}") as stream:
        await world.ada.writes("Hello @joan")
        await world.settle()

        event = await stream.next()

    assert event == ("unread", {"count": 1})


async def test_a_page_hears_what_was_written_between_its_drawing_and_its_listening(
    world: World, ada: Browser, listen: Listen
) -> None:
    page = await ada.get("/")
    address = page.html.partition('data-events="')[2].partition('"')[0].replace("&amp;", "&")
    post = await world.joan.writes("In between")

    async with listen(ada, address) as stream:
        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(post.id)


async def test_a_browser_that_was_away_gets_what_it_missed(world: World, ada: Browser, listen: Listen) -> None:
    """Streams are hints, the store has everything (promise 9)."""
    async with listen(ada) as stream:
        await world.joan.writes("First")
        await stream.next()
        place = stream.place
    missed = await world.joan.writes("Second")
    async with listen(ada, **{"Last-Event-ID": place}) as stream:
        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(missed.id)


@pytest.mark.parametrize("text", ["", "1", "-", "1-", "-1", "²-1", "1-x", "1-2-3", f"1-{'9' * 19}", "1-" + "9" * 5000])
def test_what_is_no_place_in_the_journal_begins_with_what_comes(text: str) -> None:
    assert streams._place(text) is None
    assert streams._place("0-7") == Position(0, 7)


Ending = Callable[[World, Browser], Awaitable[None]]


async def _signs_out(world: World, ada: Browser) -> None:
    await ada.submit("/groups", "/sign-out")


async def _is_disabled(world: World, ada: Browser) -> None:
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "ada"))


async def _changes_password_elsewhere(world: World, ada: Browser) -> None:
    async with world.database.writing() as session:
        account = await accounts.by_username(session, "ada")
        await accounts.set_password(session, account, "!")


@pytest.mark.parametrize("how", [_signs_out, _is_disabled, _changes_password_elsewhere], ids=lambda f: f.__name__)
async def test_R_78_a_stream_ends_at_once_when_access_ends(
    world: World, ada: Browser, listen: Listen, how: Ending
) -> None:
    async with listen(ada) as stream:
        await how(world, ada)

        assert await stream.next() is None


async def test_the_browser_in_which_the_password_was_changed_goes_on_listening(
    world: World, ada: Browser, listen: Listen
) -> None:
    async with listen(ada) as stream:
        async with world.database.writing() as session:
            account = await accounts.by_username(session, "ada")
            here = await accounts.signed_in(session, ada.cookies["kontor"])
            assert here is not None
            await accounts.set_password(session, account, "!", keep=here[0].id)
        post = await world.joan.writes("Hello")
        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(post.id)


async def test_a_stream_that_is_left_alone_says_that_it_is_there(
    world: World, ada: Browser, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_STILL_HERE", 0.05)
    async with listen(ada) as stream, asyncio.timeout(PATIENCE):
        lines = [await stream.response.content.readline() for _ in range(5)]

    assert lines.count(b": still here\n") >= 2


async def test_a_stream_is_not_kept_by_anybody_between(world: World, ada: Browser, listen: Listen) -> None:
    async with listen(ada) as stream:
        headers = stream.response.headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"


async def test_visitors_have_no_stream(world: World, visitor: Browser) -> None:
    assert (await visitor.get("/events")).status == 303


@pytest.mark.parametrize("query", ["post=x", "group=x", "post=1", "group=1"])
async def test_there_is_no_stream_for_what_does_not_exist(world: World, ada: Browser, query: str) -> None:
    assert (await ada.get(f"/events?{query}")).status == 404


async def test_a_piece_of_page_holds_one_post_as_the_open_page_would_draw_it(world: World, browser: Open) -> None:
    joan = await browser(world.joan)
    post = await world.ada.writes("Hello")

    page = await joan.get(f"/posts/{post.id}/item?at=/groups/x%3Fbefore=1")

    assert page.posts == [str(post.id)]
    assert page.form(f"/posts/{post.id}/like").get("next") == f"/groups/x?before=1#post-{post.id}"
    assert "<html" not in page.html


# The tail


async def test_who_reads_too_slowly_is_cut_off_and_nobody_waits_for_them(world: World) -> None:
    followed = Tail(world.database)
    await followed.begin()
    slow, quick = followed.subscribe(), followed.subscribe()
    for _ in range(11):
        async with world.database.writing() as session:
            for n in range(100):
                record(session, PostWritten(n))
        while await followed.step():
            pass
        assert len(await quick.wait(0)) == 100

    with pytest.raises(FellBehind):
        await slow.wait(0)


async def test_who_was_away_longer_than_is_replayed_begins_again(world: World) -> None:
    followed = Tail(world.database)
    start = followed.position
    async with world.database.writing() as session:
        for n in range(2200):
            record(session, PostWritten(n))
    await followed.begin()

    with pytest.raises(FellBehind):
        await followed.subscribe(start).wait(0)


async def test_every_stream_ends_with_the_server(app: web.Application, client: Any, world: World) -> None:
    subscription = app[TAIL].subscribe()
    app[TAIL].close()

    assert await subscription.wait(None) == []
    assert subscription.ended


async def test_the_page_of_a_closed_group_has_no_stream_for_those_outside(world: World, joan: Browser) -> None:
    page = await joan.get("/groups/alpine")

    assert "data-events" not in page.html


async def test_a_post_in_a_group_one_joined_just_now_is_told(world: World, joan: Browser, listen: Listen) -> None:
    canteen = await world.alan.founds("canteen")
    async with listen(joan) as stream:
        await world.alan.writes("Before")
        await stream.next()
        async with world.database.writing() as session:
            await groups.join(session, await session.get_one(Group, canteen.id), by=world.joan.staff)
        post = await world.alan.writes("Soup", group=canteen)
        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(post.id)
    assert isinstance(post, Post)
    assert post.created_at <= now()


async def test_GRP_11_what_is_removed_vanishes_from_open_pages_and_comes_back(
    world: World, grace: Browser, listen: Listen
) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    async with listen(grace, f"/events?group={world.alpine.id}") as stream:
        async with world.database.writing() as session:
            await moderation.remove_post(session, post.id, by=world.alan.staff, reason="old")
        gone = await stream.next()
        async with world.database.writing() as session:
            await moderation.restore_post(session, post.id, by=world.alan.staff)
        back = await stream.next()

    assert gone == ("gone", {"id": str(post.id)})
    assert back is not None
    assert (back[0], back[1]["id"]) == ("post", str(post.id))


async def test_GRP_11_its_author_keeps_what_was_removed(world: World, ada: Browser, listen: Listen) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    async with listen(ada) as stream:
        async with world.database.writing() as session:
            await moderation.remove_post(session, post.id, by=world.alan.staff, reason="old")
        seen = await world.joan.writes("Lunch is ready")
        event = await stream.next()

    assert event is not None
    assert event[1]["id"] == str(seen.id)
