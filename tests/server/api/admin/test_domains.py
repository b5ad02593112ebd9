"""Servers on two lists: a client closes doors, and opens the front door only."""

from collections.abc import Awaitable, Callable

from msgspec import structs

from models import partners
from models.instance import Mode
from models.tables import Level, Reach
from tests.server.api.phone import Phone
from tests.world import EASTWIND, HOME, MALLORY, NORTHWIND, SOUTHWIND, World

ALLOWS, BLOCKS = "/api/v1/admin/domain_allows", "/api/v1/admin/domain_blocks"

Noted = Callable[[], Awaitable[list[str]]]


async def by_host(alan: Phone, path: str) -> dict[str, str]:
    return {each["domain"]: each["id"] for each in (await alan.get(path)).body}


async def test_both_lists_read_as_admins_expect_and_go_on_by_their_links(alan: Phone) -> None:
    allowed, blocked = (await alan.get(ALLOWS)).body, (await alan.get(BLOCKS)).body

    assert [each["domain"] for each in allowed] == [SOUTHWIND, NORTHWIND]
    assert set(allowed[0]) == {"id", "domain", "created_at"}
    assert (await alan.get(f"{ALLOWS}/{allowed[0]['id']}")).body == allowed[0]
    assert len(await alan.follow_pages(f"{ALLOWS}?limit=1")) == 2
    [eastwind] = blocked
    assert eastwind == {
        **eastwind,
        "domain": EASTWIND,
        "severity": "suspend",
        "reject_media": True,
        "reject_reports": True,
        "private_comment": None,
        "public_comment": None,
        "obfuscate": False,
    }
    assert (await alan.get(f"{BLOCKS}/{eastwind['id']}")).body == eastwind
    await alan.get(f"{ALLOWS}/{eastwind['id']}", status=404)
    await alan.get(f"{BLOCKS}/{allowed[0]['id']}", status=404)


async def test_who_is_admitted_by_a_client_finds_no_group_open(alan: Phone, world: World, noted: Noted) -> None:
    open_group = await world.alan.founds("shared", reach=Reach.PARTNERS)
    await noted()

    made = (await alan.post(ALLOWS, json={"domain": f"https://{MALLORY.upper()}/"})).body
    again = (await alan.post(ALLOWS, json={"domain": MALLORY})).body

    assert made["domain"] == MALLORY
    assert again == made
    assert await noted() == ["partner_admitted"]
    assert await world.mallory.sees_group(open_group) is await world.mallory.sees_group(world.alpine) is False


async def test_a_partner_that_was_suspended_comes_back_on_its_page_alone(alan: Phone, world: World) -> None:
    """What had been agreed with it would hold again: whoever opens it must see what."""
    number = (await by_host(alan, BLOCKS))[EASTWIND]

    assert (await alan.post(ALLOWS, json={"domain": EASTWIND}, status=422)).body["code"] == "host_is_blocked"
    assert (await alan.delete(f"{BLOCKS}/{number}", status=422)).body["code"] == "was_partner"

    assert await world.eastwind.sees_group(world.alpine) is False
    assert EASTWIND in await by_host(alan, BLOCKS)


async def test_what_is_blocked_is_out_at_once(alan: Phone, world: World, noted: Noted) -> None:
    assert await world.northwind.sees_group(world.alpine)
    allowed = await by_host(alan, ALLOWS)
    await noted()

    blocked = await alan.post(BLOCKS, json={"domain": NORTHWIND, "severity": "suspend", "private_comment": "Spam"})
    assert (await alan.delete(f"{ALLOWS}/{allowed[SOUTHWIND]}")).body == {}

    assert blocked.body["severity"] == "suspend"
    assert await world.northwind.sees_group(world.alpine) is False
    assert set(await by_host(alan, BLOCKS)) == {NORTHWIND, SOUTHWIND, EASTWIND}
    assert await by_host(alan, ALLOWS) == {}
    assert await noted() == ["partner_suspended", "partner_suspended"]
    await alan.delete(f"{ALLOWS}/{allowed[SOUTHWIND]}", status=404)


async def test_a_server_nobody_ever_met_is_blocked_and_forgotten_again(alan: Phone, world: World, noted: Noted) -> None:
    world.database.instance = structs.replace(world.database.instance, mode=Mode.OPEN)
    group = await world.alan.founds("everybody", reach=Reach.PUBLIC)
    assert await world.mallory.sees_group(group)
    await noted()

    made = (await alan.post(BLOCKS, json={"domain": MALLORY, "severity": "suspend"})).body
    same = (await alan.post(BLOCKS, json={"domain": MALLORY, "severity": "suspend"})).body
    assert await world.mallory.sees_group(group) is False
    assert (await alan.put(f"{BLOCKS}/{made['id']}", json={"reject_media": False})).body == made == same
    assert (await alan.delete(f"{BLOCKS}/{made['id']}")).body == {}

    assert await world.mallory.sees_group(group)
    assert await noted() == ["partner_suspended", "host_unblocked"]
    await alan.delete(f"{BLOCKS}/{made['id']}", status=404)


async def test_a_block_says_what_was_agreed_before_it(alan: Phone, world: World) -> None:
    async with world.database.writing() as session:
        await partners.admit(session, MALLORY, levels={"alpine": Level.READ})
    made = (await alan.post(BLOCKS, json={"domain": MALLORY, "severity": "suspend"})).body

    await alan.delete(f"{BLOCKS}/{made['id']}", status=422)


TO_NO_SERVER: list[tuple[str, dict[str, str], str]] = [
    (ALLOWS, {}, "bad_value"),
    (ALLOWS, {"domain": "two words"}, "bad_host"),
    (ALLOWS, {"domain": HOME}, "own_host"),
    (BLOCKS, {"severity": "suspend"}, "bad_value"),
    (BLOCKS, {"domain": "a/b", "severity": "suspend"}, "bad_host"),
    (BLOCKS, {"domain": HOME, "severity": "suspend"}, "own_host"),
    (BLOCKS, {"domain": MALLORY}, "only_suspension"),
    (BLOCKS, {"domain": MALLORY, "severity": "silence"}, "only_suspension"),
    (BLOCKS, {"domain": MALLORY, "severity": "noop"}, "only_suspension"),
    (BLOCKS, {"domain": MALLORY, "severity": "mild"}, "bad_value"),
]


async def test_what_the_house_does_to_no_server_is_refused(alan: Phone, noted: Noted) -> None:
    await noted()

    for path, sent, code in TO_NO_SERVER:
        assert (await alan.post(path, json=sent, status=422)).body["code"] == code, (path, sent)

    assert await noted() == []


async def test_nobody_signs_up_so_nobody_is_kept_from_it(alan: Phone) -> None:
    for name in ("ip_blocks", "email_domain_blocks", "canonical_email_blocks"):
        path = f"/api/v1/admin/{name}"
        assert (await alan.get(path)).body == []
        assert (await alan.post(path, json={"domain": "x.example"}, status=422)).body["code"] == "nobody_signs_up"
        await alan.get(f"{path}/1", status=404)
        await alan.delete(f"{path}/1", status=404)
    await alan.put("/api/v1/admin/ip_blocks/1", status=404)
    tested = await alan.post("/api/v1/admin/canonical_email_blocks/test", json={"email": "a@x.example"})
    assert tested.body == []
