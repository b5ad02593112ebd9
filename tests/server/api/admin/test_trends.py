"""What is talked about: listed for admins as for anybody, and judged by nobody."""

import pytest

from tests.server.api.phone import Phone
from tests.world import World

TAGS = "/api/v1/admin/tags"


async def test_tags_are_those_of_what_an_admin_may_read(alan: Phone, world: World) -> None:
    """R-74: a message between others names no tag to anybody else."""
    for person, text in ((world.ada, "One #work"), (world.joan, "Two #Work #play"), (world.joan, "#play #play")):
        await person.writes(text)
    await world.ada.tells(world.joan, text="Between us #secret")

    found = (await alan.get(TAGS)).body
    assert sorted(tag["name"] for tag in found) == ["play", "work"]
    assert (found[0]["usable"], found[0]["trendable"], found[0]["requires_review"]) == (True, True, False)
    assert (await alan.get(f"{TAGS}?limit=1&offset=1")).body == found[1:]
    assert (await alan.get(f"{TAGS}/{found[0]['name'].upper()}")).body == found[0]
    await alan.get(f"{TAGS}/wor", status=404)
    await alan.get(f"{TAGS}/secret", status=404)


async def test_what_is_talked_about_is_what_everybody_s_clients_show(alan: Phone, world: World) -> None:
    post = await world.ada.writes("Read #work https://page.example/x")
    await world.joan.writes("Yes #work https://page.example/x")
    await world.joan.likes(post)
    await world.grace.boosts(post)

    for kind in ("links", "statuses", "tags"):
        usual = (await alan.get(f"/api/v1/trends/{kind}")).body
        found = (await alan.get(f"/api/v1/admin/trends/{kind}")).body
        assert usual, kind
        assert [{name: each[name] for name in usual[0]} for each in found] == usual
    assert found[0]["requires_review"] is False


@pytest.mark.parametrize("kind", ["links", "statuses", "tags"])
async def test_nobody_judges_what_is_talked_about(alan: Phone, kind: str) -> None:
    for verb in ("approve", "reject"):
        refused = await alan.post(f"/api/v1/admin/trends/{kind}/1/{verb}", status=422)
        assert refused.body["code"] == "nothing_is_judged"
    assert (await alan.put(f"{TAGS}/work", json={"usable": False}, status=422)).body["code"] == "nothing_is_judged"
