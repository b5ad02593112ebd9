"""Suggestions, the directory and familiar followers through the client API."""

from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import World


async def test_colleagues_from_ones_groups_are_suggested_until_one_does_not_want_it(
    ada: Phone, hand: Hand, world: World
) -> None:
    club = await world.joan.founds("club")
    await world.ada.joins(club)
    alan = await hand(world.alan)
    await alan.post(f"/api/v1/accounts/{world.grace.id}/follow")
    await ada.post(f"/api/v1/accounts/{world.alan.id}/follow")

    found = (await ada.get("/api/v2/suggestions")).body

    assert {entry["account"]["username"] for entry in found} == {"joan", "grace"}
    assert found[0]["sources"] == ["friends_of_friends"]
    assert {entry["username"] for entry in (await ada.get("/api/v1/suggestions")).body} == {"joan", "grace"}

    await ada.delete(f"/api/v1/suggestions/{world.joan.id}")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/mute")

    assert (await ada.get("/api/v2/suggestions")).body == []
    assert (await ada.delete("/api/v1/suggestions/123")).body == {}


async def test_familiar_followers_are_those_one_follows(ada: Phone, hand: Hand, world: World) -> None:
    for person in (world.alan, world.joan):
        await (await hand(person)).post(f"/api/v1/accounts/{world.grace.id}/follow")
    await ada.post(f"/api/v1/accounts/{world.joan.id}/follow")
    query = f"id[]={world.grace.id}&id[]={world.alan.id}&id[]=77"

    found = (await ada.get(f"/api/v1/accounts/familiar_followers?{query}")).body

    assert [entry["id"] for entry in found] == [str(world.grace.id), str(world.alan.id)]
    assert [[one["username"] for one in entry["accounts"]] for entry in found] == [["joan"], []]


async def test_the_directory_goes_by_who_wrote_last_or_came_last(ada: Phone, anybody: Phone, world: World) -> None:
    await world.joan.writes("Early")
    await world.grace.writes("Late")
    await world.alan.tells(world.ada)  # private messages move nobody up

    async def names(query: str) -> list[str]:
        return [one["username"] for one in (await ada.get(f"/api/v1/directory?{query}")).body]

    assert (await names("local=true"))[:2] == ["grace", "joan"]
    assert (await names("order=new&local=true"))[-1] == "alan"
    assert "nora" in await names("order=new")
    assert "nora" not in await names("local=true")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/mute")
    assert "grace" not in await names("")
    await ada.get("/api/v1/directory?order=loud", status=422)
    assert (await anybody.get("/api/v1/directory")).body == []
