"""R-81: every route says who may use it with which scope; whom that keeps out is asked in `test_bad_input`."""

import re
from collections.abc import Iterator

import pytest
from aiohttp import web

from server.api.routes import table
from server.api.routing import Access, Route
from server.auth.scopes import KNOWN, Scopes, UnknownScope
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import World

FREE = {
    "/api/openapi.json",
    "/api/v1/instance",
    "/api/v2/instance",
    "/api/v1/instance/peers",
    "/api/v1/instance/rules",
    "/api/v1/instance/activity",
    "/api/v1/instance/domain_blocks",
    "/api/v1/instance/extended_description",
    "/api/v1/instance/privacy_policy",
    "/api/v1/instance/terms_of_service",
    "/api/v1/instance/translation_languages",
    "/api/v1/apps",
    "/api/v1/custom_emojis",
    "/api/oembed",
    "/api/proofs",
    "/api/v1/instance/languages",
    "/api/v1/instance/terms_of_service/{date}",
    "/health",
}
"""What anybody may ask, and no scope is needed for: there is nothing of anybody in it."""

NO_SCOPE = FREE | {
    "/api/v1/apps/verify_credentials",
    "/api/v1/announcements",
    "/api/v1/accounts",
    "/api/v1/emails/check_confirmation",
    "/api/v1/emails/confirmations",
}


def address(route: Route) -> str:
    path = re.sub(r"\{group_key:[^}]*\}", "ungrouped-1", route.path)
    return re.sub(r"\{(\w+)(:[^}]*)?\}", lambda found: "1" if found[2] else "thing", path)


def routes(*access: Access) -> list[Route]:
    return [route for route in table() if route.access in access]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_route_without_a_scope_is_one_that_shows_nothing_of_anybody() -> None:
    bare = {route.path for route in table() if not route.scopes}

    assert bare <= NO_SCOPE
    assert {route.path for route in routes(Access.PUBLIC) if not route.scopes} <= FREE


def test_no_route_names_a_scope_that_nobody_can_grant() -> None:
    assert {scope for route in table() for scope in route.scopes} <= KNOWN


def test_no_address_is_given_twice() -> None:
    seen = [(route.method, route.path) for route in table()]

    assert len(seen) == len(set(seen))


def test_all_routes_below_api_come_from_the_table_or_are_streams(app: web.Application) -> None:
    found = {
        (route.method, route.resource.canonical.rstrip("/"))
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    known = {(route.method, re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.path)) for route in table()}
    rest = {(method, path) for method, path in found - known if not path.startswith("/api/v1/streaming")}

    assert rest == {("OPTIONS", "/api/{rest}"), ("*", "/api/{rest}")}


async def test_a_reading_token_writes_nothing(hand: Hand, world: World) -> None:
    phone = await hand(world.ada, "read")
    writing = [route for route in table() if route.scopes and all(s.startswith("write") for s in route.scopes)]
    assert len(writing) > 30

    for route in writing:
        answer = await phone.ask(route.method, address(route))
        assert answer.status == 403, name(route)


async def test_R_82_a_cookie_opens_nothing(anybody: Phone, world: World) -> None:
    from datetime import timedelta

    from models import accounts
    from models.tables import Account

    async with world.database.writing() as session:
        account = await session.get_one(Account, world.ada.staff.account_id)
        text = await accounts.sign_in(session, account, browser="", lasts=timedelta(days=1))
    cookies = {"Cookie": f"kontor={text}; __Host-kontor={text}"}

    answer = await anybody.ask("GET", "/api/v1/timelines/home", headers=cookies)

    assert answer.status == 401


async def test_a_token_that_is_none_is_refused_also_where_none_is_needed(anybody: Phone) -> None:
    headers = {"Authorization": "Bearer made-up"}

    for path in ("/api/v1/instance", "/api/v1/timelines/public", "/api/v1/timelines/home"):
        assert (await anybody.ask("GET", path, headers=headers)).status == 401


def granting() -> Iterator[tuple[str, str, bool]]:
    yield "read", "read:statuses", True
    yield "write", "write:media", True
    yield "follow", "write:follows", True
    yield "follow", "read:blocks", True
    yield "follow", "write:statuses", False
    yield "read", "write:statuses", False
    yield "read:statuses", "read", False
    yield "read:statuses", "read:accounts", False
    yield "read write", "admin:read", False
    yield "admin:read", "admin:read:reports", True
    yield "profile", "read:accounts", False


@pytest.mark.parametrize(("granted", "needed", "covers"), list(granting()))
def test_a_scope_covers_its_own_parts_and_no_others(granted: str, needed: str, covers: bool) -> None:
    assert Scopes.parse(granted).cover(needed) is covers


def test_a_scope_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownScope):
        Scopes.parse("read everything")


def test_no_scope_at_all_means_reading() -> None:
    assert str(Scopes.parse("  ")) == "read"
