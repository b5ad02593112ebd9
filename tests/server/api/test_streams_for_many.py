"""A post that reaches many streams at once: everybody hears what they would be answered, and no more (R-78)."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update

from models import journal
from models.posts import audiences, outlines
from models.tables import Account, Role
from server.api.entities.shelf import SHELF
from server.auth.scopes import Scopes
from server.streaming import sayings
from server.streaming.connections import Connection, Event
from server.streaming.sayings import Saying, said
from server.streaming.streams import Stream, parse
from server.streaming.telling import News, tell
from tests.models.test_audiences import much
from tests.server.api.conftest import Statements
from tests.world import Person, World, hire

KINDS = (
    "user",
    "public",
    "public:local",
    "public:remote",
    "public:media",
    "hashtag",
    "hashtag:local",
    "list",
    "direct",
)


class Listener:
    """A stream without a socket: what it is told is kept."""

    def __init__(self, person: Person, *streams: str, scopes: str = "read", **named: str) -> None:
        granted = Scopes.parse(scopes)
        subscribed = {
            parse(kind, tag=named.get("tag", ""), list_id=named.get("list", ""), scopes=granted) for kind in streams
        }
        self.connection = Connection(person.staff, 1, granted, subscribed)

    @property
    def heard(self) -> list[Event]:
        return self.connection._early

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.stream.kind, event.name) for event in self.heard]


async def told(app: web.Application, news: News, *listeners: Listener) -> None:
    await tell(app, [listener.connection for listener in listeners], news)


async def test_R_78_everybody_hears_of_a_post_what_they_would_be_answered(app: web.Application, world: World) -> None:
    posts = await much(world)
    listeners = [
        Listener(person, "user", "public", "direct") for person in (world.ada, world.alan, world.grace, world.joan)
    ]

    await told(app, News(edited=[post.id for post in posts]), *listeners)

    for listener in listeners:
        viewer = listener.connection.viewer
        heard = {event.payload for event in listener.heard if event.name == "status.update"}
        ids = {json.loads(payload or b"")["id"] for payload in heard}
        async with world.database.reading() as session:
            lines = await outlines.outlines_of(session, viewer, [int(post_id) for post_id in ids])
            answered = await app[SHELF].statuses(session, viewer, list(lines.values()))
        assert heard == set(answered), viewer.username
        assert len(ids) >= 5


async def test_who_sees_the_same_gets_the_same_bytes(
    app: web.Application, world: World, statements: Statements
) -> None:
    """What it costs does not grow with the number of listeners."""
    more = [await hire(world.database, f"person{number}") for number in range(12)]
    post = await world.ada.writes("For all #tea")
    few = [Listener(world.joan, "user"), Listener(more[0], "user")]
    await told(app, News(written=[post.id]), *few)
    statements.clear()
    await told(app, News(written=[post.id]), *few)
    cost = len(statements)
    many = [Listener(person, "user", "hashtag", tag="tea") for person in more]
    silent = [Listener(person, "hashtag", tag=f"other{number}") for number, person in enumerate(more)]
    statements.clear()

    await told(app, News(written=[post.id]), *few, *many, *silent)

    assert len(statements) <= cost + 3  # another stream, and the tags that say whom the post cannot concern
    assert len({id(listener.heard[0].frame) for listener in many}) == 1
    assert all(sorted(listener.told) == [("hashtag", "update"), ("user", "update")] for listener in many)
    assert not any(listener.told for listener in silent)


@pytest.mark.parametrize(
    "change", [{"role": Role.ADMIN}, {"disabled_at": Account.created_at}], ids=["role", "disabled"]
)
async def test_R_78_whose_standing_changed_hears_nothing_until_they_come_back(
    app: web.Application, world: World, change: dict[str, Any]
) -> None:
    listeners = Listener(world.ada, *KINDS[:4]), Listener(world.joan, *KINDS[:4])
    async with world.database.writing() as session:
        await session.execute(update(Account).where(Account.id == world.ada.staff.account_id).values(**change))
    post = await world.grace.writes("For all")

    await told(app, News(written=[post.id]), *listeners)

    assert [bool(listener.heard) for listener in listeners] == [False, True]


async def test_deletions_reach_who_knew_the_post(app: web.Application, world: World) -> None:
    inside, for_all = await world.ada.writes("Inside", group=world.alpine), await world.ada.writes("For all")
    await world.ada.deletes(inside)
    await world.ada.deletes(for_all)
    alan, joan = Listener(world.alan, "user", "public"), Listener(world.joan, "user", "public")

    await told(app, News(deleted=[inside.id, for_all.id]), alan, joan)

    assert {event.payload for event in alan.heard} == {b"%d" % inside.id, b"%d" % for_all.id}
    assert {event.payload for event in joan.heard} == {b"%d" % for_all.id}


@pytest.fixture
def tellers(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    table: dict[Any, Any] = {}
    monkeypatch.setattr(sayings, "_TELLERS", table)
    return table


async def test_other_events_go_to_the_home_streams_of_whom_they_are_for(
    app: web.Application, world: World, tellers: dict[Any, Any]
) -> None:
    @sayings.tells(journal.Unliked)
    async def changed(app: web.Application, session: Any, entry: journal.Unliked) -> Sequence[Saying]:
        return [Saying("filters_changed", account_id=entry.actor_id), Saying("announcement", b'{"id":"1"}')]

    narrow = Listener(world.ada, "user", scopes="read:notifications")
    ada, joan, public = Listener(world.ada, "user"), Listener(world.joan, "user"), Listener(world.joan, "public")
    news = News.of([journal.Unliked(world.ada.staff.account_id, 1, ""), journal.Liked(1, 1, "")])

    await told(app, news, narrow, ada, joan, public)

    assert ada.told == narrow.told == [("user", "filters_changed"), ("user", "announcement")]
    assert joan.told == [("user", "announcement")]
    assert public.told == []
    assert json.loads(ada.heard[0].frame[2:]) == {"stream": ["user"], "event": "filters_changed"}
    assert ada.heard[0].lines == b"event: filters_changed\ndata: undefined\n\n"
    assert not News.of([journal.Liked(1, 1, "")])
    async with world.database.reading() as session:
        assert await said(app, session, []) == []


def test_a_stream_with_an_argument_sleeps_through_what_cannot_be_on_it() -> None:
    facts = audiences.Facts(["tea"], [7])

    assert Stream("hashtag", "Tea").concerns(facts)
    assert Stream("list", "7").concerns(facts)
    assert Stream("user").concerns(facts)
    assert not Stream("hashtag:local", "coffee").concerns(facts)
    assert not Stream("list", "8").concerns(facts)
