"""Accounts and sign-ins: who is in, and how it ends."""

from datetime import timedelta

import pytest

from models import accounts
from models.accounts import AddressTaken, BadAddress, LastAdmin
from models.actors import NameTaken
from models.errors import NotFound
from models.tables import Role
from tests.time import Clock
from tests.world import Person, World, hire


async def _sign_in(world: World, person: Person, *, lasts: timedelta = timedelta(days=30)) -> str:
    async with world.database.writing() as session:
        account = await accounts.by_username(session, person.staff.username)
        return await accounts.sign_in(session, account, browser="Firefox", lasts=lasts)


async def _signed_in(world: World, token: str) -> str | None:
    async with world.database.reading() as session:
        found = await accounts.signed_in(session, token)
        return found[1].actor.username if found else None


async def test_somebody_signs_in_by_name_or_address_in_any_case(world: World, subtests: pytest.Subtests) -> None:
    async with world.database.reading() as session:
        for login in ("ada", "ADA", "@ada", " ada ", "ada@lovelace.example", "Ada@Lovelace.Example"):
            with subtests.test(login):
                account = await accounts.by_login(session, login)
                assert account is not None
                assert account.actor.username == "ada"


async def test_a_group_or_a_stranger_does_not_sign_in(world: World, subtests: pytest.Subtests) -> None:
    async with world.database.reading() as session:
        for login in ("", "nobody", "ada@elsewhere.example", "alpine", "nora"):
            with subtests.test(login):
                assert await accounts.by_login(session, login) is None


async def test_a_sign_in_lasts_as_long_as_it_was_given(world: World, clock: Clock) -> None:
    token = await _sign_in(world, world.ada, lasts=timedelta(hours=1))
    assert await _signed_in(world, token) == "ada"
    clock.advance(hours=2)
    assert await _signed_in(world, token) is None


async def test_another_token_signs_nobody_in(world: World) -> None:
    token = await _sign_in(world, world.ada)
    assert await _signed_in(world, token + "x") is None


async def test_disabling_ends_every_sign_in_at_once(world: World) -> None:
    token = await _sign_in(world, world.ada)
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "ada"))
    assert await _signed_in(world, token) is None


async def test_a_new_password_ends_all_sign_ins_but_this_one(world: World) -> None:
    here, there = await _sign_in(world, world.ada), await _sign_in(world, world.ada)
    async with world.database.writing() as session:
        found = await accounts.signed_in(session, here)
        assert found is not None
        await accounts.set_password(session, found[1], "new hash", keep=found[0].id)
    assert await _signed_in(world, here) == "ada"
    assert await _signed_in(world, there) is None


async def test_nobody_ends_the_sign_in_of_somebody_else(world: World) -> None:
    token = await _sign_in(world, world.ada)
    async with world.database.reading() as session:
        found = await accounts.signed_in(session, token)
    assert found is not None
    with pytest.raises(NotFound):
        async with world.database.writing() as session:
            await accounts.sign_out(session, by=world.joan.staff, sign_in_id=found[0].id)
    assert await _signed_in(world, token) == "ada"


async def test_the_last_admin_stays(world: World) -> None:
    with pytest.raises(LastAdmin):
        async with world.database.writing() as session:
            await accounts.disable(session, await accounts.by_username(session, "alan"))
    await hire(world.database, "amy", Role.ADMIN)
    async with world.database.writing() as session:
        account = await accounts.by_username(session, "alan")
        await accounts.disable(session, account)
        assert account.disabled_at is not None


@pytest.mark.parametrize("email", ["", "ada", "@x", "a@", "a b@c"])
async def test_what_is_no_address_is_refused(world: World, email: str) -> None:
    with pytest.raises(BadAddress):
        async with world.database.writing() as session:
            await accounts.create(session, username="new", email=email, password_hash="!")


async def test_an_address_or_a_name_is_given_once(world: World) -> None:
    with pytest.raises(AddressTaken):
        async with world.database.writing() as session:
            await accounts.create(session, username="new", email="ADA@lovelace.example", password_hash="!")
    with pytest.raises(NameTaken):
        async with world.database.writing() as session:
            await accounts.create(session, username="Ada", email="other@lovelace.example", password_hash="!")
