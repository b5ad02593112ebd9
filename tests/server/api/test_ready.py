"""Answers that are given again: only while nothing changed, only to whom they were given, and counted like others."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import accounts, blocks, groups, tokens
from models.database import Database
from models.tables import Account, Actor, Cursor, Group, Post
from models.viewers import Viewer
from server import budgets
from server.api.entities.shelf import Shelf
from server.ready import KEPT_SECONDS, Ready
from tests.server.api.conftest import Statements
from tests.server.api.phone import Phone
from tests.world import Person, World

HOME = "/api/v1/timelines/home"


async def test_the_same_question_gets_the_same_bytes_again(ada: Phone, ready: Ready) -> None:
    written = await ada.writes("Good morning")
    first = await ada.get(HOME)
    given = ready.given

    again = await ada.get(HOME)

    assert ready.given == given + 1
    assert again.ids == [written["id"]]
    assert again.body == first.body
    assert {name: value for name, value in again.headers.items() if name != "Date"} == {
        name: value for name, value in first.headers.items() if name != "Date"
    }
    assert "Date" in again.headers


async def test_whatever_was_committed_ends_what_was_kept(ada: Phone, grace: Phone) -> None:
    await ada.get(HOME)
    written = await grace.writes("Lunch is ready")

    assert (await ada.get(HOME)).ids == [written["id"]]


async def test_everybody_gets_their_own(ada: Phone, grace: Phone, anybody: Phone, ready: Ready) -> None:
    who = "/api/v1/accounts/verify_credentials"
    for _ in range(3):
        assert (await ada.get(who)).body["username"] == "ada"
        assert (await grace.get(who)).body["username"] == "grace"
        await anybody.get(who, status=401)
    given = ready.given
    assert given

    for different in (f"{who}?a=1", f"{who}/"):
        await ada.get(different)
    await ada.get(who, headers={"Accept-Language": "de"})
    await ada.get(who, headers={"Origin": "https://client.example"})

    assert ready.given == given


async def test_a_question_with_a_body_is_never_taken_for_one_without(ada: Phone, ready: Ready) -> None:
    await ada.get(HOME)
    await ada.get(HOME)
    given = ready.given

    await ada.get(HOME, json={"limit": 1})

    assert ready.given == given


async def test_what_changes_by_the_clock_alone_is_a_second_old_at_most(ada: Phone, ready: Ready) -> None:
    seconds = 0.0
    ready.clock = lambda: seconds
    await ada.get(HOME)  # notes that the token is in use
    await ada.get(HOME)
    seconds = KEPT_SECONDS * 0.9
    await ada.get(HOME)
    given = ready.given
    assert given

    seconds = KEPT_SECONDS
    await ada.get(HOME)

    assert ready.given == given


async def test_refusals_and_changes_are_never_kept(ada: Phone, ready: Ready) -> None:
    for _ in range(3):
        await ada.get("/api/v1/statuses/1", status=404)
        await ada.post("/api/v1/statuses", json={"status": ""}, status=422)
        await ada.ask("HEAD", HOME)

    assert ready.given == 0


async def test_who_closes_the_connection_gets_a_whole_answer(ada: Phone, ready: Ready) -> None:
    await ada.get(HOME)
    await ada.get(HOME)
    given = ready.given

    assert (await ada.get(HOME, headers={"Connection": "close"})).body == []

    assert ready.given == given


class TestLimits:
    @pytest.fixture
    def settings(self) -> str:
        return "[limits]\napi_requests = 4\n"

    async def test_what_is_given_again_counts_like_any_other_request(self, ada: Phone, ready: Ready) -> None:
        left = [(await ada.get(HOME)).headers["X-RateLimit-Remaining"] for _ in range(4)]
        assert left == ["3", "2", "1", "0"]
        assert ready.given

        await ada.get(HOME, status=429)


# Whoever lost a right has lost it with their next request, whichever process took it: this one, or another one, for
# which another connection to the database stands here.

Loss = Callable[[World, Database, Post], Awaitable[None]]


async def removed_from_the_group(world: World, other: Database, post: Post) -> None:
    async with other.writing() as session:
        await groups.remove(session, await session.get_one(Group, world.alpine.id), world.ada.id, by=world.alan.staff)


async def left_by_another_device(world: World, other: Database, post: Post) -> None:
    await Person(other, world.ada.staff, world.ada.email).leaves(world.alpine)


async def deleted_by_its_author(world: World, other: Database, post: Post) -> None:
    await Person(other, world.alan.staff, world.alan.email).deletes(post)


async def blocked_by_its_author(world: World, other: Database, post: Post) -> None:
    async with other.writing() as session:
        ada = await session.get_one(Actor, world.ada.id)
        await blocks.block(session, ada, by=world.alan.staff)


WHERE = pytest.mark.parametrize("is_ours", [True, False], ids=["this process", "another process"])


@WHERE
@pytest.mark.parametrize(
    "loss", [removed_from_the_group, left_by_another_device, deleted_by_its_author, blocked_by_its_author]
)
async def test_what_one_may_not_see_any_more_is_gone_with_the_next_request(
    loss: Loss, is_ours: bool, ada: Phone, world: World, ready: Ready
) -> None:
    post = await world.alan.writes("Only for alpine", group=world.alpine)
    pages = [HOME, f"/api/v1/accounts/{world.alan.id}/statuses", f"/api/v1/accounts/{world.alpine.id}/statuses"]
    for _ in range(2):
        for page in pages:
            assert str(post.id) in (await ada.get(page)).ids, page
        await ada.get(f"/api/v1/statuses/{post.id}")
    given = ready.given
    assert given >= len(pages)
    other = Database(str(world.database.url), instance=world.database.instance)

    await loss(world, world.database if is_ours else other, post)

    for page in pages:
        answer = await ada.ask("GET", page)
        assert answer.status == 404 or str(post.id) not in answer.ids, page
    await ada.get(f"/api/v1/statuses/{post.id}", status=404)
    assert ready.given == given
    await other.close()


async def revoked(world: World, other: Database, token_id: int) -> None:
    async with other.writing() as session:
        await tokens.revoke_own(session, by=world.ada.staff, token_id=token_id)


async def disabled(world: World, other: Database, token_id: int) -> None:
    async with other.writing() as session:
        account = await session.get_one(Account, world.ada.staff.account_id, options=[joinedload(Account.actor)])
        await accounts.disable(session, account, by=world.alan.staff)


@WHERE
@pytest.mark.parametrize("end", [revoked, disabled])
async def test_a_token_that_ended_gets_nothing_that_was_kept(
    end: Callable[[World, Database, int], Awaitable[None]], is_ours: bool, ada: Phone, world: World, ready: Ready
) -> None:
    assert ada.token is not None
    for _ in range(3):
        await ada.get(HOME)
    given = ready.given
    assert given
    other = Database(str(world.database.url), instance=world.database.instance)

    await end(world, world.database if is_ours else other, ada.token.id)

    await ada.get(HOME, status=401)
    assert ready.given == given
    await other.close()


async def test_many_who_ask_the_same_at_once_ask_the_database_once(
    ada: Phone, ready: Ready, statements: Statements
) -> None:
    """What was kept is too old for everybody at the same moment; it is not made once for each of them."""
    seconds = 0.0
    ready.clock = lambda: seconds
    await ada.get(HOME)
    await ada.get(HOME)
    seconds = KEPT_SECONDS
    statements.clear()
    given = ready.given

    answers = await asyncio.gather(*(ada.get(HOME) for _ in range(8)))

    assert len([text for text in statements if "FROM posts" in text]) == 1
    assert ready.given == given + 7
    assert {answer.status for answer in answers} == {200}


_PLACES = itertools.count()


async def _turns(database: Database) -> None:
    """Write what the machinery writes all the time."""
    async with database.writing() as session:
        await session.merge(Cursor(consumer="test", transaction=0, position=next(_PLACES)))


async def test_what_the_machinery_writes_ends_only_what_was_made_of_it(ada: Phone, ready: Ready, world: World) -> None:
    """Another process's commits cannot be told apart on SQLite, and end all."""
    asked = 0

    async def read_the_machinery(shelf: Shelf, session: AsyncSession, viewer: Viewer, actor: Actor) -> bytes:
        nonlocal asked
        asked += 1
        await session.scalar(select(func.sum(Cursor.position)))
        return (await shelf.accounts(session, viewer, [(actor.id, actor.version)]))[0]

    for _ in range(2):
        await ada.get(HOME)
    given = ready.given
    await _turns(world.database)
    await ada.get(HOME)
    assert ready.given == given + 1

    other = Database(str(world.database.url), instance=world.database.instance)
    await _turns(other)
    given = ready.given
    await ada.get(HOME)
    assert ready.given == given + (not world.database.is_sqlite)
    await other.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shelf, "account", read_the_machinery)
        page = f"/api/v1/accounts/{world.alan.id}"
        for _ in range(3):
            await ada.get(page)
        assert asked < 3
        before = asked
        await _turns(world.database)
        await ada.get(page)
        assert asked == before + 1


async def test_where_nothing_is_ever_kept_the_moment_is_not_asked_for(
    ada: Phone, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = database.moment

    async def moment() -> object:
        asked.append(1)
        return await real()

    monkeypatch.setattr(database, "moment", moment)
    for path in ("/static/css/tokens.css", "/media/none", "/api/v1/streaming/health"):
        async with ada.client.get(path) as answer:
            await answer.read()
    assert asked == []
    await ada.get(HOME)
    assert asked


async def test_no_more_is_kept_than_fits(ada: Phone, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    who = "/api/v1/accounts/verify_credentials"
    await ada.writes("Good morning")
    monkeypatch.setattr(budgets, "ANSWERS", 3 * 6000)
    for number in range(9):
        await ada.get(f"{who}?n={number}")
    given = ready.given

    await ada.get(f"{who}?n=8")
    assert ready.given == given + 1

    await ada.get(f"{who}?n=0")
    assert ready.given == given + 1
