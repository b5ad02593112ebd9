"""Hashtags: how often they are used as far as one may see, following them, and showing them on a profile."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models import actors, tags
from models.base import id_at, now
from models.tables import Access, Post, PostTag, Reach, Visibility
from tests.server.api.conftest import Statements
from tests.server.api.phone import Phone
from tests.server.api.test_statements import WARM, count
from tests.world import HOME, World

HOME_TIMELINE = "/api/v1/timelines/home"


async def made_old(world: World, post: Post, days: int) -> None:
    """Let a post have been written some days ago; ids tell the time."""
    old = id_at(now() - timedelta(days=days))
    async with world.database.writing() as session:
        copy = dict((await session.execute(Post.__table__.select().where(Post.id == post.id))).mappings().one())
        await session.execute(Post.__table__.insert(), {**copy, "id": old, "uri": f"{post.uri}/old"})
        await session.execute(update(PostTag).where(PostTag.post_id == post.id).values(post_id=old))


def counted(tag: dict[str, Any]) -> list[tuple[int, int]]:
    """Uses and people by day, newest first."""
    return [(int(day["uses"]), int(day["accounts"])) for day in tag["history"]]


async def test_a_tag_says_how_often_and_by_how_many_it_was_used_on_each_of_seven_days(ada: Phone, world: World) -> None:
    for person in (world.grace, world.grace, world.joan):
        await person.writes("#Tea")
    await world.grace.boosts(await world.joan.writes("#tea"))
    await made_old(world, await world.grace.writes("#tea"), 2)
    await made_old(world, await world.grace.writes("#tea"), 9)

    tag = (await ada.get("/api/v1/tags/TEA")).body

    assert (tag["id"], tag["name"], tag["url"]) == ("tea", "tea", f"{HOME}/tags/tea")
    assert (tag["following"], tag["featuring"]) == (False, False)
    assert counted(tag) == [(4, 2), (0, 0), (1, 1), *[(0, 0)] * 4]
    days = [int(day["day"]) for day in tag["history"]]
    assert days == [days[0] - 86_400 * number for number in range(7)]
    assert days[0] % 86_400 == 0
    assert (await ada.get("/api/v2/search?q=tea&type=hashtags")).body["hashtags"] == [tag]


async def test_L9_a_tag_counts_only_what_one_may_see(ada: Phone, joan: Phone, anybody: Phone, world: World) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    await world.ada.writes("#merger", group=world.alpine)
    await world.ada.writes("#merger @alan", visibility=Visibility.DIRECT)
    await world.alan.writes("#merger", group=news)

    shown = {
        name: counted((await phone.get("/api/v1/tags/merger")).body)[0]
        for name, phone in (("ada", ada), ("joan", joan), ("anybody", anybody))
    }

    assert shown == {"ada": (2, 2), "joan": (1, 1), "anybody": (1, 1)}


async def test_a_followed_tag_brings_what_carries_it_home(ada: Phone, joan: Phone, world: World) -> None:
    other = await world.alan.founds("other", access=Access.OPEN)
    seen = await world.alan.writes("#tea", group=other)
    await world.alan.writes("#coffee", group=other)
    secret = await world.alan.writes("#tea", group=world.alpine)
    await world.alan.writes("#tea @grace", visibility=Visibility.DIRECT)
    assert (await joan.get(HOME_TIMELINE)).ids == []

    tag = (await joan.post("/api/v1/tags/Tea/follow")).body
    assert (tag["name"], tag["following"]) == ("tea", True)
    assert (await joan.post("/api/v1/tags/tea/follow")).body == tag
    assert (await joan.get("/api/v1/tags/tea")).body == tag
    assert (await joan.get(HOME_TIMELINE)).ids == [str(seen.id)]
    assert (await ada.get(HOME_TIMELINE)).ids == [str(secret.id)]

    assert (await joan.post("/api/v1/tags/tea/unfollow")).body == {**tag, "following": False}
    assert (await joan.post("/api/v1/tags/tea/unfollow")).body["following"] is False
    assert (await joan.get(HOME_TIMELINE)).ids == []


async def test_followed_tags_are_listed_by_pages(ada: Phone, grace: Phone) -> None:
    for name in ("one", "two", "three"):
        await ada.post(f"/api/v1/tags/{name}/follow")

    page = await ada.get("/api/v1/followed_tags?limit=2")
    walked = await ada.follow_pages("/api/v1/followed_tags?limit=1")

    assert [tag["name"] for tag in page.body] == ["three", "two"]
    assert all(tag["following"] for tag in page.body)
    assert walked == ["three", "two", "one"]
    assert (await grace.get("/api/v1/followed_tags")).body == []


@pytest.mark.parametrize("name", ["123", "two words", "a" * 200, "a-b"])
async def test_what_cannot_be_a_tag_is_not_followed(ada: Phone, name: str) -> None:
    for path in (f"/api/v1/tags/{name}/follow", f"/api/v1/tags/{name}/feature"):
        answer = await ada.post(path, status=422)
        assert answer.body["error"] == "Validation failed: Tag is invalid"
    assert (await ada.post("/api/v1/featured_tags", json={"name": name}, status=422)).body["code"] == "bad_tag"
    assert (await ada.get("/api/v1/followed_tags")).body == []


async def test_a_profile_shows_tags_with_how_often_their_person_used_them(
    ada: Phone, grace: Phone, anybody: Phone, world: World
) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    alan = f"/api/v1/accounts/{world.alan.id}/featured_tags"
    await world.ada.writes("#tea")
    await world.ada.writes("#tea", group=world.alpine)
    await world.grace.writes("#tea")
    made = (await ada.post("/api/v1/featured_tags", json={"name": "#Tea"})).body
    today = f"{now():%Y-%m-%d}"

    assert made == {
        "id": made["id"],
        "name": "tea",
        "url": f"{HOME}/tags/tea",
        "statuses_count": "2",
        "last_status_at": today,
    }
    assert (await ada.get("/api/v1/featured_tags")).body == [made]
    path = f"/api/v1/accounts/{world.ada.id}/featured_tags"
    assert (await grace.get(path)).body == [made]
    await anybody.get(path, status=404)

    async with world.database.writing() as session:
        for name in ("secret", "jobs"):
            await tags.feature(session, name, by=world.alan.staff)
        await actors.disclose(session, world.alan.id, ["*"])
    await world.alan.writes("#secret")
    await world.alan.writes("#jobs", group=news)
    assert [tag["name"] for tag in (await anybody.get(alan)).body] == ["jobs"]
    assert [tag["name"] for tag in (await ada.get(alan)).body] == ["secret", "jobs"]

    await grace.delete(f"/api/v1/featured_tags/{made['id']}", status=404)
    assert (await ada.delete(f"/api/v1/featured_tags/{made['id']}")).body == {}
    assert (await ada.get("/api/v1/featured_tags")).body == []


async def test_a_tag_can_be_featured_by_its_name(ada: Phone) -> None:
    tag = (await ada.post("/api/v1/tags/tea/feature")).body

    assert (tag["featuring"], tag["following"]) == (True, False)
    [featured] = (await ada.get("/api/v1/featured_tags")).body
    assert (featured["name"], featured["statuses_count"], featured["last_status_at"]) == ("tea", "0", None)
    assert (await ada.post("/api/v1/tags/tea/unfeature")).body["featuring"] is False
    assert (await ada.get("/api/v1/featured_tags")).body == []


async def test_what_one_used_last_is_suggested_unless_it_is_shown(ada: Phone, world: World) -> None:
    for name in ("one", "two", "one", "three"):
        await world.ada.writes(f"#{name}")
    await world.grace.writes("#other")
    await ada.post("/api/v1/tags/two/feature")

    suggested = (await ada.get("/api/v1/featured_tags/suggestions")).body

    assert [tag["name"] for tag in suggested] == ["three", "one"]


async def test_a_full_profile_takes_no_more_tags(ada: Phone) -> None:
    room = (await ada.get("/api/v2/instance")).body["configuration"]["accounts"]["max_featured_tags"]
    assert room > 0
    for number in range(room):
        await ada.post(f"/api/v1/tags/tag{number}/feature")

    assert (await ada.post("/api/v1/tags/more/feature", status=422)).body["code"] == "too_many_tags"


async def test_who_sorts_nothing_is_asked_what_everybody_was_asked(
    ada: Phone, grace: Phone, world: World, statements: Statements
) -> None:
    await world.joan.writes("#tea")
    for phone in (ada, grace):
        await phone.get(HOME_TIMELINE)
    await ada.post("/api/v1/tags/tea/follow")
    await count(statements, ada, HOME_TIMELINE)

    assert await count(statements, ada, HOME_TIMELINE + "?limit=19") == WARM
    assert any("followed_tags" in text for text in statements)
    assert await count(statements, grace, HOME_TIMELINE + "?limit=19") == WARM
    assert not any("followed_tags" in text or "list_members" in text for text in statements)
