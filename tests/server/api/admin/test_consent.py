"""R-81: what only admins can give, only admins give."""

from typing import Any
from urllib.parse import urlencode

from aiohttp.test_utils import TestClient

from tests.server.api.browser import Browser, sent_back
from tests.server.api.phone import Phone
from tests.server.api.test_oauth import exchange, query, register
from tests.world import World

ASKED = "read write follow admin:read admin:write:accounts"


async def test_R_81_somebody_else_gives_the_rest_of_what_is_asked(
    anybody: Phone, client: TestClient[Any, Any], world: World
) -> None:
    """Some applications ask everybody for everything; refusing would keep colleagues from using them."""
    app = await register(anybody, scopes=ASKED)
    given = {}
    for person in (world.ada, world.grace, world.alan):
        back = sent_back(await (await Browser.of(client, person)).consent(query(app, scope=ASKED)))
        given[person.staff.username] = (await anybody.post("/oauth/token", data=exchange(app, back["code"]))).body

    assert {name: token["scope"] for name, token in given.items()} == {
        "ada": "read write follow",
        "grace": "read write follow",
        "alan": ASKED,
    }
    await Phone(client, given["alan"]["access_token"]).get("/api/v1/admin/accounts")


async def test_R_81_the_page_says_what_an_admin_gives_and_shows_it_to_nobody_else(
    anybody: Phone, client: TestClient[Any, Any], world: World
) -> None:
    app = await register(anybody, scopes=ASKED)
    path = f"/oauth/authorize?{urlencode(query(app, scope=ASKED))}"

    ada, alan = [(await (await Browser.of(client, who)).ask("GET", path)).body for who in (world.ada, world.alan)]

    assert "<code>admin:" not in ada
    assert "Disable people and let them in again in your name." in alan


async def test_R_81_somebody_else_who_is_asked_for_nothing_but_that_gives_nothing(
    anybody: Phone, client: TestClient[Any, Any], world: World
) -> None:
    app = await register(anybody, scopes=ASKED)
    browser = await Browser.of(client, world.ada)

    answer = await browser.ask("GET", f"/oauth/authorize?{urlencode(query(app, scope='admin:read'))}")

    assert sent_back(answer)["error"] == "invalid_scope"
