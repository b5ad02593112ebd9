"""What is talked about: counted in people, on seven days, and for each only in what they may see."""

import pytest

from models.tables import Reach, Visibility
from tests.server.api.conftest import Statements
from tests.server.api.phone import Phone
from tests.server.api.test_statements import count
from tests.server.api.test_tags import counted, made_old
from tests.world import World

PAGE = "https://fish.example/sharks?a=1&b=2"


async def test_tags_rank_by_how_many_people_used_them(ada: Phone, world: World) -> None:
    for person in (world.grace, world.joan):
        await person.writes("#many")
    for _ in range(3):
        await world.alan.writes("#often #many2")
    await made_old(world, await world.alan.writes("#old"), 8)
    path = "/api/v1/trends/tags"

    found = (await ada.get(path)).body

    assert [tag["name"] for tag in found] == ["many", "many2", "often"]
    assert (counted(found[0])[0], counted(found[2])[0]) == ((2, 2), (3, 1))
    assert (await ada.get("/api/v1/trends")).body == found
    step = await ada.get(f"{path}?limit=1&offset=1")
    assert step.body == found[1:2]
    assert step.links["next"].endswith(f"{path}?limit=1&offset=2")
    assert step.links["prev"].endswith(f"{path}?limit=1&offset=0")


async def test_posts_rank_by_how_many_people_did_something_with_them(ada: Phone, world: World) -> None:
    quiet = await world.ada.writes("Nobody cares")
    own = await world.ada.writes("Only I care")
    one = await world.ada.writes("One cares")
    two = await world.ada.writes("Two care")
    await world.ada.likes(own)
    await world.ada.replies(own, "Myself")
    await world.grace.likes(one)
    await world.grace.boosts(one)
    await world.grace.replies(one, "Good")
    await world.grace.likes(two)
    await world.joan.boosts(two)

    found = await ada.get("/api/v1/trends/statuses")

    assert found.ids == [str(two.id), str(one.id)]
    assert str(quiet.id) not in found.ids
    assert (await ada.get("/api/v1/trends/statuses?offset=1&limit=5")).ids == [str(one.id)]


async def test_pages_rank_by_how_many_people_linked_to_them(ada: Phone, world: World) -> None:
    await world.grace.writes(f"See {PAGE} and #tag @joan")
    one = await world.joan.writes(f"Again {PAGE}#teeth")
    await world.joan.writes("Other https://birds.example/ twice https://birds.example/")
    await world.alan.writes("Of the house http://lovelace.localhost:8001/posts/1")

    found = (await ada.get("/api/v1/trends/links")).body

    assert [(page["url"], counted(page)[0]) for page in found] == [(PAGE, (2, 2)), ("https://birds.example/", (1, 1))]
    assert (found[0]["title"], found[0]["type"], found[0]["provider_name"]) == (
        "fish.example/sharks",
        "link",
        "fish.example",
    )
    linking = await ada.get("/api/v1/timelines/link", params={"url": PAGE, "limit": "1"})
    assert linking.ids == [str(one.id)]
    assert "max_id" in linking.links["next"]
    assert len((await ada.get("/api/v1/timelines/link", params={"url": PAGE})).body) == 2
    assert (await ada.get("/api/v1/timelines/link", params={"url": "https://fish.example/"})).body == []


@pytest.mark.parametrize("kind", ["tags", "statuses", "links"])
async def test_L9_trends_are_made_of_what_one_may_see(
    ada: Phone, joan: Phone, anybody: Phone, world: World, kind: str
) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    for number, more in enumerate(({"group": world.alpine}, {"group": news}, {})):
        post = await world.alan.writes(f"#tag{number} https://page{number}.example/", **more)
        await world.alan.replies(post, "More")
        await world.ada.likes(post)
    await world.alan.writes("#hidden https://hidden.example/ @grace", visibility=Visibility.DIRECT)

    shown = {
        name: len((await phone.get(f"/api/v1/trends/{kind}")).body)
        for name, phone in (("ada", ada), ("joan", joan), ("anybody", anybody))
    }

    assert shown == {"ada": 3, "joan": 2, "anybody": 1}
    for number, expected in enumerate((0, 1, 1)):
        page = {"url": f"https://page{number}.example/"}
        assert len((await joan.get("/api/v1/timelines/link", params=page)).body) == expected
    assert (await ada.get("/api/v1/timelines/link", params={"url": "https://hidden.example/"})).body == []


async def test_a_ranking_costs_the_same_for_few_and_many(ada: Phone, world: World, statements: Statements) -> None:
    paths = [f"/api/v1/trends/{kind}?limit=5" for kind in ("tags", "statuses", "links")]
    costs = []
    for number in range(2):
        for _ in range(1 + 3 * number):
            post = await world.grace.writes(f"#tag{number} https://page{number}.example/")
            await world.joan.likes(post)
        for path in paths:
            await ada.get(path)
        costs.append([await count(statements, ada, f"{path}&offset=0") for path in paths])

    assert costs[0] == costs[1]
    assert costs[0][0] == 3
