"""Tokens: kept for a moment, ended at once."""

import asyncio

import pytest
from aiohttp import web
from sqlalchemy.orm import joinedload

from models import accounts, tokens
from models.database import Database
from models.tables import AccessToken, Account
from server.api.bearer import BEARERS, TokenInvalid
from tests.server.api.conftest import Hand, Statements
from tests.server.api.phone import Phone, grant
from tests.world import World

PATH = "/api/v1/timelines/home"


async def test_a_token_is_looked_up_once_for_many_requests(ada: Phone, statements: Statements) -> None:
    await ada.get(PATH)  # which also notes that the token is in use
    await ada.get(PATH)
    statements.clear()

    for number in range(5):
        await ada.get(f"{PATH}?limit={number + 1}")

    assert not [text for text in statements if "access_tokens" in text]


async def test_a_revoked_token_is_dead_at_once(ada: Phone, world: World) -> None:
    await ada.get(PATH)
    assert ada.token is not None

    async with world.database.writing() as session:
        await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)

    await ada.get(PATH, status=401)


async def test_one_token_ends_and_the_others_live(ada: Phone, hand: Hand, world: World) -> None:
    other = await hand(world.ada)
    await ada.get(PATH)
    await other.get(PATH)
    assert ada.token is not None

    async with world.database.writing() as session:
        await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)

    await ada.get(PATH, status=401)
    await other.get(PATH)


async def test_a_disabled_person_is_out_at_once_with_every_token(ada: Phone, hand: Hand, world: World) -> None:
    other = await hand(world.ada)
    await ada.get(PATH)
    await other.get(PATH)

    async with world.database.writing() as session:
        account = await session.get_one(Account, world.ada.staff.account_id, options=[joinedload(Account.actor)])
        await accounts.disable(session, account, by=world.alan.staff)

    await ada.get(PATH, status=401)
    await other.get(PATH, status=401)


async def test_an_end_that_another_process_wrote_counts_at_once(ada: Phone, world: World) -> None:
    """Another process's commit wakes nobody here, but the database shows it."""
    await ada.get(PATH)
    other_process = Database(str(world.database.url), instance=world.database.instance)
    assert ada.token is not None
    async with other_process.writing() as session:
        await tokens.revoke_own(session, by=world.ada.staff, token_id=ada.token.id)
    await other_process.close()

    await ada.get(PATH, status=401)


async def test_a_token_that_ends_while_it_is_looked_up_is_not_kept(
    app: web.Application, database: Database, world: World
) -> None:
    granted = await grant(database, world.ada)
    bearers = app[BEARERS]
    await bearers.find(database, granted.text)

    async def end() -> None:
        async with database.writing() as session:
            await tokens.revoke_own(session, by=world.ada.staff, token_id=granted.row.id)

    await asyncio.gather(end(), *(bearers.find(database, granted.text) for _ in range(20)), return_exceptions=True)

    with pytest.raises(TokenInvalid):
        await bearers.find(database, granted.text)


async def test_use_of_a_token_is_noted(ada: Phone, world: World) -> None:
    assert ada.token is not None
    await ada.get(PATH)

    async with world.database.reading() as session:
        assert (await session.get_one(AccessToken, ada.token.id)).used_at is not None


async def test_a_giant_token_is_refused_unread(anybody: Phone) -> None:
    answer = await anybody.ask("GET", PATH, headers={"Authorization": "Bearer " + "x" * 4000})

    assert answer.status == 401
