"""Admins change what a colleague may do; nobody else does, and somebody is always left who may."""

import pytest
from sqlalchemy import select

from models import accounts
from models.accounts import LastAdmin
from models.tables import AuditLine, Role
from tests.server.web.browser import Browser
from tests.world import World

AT = "/people/grace/access"


async def role_of(world: World, name: str) -> Role:
    async with world.database.reading() as session:
        return Role((await accounts.by_username(session, name)).role)


async def test_an_admin_changes_a_role_from_the_next_request_on(world: World, alan: Browser, grace: Browser) -> None:
    assert 'href="/people/grace/access"' in (await alan.get("/people/grace")).html
    assert (await grace.get("/house")).status == 403

    page = await alan.follow(await alan.submit(AT, "/people/grace/role", role="admin"))

    assert "The role is changed." in page.words
    assert await role_of(world, "grace") is Role.ADMIN
    assert (await grace.get("/house")).status == 200
    await alan.submit(AT, "/people/grace/role", role="staff")
    assert (await grace.get("/house")).status == 403
    assert (await grace.get("/approvals")).status == 403
    async with world.database.reading() as session:
        lines = (
            await session.scalars(
                select(AuditLine).where(AuditLine.action == "person_role_changed").order_by(AuditLine.at)
            )
        ).all()
    assert [(line.facts["username"], line.facts["before"], line.facts["after"]) for line in lines] == [
        ("grace", "gatekeeper", "admin"),
        ("grace", "admin", "staff"),
    ]
    assert {line.account_id for line in lines} == {world.alan.staff.account_id}


async def test_access_ends_and_is_given_back(world: World, alan: Browser, grace: Browser) -> None:
    page = await alan.follow(await alan.submit(AT, AT, set="no"))

    assert "They can no longer sign in. What they wrote stays." in page.words
    assert (await grace.get("/")).words != (await alan.get("/")).words
    async with world.database.reading() as session:
        assert (await accounts.by_username(session, "grace")).disabled_at is not None
    assert "Let them sign in again" in (await alan.get(AT)).words
    await alan.submit(AT, AT, set="yes")
    async with world.database.reading() as session:
        assert (await accounts.by_username(session, "grace")).disabled_at is None


async def test_only_admins_change_roles_and_nobody_their_own(world: World, alan: Browser, grace: Browser) -> None:
    own = await alan.get("/people/alan/access")
    assert "another admin does" in own.words
    assert not own.has_form("/people/alan/role")
    for path, sent in (("role", {"role": "staff"}), ("access", {"set": "no"})):
        refused = await alan.send(f"/people/alan/{path}", {"csrf_token": own.token, **sent})
        assert (refused.status, "another admin does" in refused.words) == (403, True)
    assert "/people/ada/access" not in (await grace.get("/people/ada")).html
    token = (await grace.get("/settings")).token
    assert (await grace.get("/people/ada/access")).status == 403
    for path in ("role", "access"):
        assert (await grace.send(f"/people/ada/{path}", {"csrf_token": token, "role": "admin"})).status == 403
    for handle in ("nobody", "alpine", f"nora@{world.nora.host}"):
        assert (await alan.get(f"/people/{handle}/access")).status == 404
    assert (await role_of(world, "alan"), await role_of(world, "ada")) == (Role.ADMIN, Role.STAFF)


async def test_the_last_admin_keeps_the_role(world: World) -> None:
    with pytest.raises(LastAdmin):
        async with world.database.writing() as session:
            await accounts.set_role(session, await accounts.by_username(session, "alan"), Role.STAFF)
    async with world.database.writing() as session:
        await accounts.set_role(session, await accounts.by_username(session, "grace"), Role.ADMIN)
        await accounts.set_role(session, await accounts.by_username(session, "alan"), Role.GATEKEEPER)
    assert await role_of(world, "alan") is Role.GATEKEEPER
