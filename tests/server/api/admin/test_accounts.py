"""People as admins see them, and the one thing they do to somebody: ending their access."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp.test_utils import TestClient

from models import accounts, reports
from models.tables import Role
from tests.server.api.browser import Browser
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import EASTWIND, NORTHWIND, World, hire

ACCOUNTS = "/api/v1/admin/accounts"
KEYS = {
    "id",
    "username",
    "domain",
    "created_at",
    "email",
    "ip",
    "role",
    "confirmed",
    "suspended",
    "silenced",
    "sensitized",
    "disabled",
    "approved",
    "locale",
    "invite_request",
    "ips",
    "created_by_application_id",
    "invited_by_account_id",
    "account",
}

Noted = Callable[[], Awaitable[list[str]]]


async def names(alan: Phone, query: str) -> list[str]:
    return sorted(each["username"] for each in (await alan.get(query)).body)


async def test_a_colleague_and_somebody_elsewhere_read_as_admins_expect(alan: Phone, world: World) -> None:
    ada = (await alan.get(f"{ACCOUNTS}/{world.ada.id}")).body
    nora = (await alan.get(f"{ACCOUNTS}/{world.nora.id}")).body

    assert set(ada) == set(nora) == KEYS
    assert (ada["email"], ada["domain"], ada["disabled"], ada["approved"]) == (world.ada.email, None, False, True)
    assert ada["role"] == {"id": "-99", "name": "", "color": "", "permissions": "0", "highlighted": False}
    assert ada["account"] == (await alan.get(f"/api/v1/accounts/{world.ada.id}")).body
    assert (nora["email"], nora["domain"], nora["disabled"], nora["role"]) == (None, NORTHWIND, False, None)
    assert nora["account"]["acct"] == f"nora@{NORTHWIND}"
    for nobody in (world.alpine.id, 123):
        await alan.get(f"{ACCOUNTS}/{nobody}", status=404)


async def test_people_are_found_by_what_is_known_of_them(alan: Phone, world: World) -> None:
    await world.eastwind.sends("edgar")
    await hire(world.database, "gone")
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "gone"))
    table = {
        "": ["ada", "alan", "grace", "joan"],
        "?staff=true": ["alan", "grace"],
        "?disabled=1": ["gone"],
        "?remote=true": ["nora"],
        "?remote=true&suspended=true": ["edgar"],
        "?pending=true": [],
        "?silenced=true": [],
        "?username=AD": ["ada"],
        "?display_name=oan": ["joan"],
        "?email=grace@": ["grace"],
        "?email=%25": [],
        "?ip=198.51.100.1": [],
        f"?remote=true&by_domain={NORTHWIND.upper()}": ["nora"],
    }
    newer = {
        "": ["ada", "alan", "edgar", "gone", "grace", "joan", "nora"],
        "?origin=local&status=active": ["ada", "alan", "grace", "joan"],
        "?origin=remote": ["edgar", "nora"],
        "?status=suspended": ["edgar"],
        "?status=disabled": ["gone"],
        "?status=sensitized": [],
        "?permissions=staff": ["alan", "grace"],
        "?role_ids[]=2": ["alan"],
        "?role_ids[]=7": [],
        "?invited_by=1": [],
        f"?by_domain={EASTWIND}": ["edgar"],
    }

    assert {query: await names(alan, ACCOUNTS + query) for query in table} == table
    assert {query: await names(alan, "/api/v2/admin/accounts" + query) for query in newer} == newer
    for wrong in ("origin=moon", "status=odd"):
        await alan.get(f"/api/v2/admin/accounts?{wrong}", status=422)


async def test_lists_go_on_by_their_links(alan: Phone) -> None:
    assert len(set(await alan.follow_pages(f"{ACCOUNTS}?limit=2"))) == 4
    assert "limit=2" in (await alan.get(f"{ACCOUNTS}?limit=2")).links["next"]


async def test_who_is_disabled_is_out_and_may_be_let_in_again(
    alan: Phone, ada: Phone, world: World, noted: Noted, client: TestClient[Any, Any]
) -> None:
    """R-82: with every token, and every browser."""
    path = f"{ACCOUNTS}/{world.ada.id}"
    browser = await Browser.of(client, world.ada)
    await ada.get("/api/v1/timelines/home")
    assert (await browser.ask("GET", "/groups")).status == 200
    async with world.database.writing() as session:
        made = await reports.report(session, await reports_about(session, world), by=world.joan.staff, text="Rude")
    await noted()

    assert (await alan.post(f"{path}/action", json={"type": "disable", "report_id": str(made.id)})).body == {}

    await ada.get("/api/v1/timelines/home", status=401)
    assert (await browser.ask("GET", "/groups")).status == 303
    assert (await alan.get(path)).body["disabled"] is True
    assert (await alan.get("/api/v1/admin/reports?resolved=true")).ids == [str(made.id)]
    assert await noted() == ["person_disabled", "report_dealt_with"]
    assert (await alan.post(f"{path}/enable")).body["disabled"] is False
    await alan.post(f"{path}/enable")
    assert await noted() == ["person_enabled"]
    await ada.get("/api/v1/timelines/home", status=401)  # what ended stays ended
    assert (await browser.ask("GET", "/groups")).status == 303


async def reports_about(session: Any, world: World) -> Any:
    from models import actors

    return await actors.one(session, world.joan.staff, world.ada.id)


TO_NOBODY: list[tuple[str, str, dict[str, str], tuple[int, str]]] = [
    ("POST", "{ada}/action", {"type": "suspend"}, (422, "only_disabling")),
    ("POST", "{ada}/action", {"type": "silence"}, (422, "only_disabling")),
    ("POST", "{ada}/action", {"type": "sensitive"}, (422, "only_disabling")),
    ("POST", "{ada}/action", {}, (422, "bad_value")),
    ("POST", "{ada}/action", {"type": "hug"}, (422, "bad_value")),
    ("POST", "{nora}/action", {"type": "disable"}, (422, "of_another_company")),
    ("POST", "{nora}/action", {"type": "suspend"}, (422, "of_another_company")),
    ("POST", "{alan}/action", {"type": "disable"}, (403, "disables_self")),
    ("POST", "{nora}/enable", {}, (404, "not_found")),
    ("POST", "{ada}/approve", {}, (403, "nobody_waits")),
    ("POST", "{ada}/reject", {}, (403, "nobody_waits")),
    ("DELETE", "{ada}", {}, (403, "nobody_is_deleted")),
    ("DELETE", "123", {}, (404, "not_found")),
    ("POST", "123/action", {"type": "none"}, (404, "not_found")),
]


async def test_what_the_house_does_to_nobody_is_refused_in_a_sentence(alan: Phone, world: World, noted: Noted) -> None:
    await noted()

    for method, path, sent, refusal in TO_NOBODY:
        filled = path.format(ada=world.ada.id, nora=world.nora.id, alan=world.alan.id)
        answer = await alan.ask(method, f"{ACCOUNTS}/{filled}", json=sent)
        assert (answer.status, answer.body["code"]) == refusal, (method, path, sent)
        assert answer.body["error"].endswith((".", ".)")), (method, path, sent)
    assert await noted() == []


async def test_what_was_never_done_is_taken_back_without_effect(alan: Phone, world: World, noted: Noted) -> None:
    await noted()
    assert (await alan.post(f"{ACCOUNTS}/{world.ada.id}/action", json={"type": "none"})).body == {}
    for undone in ("unsilence", "unsuspend", "unsensitive"):
        shown = (await alan.post(f"{ACCOUNTS}/{world.ada.id}/{undone}")).body
        assert (shown["silenced"], shown["suspended"], shown["sensitized"]) == (False, False, False)
    assert await noted() == []


async def test_one_admin_ends_the_access_of_another_but_not_of_the_last(hand: Hand, alan: Phone, world: World) -> None:
    second = await hire(world.database, "anna", Role.ADMIN)
    phone = await hand(second, "admin:write")

    await phone.post(f"{ACCOUNTS}/{world.alan.id}/action", json={"type": "disable"})

    await alan.get(ACCOUNTS, status=401)
    await phone.post(f"{ACCOUNTS}/{second.id}/action", json={"type": "disable"}, status=403)
