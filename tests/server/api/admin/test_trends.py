"""What is talked about: listed for admins as for anybody, and judged by nobody."""

import pytest

from tests.server.api.phone import Phone
from tests.world import World

TAGS = "/api/v1/admin/tags"


async def test_tags_are_those_of_what_an_admin_may_read(alan: Phone, world: World) -> None:
    """R-74: a message between others names no tag to anybody else."""
    for text in ("One #work", "Two #Work #play"):
        await world.ada.writes(text)
    await world.ada.tells(world.joan, text="Between us #secret")

    for path in (TAGS, "/api/v1/admin/trends/tags"):
        found = (await alan.get(path)).body
        assert [tag["name"] for tag in found] == ["work", "play"]
        assert (found[0]["usable"], found[0]["trendable"], found[0]["requires_review"]) == (True, True, False)
    assert [tag["name"] for tag in (await alan.get(f"{TAGS}?limit=1&offset=1")).body] == ["play"]
    assert (await alan.get(f"{TAGS}/WORK")).body == (await alan.get(TAGS)).body[0]
    await alan.get(f"{TAGS}/wor", status=404)
    await alan.get(f"{TAGS}/secret", status=404)
    for kind in ("links", "statuses"):
        assert (await alan.get(f"/api/v1/admin/trends/{kind}")).body == []


@pytest.mark.parametrize("kind", ["links", "statuses", "tags"])
async def test_nobody_judges_what_is_talked_about(alan: Phone, kind: str) -> None:
    for verb in ("approve", "reject"):
        refused = await alan.post(f"/api/v1/admin/trends/{kind}/1/{verb}", status=422)
        assert refused.body["code"] == "nothing_is_judged"
    assert (await alan.put(f"{TAGS}/work", json={"usable": False}, status=422)).body["code"] == "nothing_is_judged"
