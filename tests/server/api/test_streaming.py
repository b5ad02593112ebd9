"""Streams: who is told what, over sockets and server-sent events, and when a stream ends (R-78)."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient
from sqlalchemy.orm import joinedload

from models import accounts, tokens
from models.tables import Access, Account
from server.auth.scopes import Scopes
from server.streaming.connections import WAITING_BYTES, Connection, Ending, Event, Form, framed
from server.streaming.hub import HUB
from server.streaming.streams import Stream
from server.tail import TAIL
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.world import World

PATIENCE = 10.0
"""Seconds after which a test gives up; nothing here takes a tenth of that."""


class Socket:
    """A client's WebSocket that reads what it is told."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hears(self) -> dict[str, Any]:
        """The next message, its payload read."""
        message = await self.socket.receive(timeout=PATIENCE)
        assert message.type is WSMsgType.TEXT, message
        heard: dict[str, Any] = json.loads(message.data)
        if heard.get("event") not in (None, "delete", "filters_changed"):
            heard["payload"] = json.loads(heard["payload"])
        return heard

    async def subscribes(self, stream: str, **more: str) -> None:
        await self.socket.send_json({"type": "subscribe", "stream": stream, **more})

    async def ends(self) -> int | None:
        """Wait until the server closed; the code it gave."""
        while True:
            message = await self.socket.receive(timeout=PATIENCE)
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                return self.socket.close_code


@contextlib.asynccontextmanager
async def listening(phone: Phone, query: str = "", **more: Any) -> AsyncIterator[Socket]:
    headers = more.pop("headers", {"Authorization": f"Bearer {phone.text}"})
    path = f"/api/v1/streaming{query}"
    async with phone.client.ws_connect(path, headers=headers, **more) as socket:
        yield Socket(socket)


# What is told


async def test_home_hears_of_posts_edits_and_deletions(ada: Phone, grace: Phone) -> None:
    async with listening(ada, "?stream=user") as socket:
        status = await grace.writes("Hello")
        written = await socket.hears()
        await grace.put(f"/api/v1/statuses/{status['id']}", json={"status": "Hello again"})
        edited = await socket.hears()
        await grace.delete(f"/api/v1/statuses/{status['id']}")
        gone = await socket.hears()

    assert (written["stream"], written["event"]) == (["user"], "update")
    assert written["payload"] == _without_own(status)
    assert (edited["event"], edited["payload"]["content"]) == ("status.update", "<p>Hello again</p>")
    assert (gone["event"], gone["payload"]) == ("delete", status["id"])


def _without_own(status: dict[str, Any]) -> dict[str, Any]:
    """A status as a colleague sees it who did not write it."""
    return {name: value for name, value in status.items() if name != "pinned"} | {"application": None}


async def test_who_changes_their_filters_is_told_on_the_home_stream(ada: Phone, grace: Phone) -> None:
    wish = {"title": "Tea", "context": ["home"], "keywords_attributes": [{"keyword": "tea"}]}
    async with listening(ada, "?stream=user") as socket, listening(grace, "?stream=user") as other:
        await ada.post("/api/v2/filters", json=wish)
        told = await socket.hears()
        await ada.writes("Tea")
        update = await socket.hears()
        first_of_other = await other.hears()

    assert told == {"stream": ["user"], "event": "filters_changed"}
    assert [result["filter"]["title"] for result in update["payload"]["filtered"]] == ["Tea"]
    assert (first_of_other["event"], first_of_other["payload"]["filtered"]) == ("update", [])


async def test_the_home_stream_and_those_of_lists_are_as_one_sorts_them(ada: Phone, grace: Phone, world: World) -> None:
    other = await world.alan.founds("other", access=Access.OPEN)
    made = (await ada.post("/api/v1/lists", json={"title": "Team", "exclusive": True})).body
    async with listening(ada, "?stream=user") as socket, listening(grace, "?stream=user") as usual:
        await ada.post(f"/api/v1/lists/{made['id']}/accounts", json={"account_ids": [str(world.joan.id)]})
        await ada.post("/api/v1/tags/tea/follow")
        await socket.subscribes("list", list=made["id"])
        apart = await world.joan.writes("In the list")
        tagged = await world.alan.writes("#tea", group=other)
        last = await world.grace.writes("For all")
        heard = [await socket.hears() for _ in range(3)]
        of_grace = [await usual.hears() for _ in range(2)]

    assert [(told["stream"], told["payload"]["id"]) for told in heard] == [
        (["list", made["id"]], str(apart.id)),
        (["user"], str(tagged.id)),
        (["user"], str(last.id)),
    ]
    assert [told["payload"]["id"] for told in of_grace] == [str(apart.id), str(last.id)]


async def test_notifications_come_on_the_home_stream_and_alone(ada: Phone, grace: Phone, world: World) -> None:
    async with listening(ada, "?stream=user:notification") as socket:
        await grace.writes("Hello @ada")
        await world.settle()
        heard = await socket.hears()

    assert (heard["stream"], heard["event"]) == (["user:notification"], "notification")
    assert heard["payload"]["type"] == "mention"
    assert heard["payload"]["status"]["content"].startswith("<p>Hello ")


async def test_what_waits_at_a_gate_is_not_streamed(ada: Phone, grace: Phone, world: World) -> None:
    async with listening(grace, "?stream=user:notification") as socket:
        await world.ada.writes("The new case", group=world.alpine)
        await ada.writes("Hello @grace")
        await world.settle()
        heard = await socket.hears()

    assert heard["payload"]["type"] == "mention"


async def test_one_socket_has_many_streams_each_with_its_label(ada: Phone, grace: Phone, world: World) -> None:
    group = await world.alan.founds("coffee", access=Access.OPEN)
    await world.ada.joins(group)
    async with listening(ada) as socket:
        for wish in (
            {"stream": "public:local"},
            {"stream": "hashtag", "tag": "Beans"},
            {"stream": "list", "list": str(group.id)},
        ):
            await socket.subscribes(**wish)
        await socket.subscribes("nonsense")
        refused = await socket.hears()
        post = await world.alan.writes("#beans are out", group=group)
        heard = [await socket.hears() for _ in range(3)]

    assert refused["status"] == 404
    assert sorted(message["stream"] for message in heard) == [
        ["hashtag", "Beans"],
        ["list", str(group.id)],
        ["public:local"],
    ]
    assert {message["payload"]["id"] for message in heard} == {str(post.id)}


async def test_a_stream_one_leaves_is_silent(ada: Phone, grace: Phone, world: World) -> None:
    async with listening(ada, "?stream=public") as socket:
        await socket.subscribes("user")
        await socket.socket.send_json({"type": "unsubscribe", "stream": "public"})
        await socket.subscribes("nonsense")
        assert (await socket.hears())["status"] == 404  # everything before it was read
        first, second = await world.grace.writes("One"), await world.grace.writes("Two")
        heard = [await socket.hears(), await socket.hears()]

    assert [message["stream"] for message in heard] == [["user"], ["user"]]
    assert [message["payload"]["id"] for message in heard] == [str(first.id), str(second.id)]


async def test_messages_are_told_as_conversations(ada: Phone, grace: Phone, world: World) -> None:
    async with listening(grace, "?stream=direct") as socket, listening(ada, "?stream=direct") as own:
        message = await world.ada.tells(world.grace)
        heard = await socket.hears()
        said = await own.hears()

    assert (heard["stream"], heard["event"]) == (["direct"], "conversation")
    assert heard["payload"]["last_status"]["id"] == str(message.id)
    assert [person["acct"] for person in heard["payload"]["accounts"]] == ["ada"]
    assert (heard["payload"]["unread"], said["payload"]["unread"]) == (True, False)


async def test_a_boost_of_whom_one_follows_is_heard(ada: Phone, grace: Phone, world: World) -> None:
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")
    post = await world.joan.writes("Good")
    async with listening(ada, "?stream=user") as socket:
        boost = await world.grace.boosts(post)
        heard = await socket.hears()
        if heard["payload"]["id"] == str(post.id):  # written just before; its entry may come after we connected
            heard = await socket.hears()

    assert (heard["payload"]["id"], heard["payload"]["reblog"]["id"]) == (str(boost.id), str(post.id))


# To whom


async def test_R_78_nobody_hears_what_they_may_not_read(joan: Phone, ada: Phone, world: World) -> None:
    """The secret first, then something for all: whoever hears the second as their first did not hear the secret."""
    async with listening(joan) as socket:
        for wish in (
            {"stream": "user"},
            {"stream": "public"},
            {"stream": "public:local"},
            {"stream": "hashtag", "tag": "case"},
            {"stream": "list", "list": str(world.alpine.id)},
            {"stream": "direct"},
        ):
            await socket.subscribes(**wish)
        await socket.subscribes("nonsense")
        await socket.hears()
        secret = await world.ada.writes("Secret #case", group=world.alpine)
        message = await world.ada.tells(world.grace, text="Secret #case")
        await world.ada.edits(secret, "Still secret #case")
        await world.ada.deletes(secret)
        await world.ada.deletes(message)
        open_ = await world.ada.writes("For all")
        heard = await socket.hears()

    assert (heard["event"], heard["payload"]["id"]) == ("update", str(open_.id))


async def test_R_78_who_left_a_group_hears_no_more_of_it(ada: Phone, world: World) -> None:
    async with listening(ada) as socket:
        for wish in ({"stream": "user"}, {"stream": "list", "list": str(world.alpine.id)}):
            await socket.subscribes(**wish)
        await socket.subscribes("nonsense")
        await socket.hears()
        inside = await world.alan.writes("While she is in", group=world.alpine)
        before = [await socket.hears(), await socket.hears()]
        await world.ada.leaves(world.alpine)
        await world.alan.writes("After she left", group=world.alpine)
        await world.alan.deletes(inside)
        open_ = await world.alan.writes("For all")
        after = await socket.hears()

    assert {message["payload"]["id"] for message in before} == {str(inside.id)}
    assert after["payload"]["id"] == str(open_.id)


async def test_counts_and_marks_are_the_listeners_own(ada: Phone, grace: Phone, world: World) -> None:
    status = await ada.writes("Good")
    await ada.post(f"/api/v1/statuses/{status['id']}/favourite")
    async with listening(ada, "?stream=user") as own, listening(grace, "?stream=user") as other:
        await ada.put(f"/api/v1/statuses/{status['id']}", json={"status": "Better"})
        heard = (await own.hears())["payload"], (await other.hears())["payload"]

    assert [payload["favourited"] for payload in heard] == [True, False]
    assert [payload["favourites_count"] for payload in heard] == [1, 1]
    assert [payload["application"] for payload in heard] == [status["application"], None]


# Who may listen


@pytest.mark.parametrize("way", ["query", "header", "protocol"])
async def test_the_token_comes_in_three_ways(ada: Phone, grace: Phone, way: str) -> None:
    more: dict[str, Any] = {"headers": {}}
    query = "?stream=user"
    if way == "query":
        query += f"&access_token={ada.text}"
    elif way == "header":
        more = {}
    else:
        more["protocols"] = (ada.text,)
    async with listening(ada, query, **more) as socket:
        await grace.writes("Hello")
        heard = await socket.hears()

    assert heard["event"] == "update"
    assert socket.socket.protocol == (ada.text if way == "protocol" else None)


REFUSED = [
    ("", "user", 401),
    ("push", "user", 403),
    ("write", "public", 403),
    ("read:notifications", "public", 403),
    ("read:notifications", "direct", 403),
    ("read:statuses", "user:notification", 403),
    ("read", "nonsense", 404),
    ("read", "hashtag", 422),
    ("read", "list", 422),
]
"""Scopes, stream, status."""


async def test_R_81_a_socket_is_refused_before_it_opens(hand: Hand, anybody: Phone, world: World) -> None:
    for scopes, stream, status in REFUSED:
        phone = await hand(world.ada, scopes) if scopes else anybody
        more = {} if scopes else {"headers": {}}

        with pytest.raises(WSServerHandshakeError) as refused:
            async with listening(phone, f"?stream={stream}", **more):
                pass

        assert refused.value.status == status, (scopes, stream)


async def test_R_81_a_token_hears_no_further_than_its_scope(
    hand: Hand, grace: Phone, world: World, app: web.Application
) -> None:
    """CVE-2025-62176: a token for notifications gets no posts, one for posts no notifications."""
    for_posts = await hand(world.ada, "read:statuses")
    for_notifications = await hand(world.ada, "read:notifications")
    async with listening(for_posts, "?stream=user") as one, listening(for_notifications, "?stream=user") as other:
        await grace.writes("Hello @ada")
        await world.settle()
        last = await grace.writes("The last one @ada")
        await world.settle()
        posts = [await one.hears(), await one.hears()]
        told = [await other.hears(), await other.hears()]

    assert [message["event"] for message in posts] == ["update", "update"]
    assert posts[1]["payload"]["id"] == last["id"]
    assert [message["event"] for message in told] == ["notification", "notification"]


async def test_an_application_alone_hears_nothing(hand: Hand) -> None:
    phone = await hand(None)

    with pytest.raises(WSServerHandshakeError) as refused:
        async with listening(phone, "?stream=public"):
            pass

    assert refused.value.status == 403


# When it ends


async def test_R_78_a_revoked_token_ends_its_streams_and_no_others(
    ada: Phone, hand: Hand, world: World, app: web.Application
) -> None:
    """By the journal alone: nobody looks at the tokens meanwhile."""
    app[HUB].look_every = math.inf
    other = await hand(world.ada)
    assert ada.token is not None
    async with listening(ada, "?stream=user") as socket, listening(other, "?stream=user") as another:
        async with world.database.writing() as session:
            await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)
        code = await socket.ends()
        await world.grace.writes("Hello")
        heard = await another.hears()

    assert code == 1008
    assert heard["event"] == "update"


async def test_R_78_a_disabled_persons_streams_end(ada: Phone, world: World, app: web.Application) -> None:
    app[HUB].look_every = math.inf
    async with listening(ada, "?stream=user") as socket:
        async with world.database.writing() as session:
            account = await session.get_one(Account, world.ada.staff.account_id, options=[joinedload(Account.actor)])
            await accounts.disable(session, account, by=world.alan.staff)
        code = await socket.ends()

    assert code == 1008


async def test_R_78_an_end_the_journal_is_late_with_is_found_by_looking(
    ada: Phone, app: web.Application, world: World
) -> None:
    """PostgreSQL hands out entries only when older transactions are over; the tokens themselves are looked at too."""
    assert ada.token is not None
    async with listening(ada, "?stream=user") as socket:
        async with world.database.writing() as session:
            token = await session.get_one(type(ada.token), ada.token.id)
            token.revoked_at = token.created_at
        code = await socket.ends()

    assert code == 1008


class Pipe:
    """A transport whose reader takes nothing."""

    def __init__(self) -> None:
        self.waiting = b""
        self.is_gone = False

    def write(self, data: bytes) -> None:
        self.waiting += data

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.is_gone


def connected(world: World, form: Form = Form.CHUNKS) -> tuple[Connection, Any]:
    connection, pipe = Connection(world.ada.staff, 1, Scopes.parse("read")), Pipe()
    connection.open(pipe, form)  # type: ignore[arg-type]
    return connection, pipe


async def test_R_45_who_reads_too_slowly_is_cut_off(world: World) -> None:
    """By what waits for them in bytes, and when nothing was taken between two signs of life."""
    event = Event(Stream("user"), "update", b"x" * 100_000)
    greedy, pipe = connected(world)
    while greedy.ending is None:
        greedy.tell(event)
        assert len(pipe.waiting) < WAITING_BYTES + 200_000
    kept = len(pipe.waiting)
    greedy.tell(event)
    assert (greedy.ending, len(pipe.waiting)) == (Ending.TOO_SLOW, kept)

    asleep, _ = connected(world)
    asleep.tell(Event(Stream("user"), "delete", b"1"))
    asleep.show_life()
    assert asleep.ending is None
    asleep.show_life()
    assert await asleep.ended() is Ending.TOO_SLOW

    awake, pipe = connected(world)
    for _ in range(3):
        awake.show_life()
        assert pipe.waiting == b"8\r\n:thump\n\n\r\n"
        pipe.waiting = b""
    pipe.is_gone = True
    awake.tell(event)
    assert awake.ending is Ending.WENT_AWAY

    early = Connection(world.ada.staff, 1, Scopes.parse("read"))
    while early.ending is None:
        early.tell(event)
    assert early.ending is Ending.TOO_SLOW


async def test_what_happens_while_a_client_is_greeted_is_told_after_that(world: World) -> None:
    connection, pipe = Connection(world.ada.staff, 1, Scopes.parse("read")), Pipe()
    connection.tell(Event(Stream("user"), "delete", b"7"))
    connection.open(pipe, Form.LINES)  # type: ignore[arg-type]

    assert pipe.waiting == b"event: delete\ndata: 7\n\n"


@pytest.mark.parametrize("size", [5, 125, 126, 65_535, 65_536])
def test_frames_say_how_long_they_are(size: int) -> None:
    """RFC 6455 §5.2."""
    frame = framed(b"x" * size)
    length = frame[1]
    begin = 2 + {126: 2, 127: 8}.get(length, 0)

    assert (frame[0], len(frame) - begin) == (0x81, size)
    assert size == (length if begin == 2 else int.from_bytes(frame[2:begin]))


async def test_a_socket_that_went_away_is_forgotten(ada: Phone, app: web.Application, grace: Phone) -> None:
    async with listening(ada, "?stream=user") as socket:
        await grace.writes("Hello")
        await socket.hears()
        assert len(app[HUB]) == 1

    async with asyncio.timeout(PATIENCE):
        while len(app[HUB]):  # noqa: ASYNC110 - the hub has no reason to tell anybody that it forgot somebody
            await asyncio.sleep(0)


async def test_streams_end_when_the_server_goes_down(
    ada: Phone, client: TestClient[Any, Any], app: web.Application
) -> None:
    async with listening(ada, "?stream=user") as socket:
        ended = asyncio.create_task(socket.ends())
        app[TAIL].close()
        code = await ended

    assert code == 1001


async def test_R_40_what_a_client_says_is_short(ada: Phone) -> None:
    async with listening(ada) as socket:
        await socket.socket.send_str("x" * 10_000)
        code = await socket.ends()

    assert code == 1009


async def test_nonsense_over_a_socket_is_answered(ada: Phone) -> None:
    async with listening(ada) as socket:
        await socket.socket.send_str("{")
        assert (await socket.hears())["status"] == 400
        await socket.socket.send_json({"type": "dance"})
        await socket.subscribes("list", list="abc")
        assert (await socket.hears())["status"] == 422


async def test_R_48_a_socket_takes_only_so_many_subscriptions(ada: Phone) -> None:
    async with listening(ada) as socket:
        for number in range(101):
            await socket.subscribes("hashtag", tag=f"tag{number}")
        refused = await socket.hears()

    assert refused["status"] == 422


# Server-sent events


async def events(response: Any, count: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    name = ""
    while len(found) < count:
        line = (await asyncio.wait_for(response.content.readline(), PATIENCE)).decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((name, line.removeprefix("data: ")))
    return found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("user", "Hello"),
        ("public", "Hello"),
        ("public/local", "Hello"),
        ("hashtag?tag=tea", "Hello #tea"),
        ("hashtag/local?tag=tea", "Hello #tea"),
    ],
)
async def test_events_are_sent_over_plain_http(ada: Phone, grace: Phone, path: str, text: str) -> None:
    headers = {"Authorization": f"Bearer {ada.text}"}
    async with ada.client.get(f"/api/v1/streaming/{path}", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        await response.content.readline()
        status = await grace.writes(text)
        [(first, payload)] = await events(response, 1)
        await grace.delete(f"/api/v1/statuses/{status['id']}")
        [(second, gone)] = await events(response, 1)

    assert (first, json.loads(payload)["id"]) == ("update", status["id"])
    assert (second, gone) == ("delete", status["id"])


@pytest.mark.parametrize("path", ["public?only_media=true", "public/local?only_media=1"])
async def test_plain_streams_leave_out_what_has_no_files(ada: Phone, grace: Phone, path: str) -> None:
    headers = {"Authorization": f"Bearer {ada.text}"}
    async with ada.client.get(f"/api/v1/streaming/{path}", headers=headers) as response:
        await response.content.readline()
        await grace.writes("Words")
        media = (await grace.post("/api/v2/media", data=upload())).body
        status = await grace.writes("Look", media_ids=[media["id"]])
        [(name, payload)] = await events(response, 1)

    assert (name, json.loads(payload)["id"]) == ("update", status["id"])


async def test_R_78_plain_streams_end_with_their_access_too(ada: Phone, world: World) -> None:
    assert ada.token is not None
    headers = {"Authorization": f"Bearer {ada.text}"}
    async with ada.client.get("/api/v1/streaming/user", headers=headers) as response:
        await response.content.readline()
        async with world.database.writing() as session:
            await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(response.content.read(), PATIENCE)

    assert response.content.at_eof() or response.content.exception() is not None


async def test_plain_streams_refuse_in_json(anybody: Phone, hand: Hand, world: World) -> None:
    assert (await anybody.ask("GET", "/api/v1/streaming/user")).status == 401
    assert (await anybody.ask("GET", "/api/v1/streaming/public")).status == 401
    narrow = await hand(world.ada, "write")
    refused = await narrow.ask("GET", "/api/v1/streaming/user")
    assert (refused.status, refused.body["code"]) == (403, "insufficient_scope")
    assert (await narrow.ask("GET", "/api/v1/streaming/nonsense")).status == 404


async def test_streams_are_in_good_health(anybody: Phone) -> None:
    assert (await anybody.get("/api/v1/streaming/health")).body == "OK"
