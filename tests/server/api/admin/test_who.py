"""R-81: the addresses of admins need a scope and the role, asked each time."""

from sqlalchemy import update

from models.tables import Account, Role
from server.api.routes import table
from server.api.routing import Access, Route
from server.auth.scopes import KNOWN
from tests.server.api.admin.conftest import ADMIN_SCOPES
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.server.api.test_scopes import address, name
from tests.world import World


def admins() -> list[Route]:
    return [route for route in table() if route.access is Access.ADMIN]


def test_R_81_all_that_admins_do_stands_below_one_address_and_needs_an_admin_s_scope() -> None:
    assert len(admins()) >= 16
    assert {route.path for route in table() if "/admin/" in route.path} == {route.path for route in admins()}
    for route in admins():
        verb = "read" if route.method == "GET" or route.scopes[0].startswith("admin:read") else "write"
        assert route.scopes, name(route)
        assert all(scope.startswith(f"admin:{verb}") for scope in route.scopes), name(route)


async def test_R_81_a_token_with_every_other_scope_opens_none_of_them(hand: Hand, world: World) -> None:
    phones: dict[str, Phone] = {}
    for route in admins():
        [needed] = route.scopes
        if needed not in phones:
            broader = {needed.rpartition(":")[0], needed}
            phones[needed] = await hand(world.alan, " ".join(sorted(KNOWN - broader)))

        answer = await phones[needed].ask(route.method, address(route))

        assert (answer.status, answer.body["code"]) == (403, "insufficient_scope"), name(route)


async def test_R_81_whoever_does_not_administer_is_let_into_none_of_them(
    hand: Hand, world: World, anybody: Phone
) -> None:
    """Staff, a gatekeeper, an application alone, a visitor: whatever their token says."""
    others = {
        "admin_needed": [await hand(world.ada, ADMIN_SCOPES), await hand(world.grace, ADMIN_SCOPES)],
        "person_needed": [await hand(None, ADMIN_SCOPES)],
    }

    for route in admins():
        assert (await anybody.ask(route.method, address(route))).status == 401, name(route)
        for code, phones in others.items():
            for phone in phones:
                answer = await phone.ask(route.method, address(route))
                assert (answer.status, answer.body["code"]) == (403, code), name(route)


async def test_R_81_who_is_no_admin_any_more_is_out_with_the_next_request(alan: Phone, world: World) -> None:
    await alan.get("/api/v1/admin/accounts")
    async with world.database.writing() as session:
        await session.execute(
            update(Account).where(Account.id == world.alan.staff.account_id).values(role=Role.GATEKEEPER)
        )

    assert (await alan.get("/api/v1/admin/accounts", status=403)).body["code"] == "admin_needed"


async def test_clients_learn_from_the_role_what_they_may_show(alan: Phone, ada: Phone, grace: Phone) -> None:
    roles = [(await phone.get("/api/v1/accounts/verify_credentials")).body["role"] for phone in (ada, grace, alan)]

    assert [role["permissions"] for role in roles[:2]] == ["0", "0"]
    allowed = int(roles[2]["permissions"])
    assert {bit for bit in range(24) if allowed >> bit & 1} == {3, 4, 5, 10, 18}


async def test_what_nobody_built_does_not_exist(alan: Phone) -> None:
    await alan.get("/api/v1/admin/webhooks", status=404)
