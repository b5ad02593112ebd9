"""OAuth: codes are good once, tokens end when they should, secrets are nowhere in the database."""

import asyncio
import base64
import hashlib

import pytest
from sqlalchemy import select

from models import accounts, tokens, turns
from models.errors import NotFound
from models.tables import AccessToken, Application, AuthorizationCode
from models.tokens import BadClient, BadGrant, Reused
from tests.time import Clock
from tests.world import World

REDIRECT = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def _application(world: World) -> tuple[Application, str]:
    async with world.database.writing() as session:
        return await tokens.register(session, name="App", website=None, redirect_uris=[REDIRECT], scopes="read write")


async def _code(world: World, application: Application, *, challenge: str | None = None) -> str:
    async with world.database.writing() as session:
        return await tokens.grant_code(
            session,
            application,
            by=world.ada.staff,
            redirect_uri=REDIRECT,
            scopes="read",
            challenge=challenge,
        )


async def _redeem(
    world: World, application: Application, code: str, *, redirect_uri: str = REDIRECT, verifier: str | None = None
) -> tokens.Granted:
    async with world.database.writing() as session:
        return await tokens.redeem(session, application, code=code, redirect_uri=redirect_uri, verifier=verifier)


async def _holder(world: World, text: str) -> str | None:
    async with world.database.reading() as session:
        found = await tokens.holder(session, text)
        return found.staff.username if found and found.staff else None


async def test_a_code_becomes_a_token_of_who_agreed(world: World) -> None:
    application, _ = await _application(world)
    granted = await _redeem(world, application, await _code(world, application))
    assert await _holder(world, granted.text) == "ada"
    assert granted.row.scopes == "read"


async def test_of_many_who_redeem_a_code_at_the_same_time_one_wins(world: World) -> None:
    application, _ = await _application(world)
    code = await _code(world, application)
    answers = await asyncio.gather(*(_redeem(world, application, code) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(answer, tokens.Granted) for answer in answers) == 1
    assert sum(isinstance(answer, Reused) for answer in answers) == 7
    async with world.database.reading() as session:
        assert len((await session.scalars(select(AccessToken))).all()) == 1


async def test_a_code_that_comes_again_ends_the_token_of_the_first_time(world: World) -> None:
    """RFC 6749 §4.1.2"""
    application, _ = await _application(world)
    code = await _code(world, application)
    granted = await _redeem(world, application, code)
    with pytest.raises(Reused) as again:
        await _redeem(world, application, code)
    async with world.database.writing() as session:
        await tokens.revoke_of_code(session, again.value.code_id)
    assert await _holder(world, granted.text) is None


async def test_a_code_is_too_old_after_a_minute(world: World, clock: Clock) -> None:
    application, _ = await _application(world)
    code = await _code(world, application)
    clock.advance(seconds=61)
    with pytest.raises(BadGrant):
        await _redeem(world, application, code)


async def test_a_code_of_another_application_or_address_is_refused(world: World) -> None:
    application, _ = await _application(world)
    other, _ = await _application(world)
    code = await _code(world, application)
    with pytest.raises(BadGrant):
        await _redeem(world, other, code)
    with pytest.raises(BadGrant):
        await _redeem(world, application, code, redirect_uri="https://evil.example/")
    assert await _holder(world, (await _redeem(world, application, code)).text) == "ada"


@pytest.mark.parametrize("verifier", [None, "", "wrong", VERIFIER.upper(), CHALLENGE])
async def test_a_code_with_a_challenge_needs_its_verifier(world: World, verifier: str | None) -> None:
    """RFC 7636 §4.6"""
    application, _ = await _application(world)
    code = await _code(world, application, challenge=CHALLENGE)
    with pytest.raises(BadGrant):
        await _redeem(world, application, code, verifier=verifier)
    assert await _holder(world, (await _redeem(world, application, code, verifier=VERIFIER)).text) == "ada"


async def test_R_80_who_proves_what_was_never_asked_for_gets_nothing(world: World) -> None:
    """RFC 9700 §2.1.1: somebody took the challenge out of the request on its way."""
    application, _ = await _application(world)
    code = await _code(world, application)
    with pytest.raises(BadGrant):
        await _redeem(world, application, code, verifier=VERIFIER)
    assert await _holder(world, (await _redeem(world, application, code, verifier="")).text) == "ada"


async def test_a_wrong_secret_is_refused_like_an_unknown_application(world: World) -> None:
    application, secret = await _application(world)
    async with world.database.reading() as session:
        assert (await tokens.authenticate(session, application.client_id, secret)).id == application.id
        for client_id, given in ((application.client_id, "wrong"), ("nobody", secret), (application.client_id, "")):
            with pytest.raises(BadClient):
                await tokens.authenticate(session, client_id, given)


async def test_a_disabled_person_holds_no_token_any_more(world: World) -> None:
    application, _ = await _application(world)
    granted = await _redeem(world, application, await _code(world, application))
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "ada"))
    assert await _holder(world, granted.text) is None


async def test_who_was_disabled_before_the_code_arrived_gets_no_token_for_later(world: World) -> None:
    """R-82: it would come to life with the account."""
    application, _ = await _application(world)
    code = await _code(world, application)
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "ada"))
    with pytest.raises(BadGrant):
        await _redeem(world, application, code)


async def test_an_application_revokes_its_own_tokens_and_no_others(world: World) -> None:
    application, _ = await _application(world)
    other, _ = await _application(world)
    granted = await _redeem(world, application, await _code(world, application))
    async with world.database.writing() as session:
        await tokens.revoke(session, other, granted.text)
    assert await _holder(world, granted.text) == "ada"
    async with world.database.writing() as session:
        await tokens.revoke(session, application, granted.text)
    assert await _holder(world, granted.text) is None


async def test_a_person_ends_their_own_tokens_and_nobody_elses(world: World) -> None:
    application, _ = await _application(world)
    granted = await _redeem(world, application, await _code(world, application))
    with pytest.raises(NotFound):
        async with world.database.writing() as session:
            await tokens.revoke_own(session, by=world.joan.staff, token_id=granted.row.id)
    async with world.database.writing() as session:
        await tokens.revoke_own(session, by=world.ada.staff, token_id=granted.row.id)
    assert await _holder(world, granted.text) is None


async def test_no_secret_is_readable_in_the_database(world: World) -> None:
    application, secret = await _application(world)
    code = await _code(world, application)
    granted = await _redeem(world, application, code)
    async with world.database.reading() as session:
        kept = [
            (await session.scalars(select(Application.secret_hash))).one(),
            (await session.scalars(select(AuthorizationCode.code_hash))).one(),
            (await session.scalars(select(AccessToken.token_hash))).one(),
        ]
    for text in (secret, code, granted.text):
        assert all(text.encode() not in value for value in kept)


async def test_a_repeated_request_finds_the_answer_of_the_first_for_a_day(world: World, clock: Clock) -> None:
    async with world.database.writing() as session:
        assert await tokens.answered_before(session, by=world.ada.staff, key="k") is None
        await tokens.remember_answer(session, by=world.ada.staff, key="k", post_id=7)
    async with world.database.reading() as session:
        assert await tokens.answered_before(session, by=world.ada.staff, key="k") == 7
        assert await tokens.answered_before(session, by=world.joan.staff, key="k") is None
        clock.advance(hours=25)
        assert await tokens.answered_before(session, by=world.ada.staff, key="k") is None


async def test_of_many_requests_with_one_key_one_is_the_first(world: World, clock: Clock) -> None:
    async def answer(number: int) -> int:
        async with turns.of_person(world.database, world.ada.staff) as session:
            before = await tokens.answered_before(session, by=world.ada.staff, key="k")
            if before is None:
                await tokens.remember_answer(session, by=world.ada.staff, key="k", post_id=number)
            return before or number

    answers = await asyncio.gather(*(answer(number) for number in range(1, 9)))
    clock.advance(hours=25)
    later = await answer(99)

    assert len(set(answers)) == 1
    assert answers[0] > 0
    assert later == 99


async def test_a_request_that_failed_leaves_its_key_to_the_next(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with world.database.writing() as session:
            await tokens.remember_answer(session, by=world.ada.staff, key="k", post_id=7)
            raise ZeroDivisionError
    async with world.database.writing() as session:
        assert await tokens.answered_before(session, by=world.ada.staff, key="k") is None
